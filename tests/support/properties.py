"""How hypothesis runs here: bounded, without deadlines, and the same cases on every run."""

from hypothesis import HealthCheck, Phase, settings

NIGHTLY = 10  # times as many examples, with --nightly

factor = 1


def few(examples: int, shrink: bool = True):
    """Settings for a property that is worth so many examples in each run, and more of them nightly.

    shrink  look for a smaller example where one fails; not worth its time where each takes seconds
    """
    return settings(
        max_examples=factor * examples,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if shrink else [])],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
