"""step_trail: each step comes to each part of the datapath with its column, and a reset forgets all."""

import pytest

from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.step_trail import step_trail
from tests.support.script import fields, play

CONFIGS = {
    f"{lanes}-{operands}": SigmaConfig(engines=1, lanes=lanes, results=2, rows=1, operands=operands)
    for lanes, operands in [(2, "fp16"), (8, "bf16"), (128, "fp16")]
}
ADDITION = [
    f"addition_{name}" for name in "feed feed_set feed_column fresh add_set write write_set write_column".split()
]
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def device(build, config):
    return build(step_trail, config=config)


@every_config
def test_a_step_a_cycle_comes_where_its_column_is(build, rng, config):
    """By hand: read, distribute, multiply; 4 cycles a level of adders; pick, span, pick; then add, and write."""
    product = 1 + 1 + {"fp16": 2, "bf16": 5}[config.operands]
    summed = product + 4 * {2: 1, 8: 3, 128: 7}[config.lanes]
    late = dict(settings=1, values=2, runs=product, picks=summed, spans=summed + 1, gather=summed + 1 + 4)
    part = summed + 1 + 4 + 1
    step, sent = layouts.step(config), [rng.getrandbits(layouts.step(config).width) for _ in range(100)]
    got = play(device(build, config), [dict(step=word) for word in sent], "banks", *ADDITION, cycles=180)
    steps = [fields(step, word) for word in sent]
    feeds = [dict(one, feed=one["valid"] and not one["fresh"]) for one in steps]
    for names, cycles, want in (
        (dict(feed="feed", feed_set="set", feed_column="column"), part - 1, feeds),
        (dict(fresh="fresh", add_set="set"), part, steps),
        (dict(write="valid", write_set="set", write_column="column"), part + 3, steps),
    ):
        for name, of in names.items():
            values = got[f"addition_{name}"]
            assert values[cycles : cycles + 100] == [one[of] for one in want], name
            assert not any(values[:cycles])  # reset has cleared the way
    found = {name: [fields(layouts.banks(config), word)[name] for word in got["banks"]] for name in late}
    for name, cycles in late.items():
        assert found[name][cycles : cycles + 100] == [one["bank"] for one in steps], name
    assert set(late) == set(timing.banks(config.operands, config.levels))


@every_config
def test_a_reset_forgets_every_step_under_way(build, config):
    length = timing.gathered(config.operands, config.levels) + 4
    step = layouts.step(config)
    # Steps that are fresh fetch nothing: these are not.
    everything = step.pack(**{name: 2 ** step.bits(name) - 1 for name in step.fields} | dict(fresh=0))
    entries = [dict(step=everything)] * length + [dict(step=everything, rst=1)] + [{}] * length
    names = [name for name in ADDITION if name != "addition_fresh"]
    got = play(device(build, config), entries, "banks", *names, cycles=2 * length)
    assert all(values[length] for values in got.values())
    assert not any(word for values in got.values() for word in values[length + 1 :])
