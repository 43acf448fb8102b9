"""The host's side: messages carry all lines of a GEMM or an update, mailboxes become its result and a report."""

from types import SimpleNamespace

import numpy as np
import pytest

from cosim import Operands
from cosim.check.checker import compare_bits
from cosim.engines.functional import Functional
from cosim.harness.host import Host
from cosim.harness.messages import STAMP_BITS, STAMPS, beats_per_message, lines_per_message
from cosim.sat import gemm_codec, update_codec
from rtl.sat import layouts
from rtl.sat.config import PRESETS
from tests.cosim.programs import ODD, number, program_of, pruned, sent_back, stored, update_of, weights_of
from tests.cosim.support import TINY, bits
from tlm import simulate
from tlm.memory import BUFFER_LATENCY

NAMED = {"tiny": TINY, "odd": ODD, **PRESETS}


def gemm_host(shape, sparsity=None, config=TINY, output="fp32", mapping="os"):
    program = program_of(*shape, sparsity, config, output, mapping)
    return Host(program, Operands(*pruned(program)))


def update_host(shape, channels, sparsity=None, config=TINY, **choices):
    program = update_of(*shape, channels, sparsity, config, **choices)
    return Host(program, weights_of(program))


HOSTS = {  # of any size of line, with tiles that need one message and many
    "gemm-tiny": lambda: gemm_host((5, 50, 19), "2:8"),
    "gemm-odd": lambda: gemm_host((5, 50, 40), "2:8", ODD),
    "gemm-medium": lambda: gemm_host((9, 300, 40), "2:8", PRESETS["medium"]),
    "gemm-vcu1525": lambda: gemm_host((33, 40, 130), "2:8", PRESETS["vcu1525"]),
    "gemm-stationary-weights": lambda: gemm_host((30, 50, 19), "1:4", ODD, mapping="ws"),
    "update-tiny": lambda: update_host((50, 19), 25, "2:8"),
    "update-odd": lambda: update_host((50, 19), 10, "4:8", ODD),
    "update-medium": lambda: update_host((300, 40), 300, "2:8", PRESETS["medium"]),
    "update-vcu1525": lambda: update_host((300, 20), 30, "2:8", PRESETS["vcu1525"]),
    "reduction-tiny": lambda: update_host((50, 19), 25, "2:8", momentum=False),
}
every_host = pytest.mark.parametrize("make", HOSTS.values(), ids=HOSTS)


def operands_of(host):
    """The operands that a host of this file was made with."""
    if host.codec is gemm_codec:
        return Operands(*pruned(host.program))
    return weights_of(host.program)


@every_host
def test_messages_carry_all_lines_of_all_tiles_in_order(make):
    host = make()
    width, most, messages = layouts.line_bits(host.config), lines_per_message(host.config), list(host.messages)
    sent = [message["lines"] >> i * width & (1 << width) - 1 for message in messages for i in range(message["count"])]
    lines = [number(line) for tile in host.tiles for line in host.codec.encoder(host.program, operands_of(host))(tile)]
    assert sent == lines and len(sent) == sum(map(host.program.lines, host.tiles))
    assert all(0 < message["count"] <= most for message in messages)
    assert sum(message["complete"] for message in messages) == len(host.tiles) == len(list(host.program.tiles()))
    assert [message["ended"] for message in messages] == [False] * (len(messages) - 1) + [True]


@every_host
def test_commands_and_delays_say_what_the_program_says(make):
    host = make()
    program, latency = host.program, host.config.memory_latency
    fastest = min(latency, BUFFER_LATENCY) if host.config.buffer_kib else latency
    sent = [message for message in host.messages if message["complete"]]
    assert len(sent) == len(host.tiles) > 0
    for message, tile in zip(sent, host.tiles, strict=True):
        assert message["command"] == host.codec.command(program, tile)
        assert message["command"] >> layouts.command_bits(host.config) - 1 == (host.codec is update_codec)
        assert message["beats"] == program.beats(tile)
        assert message["read_delay"] == program.read_cycles(tile) - program.lines(tile) >= fastest
        assert message["write_delay"] == program.write_cycles(tile) - program.beats(tile) >= latency


def test_a_tile_from_the_on_chip_buffer_waits_only_for_it():
    config = TINY.model_copy(update=dict(buffer_kib=64, memory_latency=50))
    host = gemm_host((5, 20, 19), config=config)
    delays = [message["read_delay"] for message in host.messages if message["complete"]]
    assert delays[0] >= 50 and min(delays) == BUFFER_LATENCY and len(delays) == len(host.tiles)


def test_constants_come_with_an_update_and_are_zero_otherwise():
    update = update_host((5, 3), 5)
    assert update.constants == update_codec.constants(weights_of(update.program)) > 0
    assert update_host((5, 3), 5, momentum=False).constants == gemm_host((2, 3, 4)).constants == 0


def mailboxes(config, results=(), tile_ends=(), store_ends=(), counters=(0, 0, 0), overflow=False):
    """What the device's side shows; the newest of each in the low bits."""

    def box(values, width):
        return sum(value << width * i for i, value in enumerate(reversed(values)))

    return SimpleNamespace(
        results=box(results, 32 * config.columns),
        result_count=len(results),
        tile_ends=box(tile_ends, STAMP_BITS),
        tile_count=len(tile_ends),
        store_ends=box(store_ends, STAMP_BITS),
        store_count=len(store_ends),
        busy=counters[0],
        waiting=counters[1],
        idle=counters[2],
        overflow=overflow,
    )


def deliver(host, sent, tile_ends, store_ends, step=8):
    """Give a host all mailboxes, some entries at a time."""
    for start in range(0, max(map(len, (sent, tile_ends, store_ends))), step):
        assert not host.done
        host.collect(
            mailboxes(
                host.config,
                *(each[start : start + step] for each in (sent, tile_ends, store_ends)),
                (start, 2 * start, 3),
            )
        )
    assert host.done and len(sent) == host.expected_beats == len(host.received)


@pytest.mark.parametrize("output", ["fp32", "fp16"])
def test_mailboxes_become_a_result_and_a_report(output):
    host = gemm_host((5, 20, 11), "2:4", output=output)
    c = np.random.default_rng(5).integers(0, 1 << (32 if output == "fp32" else 16), (5, 11))
    tile_ends, store_ends = [10 * i + 9 for i in range(12)], [20 * i + 33 for i in range(6)]
    deliver(host, stored(host.program, c), tile_ends, store_ends)
    assert host.result().dtype == {"fp32": np.float32, "fp16": np.float16}[output]
    assert np.array_equal(bits(host.result()), c)
    report = host.report()
    assert report.cycles == store_ends[-1] == sum(report.tiles) and report.stores == store_ends
    assert report.tiles == [9] + [10] * 10 + [133 - 109] and (report.busy, report.waiting, report.idle) == (24, 48, 3)
    assert not report.overflow


@pytest.mark.parametrize("choices", [dict(), dict(momentum=False), dict(forward=False)], ids=str)
def test_mailboxes_become_an_update_and_a_report(choices):
    host = update_host((50, 19), 25, "2:8", **choices)
    weights, ends = weights_of(host.program), list(range(7, 1000, 9))[: len(host.tiles)]
    want, predicted = Functional(TINY).run(host.program, weights)
    deliver(host, sent_back(host.program, weights), ends, [end + 99 for end in ends])
    assert compare_bits(host.result(), want, host.program, predicted) == ""
    assert host.report().cycles == ends[-1] + 99 == sum(host.report().tiles)
    assert len(host.report().tiles) == len(host.report().stores) == len(ends) > 1


def test_an_overflow_is_what_the_device_said_last():
    host = gemm_host((2, 20, 2))
    for overflow in (False, True):
        host.collect(mailboxes(TINY, store_ends=[9], overflow=overflow))
        assert host.report().overflow is overflow


@every_host
def test_a_run_may_take_twice_what_the_model_says_and_a_little_more(make):
    host = make()
    assert 2 * simulate(host.program).cycles <= host.limit <= 2 * simulate(host.program).cycles + 2000


def test_mailboxes_filled_to_the_brim_are_read_whole():
    host = gemm_host((2, 16 * STAMPS, 2))
    full = beats_per_message(TINY)
    host.collect(mailboxes(TINY, range(full), [2**STAMP_BITS - 1 - i for i in range(STAMPS)], range(STAMPS)))
    assert [int(word[0]) for word in host.received] == list(range(full))
    assert host.tile_ends == [2**STAMP_BITS - 1 - i for i in range(STAMPS)] and host.store_ends == list(range(STAMPS))
