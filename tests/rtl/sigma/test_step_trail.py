"""step_trail: each step comes to each part of the datapath with its column, and a reset forgets all."""

import pytest
from myhdl import Signal, intbv

from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.step_trail import bank_word, banks, step_trail
from tests.support.script import fields, play

CONFIGS = {
    f"{lanes}-{operands}": SigmaConfig(engines=1, lanes=lanes, results=2, rows=1, operands=operands)
    for lanes, operands in [(2, "fp16"), (8, "bf16"), (128, "fp16")]
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def device(build, config):
    widths = dict(
        step=layouts.step(config).width,
        banks_out=bank_word(config).width,
        **dict.fromkeys(("feed", "add", "write"), layouts.step(config).width),
    )
    return build(
        step_trail,
        config=config,
        clk=Signal(bool(0)),
        rst=Signal(bool(0)),
        **{name: Signal(intbv(0)[width:]) for name, width in widths.items()},
    )


@every_config
def test_a_step_a_cycle_comes_where_its_column_is(build, rng, config):
    """By hand: read, distribute, multiply; 4 cycles a level of adders; pick, span, pick; then add, and write."""
    product = 1 + 1 + {"fp16": 2, "bf16": 5}[config.operands]
    summed = product + 4 * {2: 1, 8: 3, 128: 7}[config.lanes]
    late = dict(settings=1, values=2, runs=product, picks=summed, spans=summed + 1, gather=summed + 1 + 4)
    part = summed + 1 + 4 + 1
    sent = [rng.getrandbits(layouts.step(config).width) for _ in range(100)]
    entries = [dict(step=step) for step in sent]
    got = play(device(build, config), entries, "banks_out", "feed", "add", "write", cycles=180)
    for name, cycles in (("feed", part - 1), ("add", part), ("write", part + 3)):
        assert got[name][cycles : cycles + 100] == sent
        assert not any(got[name][:cycles])  # reset has cleared the way
    found = {name: [fields(bank_word(config), word)[name] for word in got["banks_out"]] for name in late}
    for name, cycles in late.items():
        assert found[name][cycles : cycles + 100] == [fields(layouts.step(config), step)["bank"] for step in sent], name
    assert set(late) == set(banks(config))


@every_config
def test_a_reset_forgets_every_step_under_way(build, config):
    length = timing.gathered(config.operands, config.levels) + 4
    everything = 2 ** layouts.step(config).width - 1
    entries = [dict(step=everything)] * length + [dict(step=everything, rst=1)] + [{}] * length
    got = play(device(build, config), entries, "banks_out", "feed", "add", "write", cycles=2 * length)
    assert all(values[length] for values in got.values())
    assert not any(word for values in got.values() for word in values[length + 1 :])
