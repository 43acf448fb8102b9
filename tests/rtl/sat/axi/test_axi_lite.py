"""axi_lite: one write and one read at a time, cycle by cycle. test_sat_axi.py has a master that is not ours."""

import pytest

from rtl.sat.axi.axi_lite import SLVERR, axi_lite
from tests.support.script import play

OUTPUTS = (
    *(f"access_{name}" for name in ("write", "write_word", "write_data", "write_strobe", "read_word")),
    *(f"s_axi_{name}" for name in ("awready", "wready", "bvalid", "bresp", "arready", "rvalid", "rdata", "rresp")),
)
ADDRESS = dict(s_axi_awvalid=1, s_axi_awaddr=0x2C)
DATA = dict(s_axi_wvalid=1, s_axi_wdata=0xCAFE0123, s_axi_wstrb=0b0110)
QUERY = dict(s_axi_arvalid=1, s_axi_araddr=0x16)


def run(build, entries, cycles=20):
    """What stands at the outputs in each cycle."""
    return play(build(axi_lite), entries, *OUTPUTS, cycles=cycles)


def answered(seen, channel):
    """(cycle, response) of each cycle in which an answer is offered."""
    valid, response = seen[f"s_axi_{channel}valid"], seen[f"s_axi_{channel}resp"]
    return [(now, response[now]) for now in range(len(valid)) if valid[now]]


@pytest.mark.parametrize("address_at, data_at", [(0, 0), (0, 5), (5, 0), (3, 4)])
def test_a_write_needs_address_and_data_in_any_order(build, address_at, data_at):
    entries = [dict(access_writable=1, s_axi_bready=1) for _ in range(12)]
    entries[address_at] |= ADDRESS
    entries[data_at] |= DATA
    seen, last = run(build, entries), max(address_at, data_at)
    assert [now for now, write in enumerate(seen["access_write"]) if write] == [last + 1]
    assert [seen[name][last + 1] for name in OUTPUTS[1:4]] == [0x2C // 4, 0xCAFE0123, 6]
    assert answered(seen, "b") == [(last + 2, 0)]
    assert seen["s_axi_awready"][address_at + 1 : last + 3] == [0] * (last + 1 - address_at) + [1]
    assert seen["s_axi_wready"][data_at + 1 : last + 3] == [0] * (last + 1 - data_at) + [1]


def test_an_answer_holds_still_until_it_is_taken_and_the_next_write_waits_for_that(build):
    entries = [dict(access_writable=now < 2, s_axi_bready=now == 9, **ADDRESS, **DATA) for now in range(10)]
    seen = run(build, entries)
    assert answered(seen, "b") == [*((now, 0) for now in range(2, 10)), *((now, SLVERR) for now in range(11, 20))]
    assert [now for now, write in enumerate(seen["access_write"]) if write] == [1, 10]


def test_a_read_is_answered_two_cycles_later_with_what_stood_there(build):
    entries = [
        dict(access_readable=now == 1, access_read_data=100 + now, s_axi_rready=now >= 8, **QUERY if now == 0 else {})
        for now in range(12)
    ]
    seen = run(build, entries)
    assert seen["access_read_word"][1] == 0x16 // 4
    assert answered(seen, "r") == [(now, 0) for now in range(2, 9)]
    assert {seen["s_axi_rdata"][now] for now in range(2, 9)} == {101}


def test_what_is_not_readable_is_an_error(build):
    seen = run(build, [dict(s_axi_rready=1, **QUERY if now == 0 else {}) for now in range(5)])
    assert answered(seen, "r") == [(2, SLVERR)]


def test_a_write_and_a_read_every_other_cycle(build):
    entries = [
        dict(
            access_writable=1,
            access_readable=1,
            access_read_data=now,
            s_axi_bready=1,
            s_axi_rready=1,
            **ADDRESS,
            **DATA,
            **QUERY,
        )
        for now in range(20)
    ]
    seen = run(build, entries)
    assert [now for now, _ in answered(seen, "b")] == [now for now, _ in answered(seen, "r")] == list(range(2, 20, 2))


def test_reset_withdraws_answers_and_forgets_what_was_asked(build):
    again = ADDRESS | QUERY
    entries = [again | DATA, {}, {}, again, dict(rst=1), *[{}] * 7]
    seen = run(build, entries)
    assert [now for now, _ in answered(seen, "b")] == [now for now, _ in answered(seen, "r")] == [2, 3, 4]
    assert seen["s_axi_awready"][5] == seen["s_axi_arready"][5] == 1
