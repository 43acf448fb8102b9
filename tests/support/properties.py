"""How hypothesis runs here: bounded, without deadlines, and the same cases on every run."""

from hypothesis import HealthCheck, settings


def few(examples: int):
    """Settings for a property that is worth so many examples."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
