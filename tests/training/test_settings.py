"""Settings: rules with names and values, and a learning rate for each step."""

import re

import pytest

from training import Settings


def rates(per_epoch=10, **choices):
    settings = Settings(lr=1.0, **choices)
    return [settings.rate(step, per_epoch) for step in range(settings.total(per_epoch))]


def test_without_a_choice_the_rate_is_constant_and_has_no_end():
    assert set(rates()) == {1.0} and len(rates()) == 80 and Settings().rate(10**9, 45) == 0.05


def test_cosine_falls_as_half_a_wave_towards_zero():
    found = rates(epochs=1, schedule="cosine")
    assert found[0] == 1 and found[5] == pytest.approx(0.5) and 0 < found[9] < 0.03
    assert found == sorted(found, reverse=True)


def test_steps_are_a_tenth_after_half_and_a_hundredth_after_three_quarters():
    assert rates(steps=8, schedule="step") == pytest.approx([1] * 4 + [0.1] * 2 + [0.01] * 2)


def test_the_warm_up_rises_in_equal_steps_and_the_schedule_follows_it():
    assert rates(epochs=1, warm_up=0.4) == pytest.approx([0.25, 0.5, 0.75] + [1] * 7)
    assert rates(epochs=1, warm_up=0.2, schedule="step") == pytest.approx([0.5, 1] + [1] * 4 + [0.1] * 2 + [0.01] * 2)


def test_a_schedule_ends_with_the_training():
    with pytest.raises(ValueError, match="schedule step ends after 20 steps"):
        Settings(epochs=2, schedule="step").rate(20, 10)


@pytest.mark.parametrize("steps", [None, 5])
def test_a_warm_up_as_long_as_the_training_is_refused(steps):
    with pytest.raises(ValueError, match=f"warm_up must end before the {steps or 10} steps of the training, not after"):
        Settings(epochs=1, steps=steps, warm_up=1).total(10)


@pytest.mark.parametrize(
    "name, value, rule",
    [
        ("seed", -1, "at least 0 and below 2^32"),
        ("batch", 0, "at least 1"),
        ("epochs", 0, "at least 1"),
        ("steps", 0, "at least 1"),
        ("schedule", "linear", "one of constant, cosine, step"),
        ("warm_up", -1.0, "at least 0 epochs and finite"),
        ("warm_up", float("nan"), "at least 0 epochs and finite"),
        ("label_smoothing", 1.0, "at least 0 and below 1"),
        ("label_smoothing", float("nan"), "at least 0 and below 1"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_rule_and_value(name, value, rule):
    with pytest.raises(ValueError, match=re.escape(f"{name} must be {rule}, not {value!r}")):
        Settings(**{name: value})
