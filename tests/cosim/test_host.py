"""The host's side: operand lines hold the operands, messages carry all lines, mailboxes become result and report."""
from types import SimpleNamespace

import numpy as np
import pytest

from cosim.exchange import Operands
from cosim.messages import STAMP_BITS, STAMPS, lines_per_message, words_per_message
from cosim.gemm_words import north_lines, west_lines
from cosim.host import Host
from rtl import words
from rtl.config import BEAT, PRESETS, SatConfig
from rtl.golden import nm_mask
from rtl.sparsity import Sparsity
from tests.cosim.support import PATTERNS, TINY, bits, operands
from tests.support.array import command_of
from tlm import Gemm, schedule, simulate

both_dataflows = pytest.mark.parametrize("mapping", ["os", "ws"])
ODD = SatConfig(name="odd", rows=3, columns=5, interleave=7, largest_m=8, chunk=24)


def program_of(m, k, n, sparsity=None, config=TINY, output="fp32", mapping="os"):
    return schedule(Gemm(m, k, n, Sparsity.parse(sparsity), output), config, mapping)


def pruned(program, seed=1):
    gemm = program.gemm
    a, b = operands(gemm.m, gemm.k, gemm.n, seed, "any_bits", "any_bits")
    if gemm.sparsity:
        b = np.where(nm_mask(b, gemm.sparsity.n, gemm.sparsity.m), b, np.float16(0))
    return a, b


def number(line: np.ndarray) -> int:
    return int.from_bytes(line.tobytes(), "little")


@both_dataflows
@pytest.mark.parametrize("config", [TINY, ODD], ids=["tiny", "odd"])
def test_west_lines_hold_four_activations_of_each_row_and_zeros_beyond(config, mapping):
    for sparsity in (None, "2:8"):
        program, compared = program_of(7, 50, 9, sparsity, config, mapping=mapping), 0
        a, _ = pruned(program)
        padded = np.zeros((a.shape[0] + config.rows, a.shape[1] + 64), np.uint16)
        padded[:7, :50] = bits(a)
        for tile in program.tiles():
            lines = west_lines(program, a, tile)
            end = tile.start + tile.depth
            assert len(lines) == tile.west_lines
            for i, line in enumerate(map(number, lines)):
                for lane in range(config.rows * BEAT):
                    row, k = place_of(tile, i, lane, config)
                    inside = row < tile.rows and k < end
                    assert line >> 16 * lane & 0xFFFF == (padded[tile.row + row, k] if inside else 0)
                    compared += inside
        assert compared == 7 * 50 * -(-9 // config.tile_columns)


def place_of(tile, line, lane, config):
    """(row of the tile, k) of a lane's activation. Where sums stay, the array's lowest row has the tile's first one;
    where weights stay, each of the array's rows has a group, and a group's beats are of one row of the result."""
    if not tile.weights:
        return config.rows - 1 - lane // BEAT, tile.start + line * BEAT + lane % BEAT
    row, beat = divmod(line, tile.beats)
    return row, tile.start + lane // BEAT * tile.group + beat * BEAT + lane % BEAT


@both_dataflows
@pytest.mark.parametrize("config", [TINY, ODD], ids=["tiny", "odd"])
@pytest.mark.parametrize("sparsity", PATTERNS[:6])
def test_north_lines_give_every_weight_back_at_its_place(sparsity, config, mapping):
    """Slot i of the array's column c holds the weights of the result's column i * columns + c."""
    program = program_of(2, 50, 40, sparsity, config, mapping=mapping)
    _, b = pruned(program)
    width, found = words.weight(config).width, np.zeros(b.shape, np.uint16)
    for tile in program.tiles():
        lines, group, values = north_lines(program, b, tile), tile.group, tile.values
        assert len(lines) == tile.north_lines
        for i, line in enumerate(map(number, lines)):
            for place in range(config.tile_columns):
                column, slot = divmod(place, config.interleave)
                word = line >> width * place & (1 << width) - 1
                k = tile.start + i // values * group + (word >> 16 if program.gemm.sparsity else i % values)
                n = tile.column + slot * config.columns + column
                if n < tile.column + tile.columns and k < 50:
                    found[k, n] |= word & 0xFFFF
                else:
                    assert word & 0xFFFF == 0
    assert np.array_equal(found, bits(b))


@pytest.mark.parametrize("config, shape", [
    (TINY, (5, 50, 19)), (ODD, (5, 50, 40)), (PRESETS["medium"], (9, 300, 40)), (PRESETS["vcu1525"], (33, 40, 130))],
    ids=["tiny", "odd", "medium", "vcu1525"])
def test_messages_carry_all_lines_of_all_tiles_in_order(config, shape):
    program = program_of(*shape, "2:8", config)
    a, b = pruned(program)
    width, most = words.line_bits(config), lines_per_message(config)
    messages = list(Host(program, Operands(a, b)).messages)
    sent = [message["lines"] >> i * width & (1 << width) - 1
            for message in messages for i in range(message["count"])]
    lines = [number(line) for tile in program.tiles()
             for part in (west_lines(program, a, tile), north_lines(program, b, tile)) for line in part]
    assert sent == lines and len(sent) == sum(map(program.lines, program.tiles()))
    assert all(0 < message["count"] <= most for message in messages)
    assert sum(message["complete"] for message in messages) == len(list(program.tiles()))
    assert [message["ended"] for message in messages] == [False] * (len(messages) - 1) + [True]


@pytest.mark.parametrize("sparsity, output, mapping, tiles", [
    (None, "fp32", "os", 3 * 3 * 3), ("2:8", "fp16", "os", 3 * 3 * 3), (None, "fp16", "ws", 2 * 3 * 5),
    ("2:8", "fp32", "ws", 3 * 3 * 3)])
def test_commands_and_delays_say_what_the_program_says(sparsity, output, mapping, tiles):
    program = program_of(5, 39, 19, sparsity, TINY, output, mapping)
    layout, sent = words.command(TINY), [m for m in Host(program, Operands(*pruned(program))).messages if m["complete"]]
    assert len(sent) == len(list(program.tiles())) == tiles
    for message, tile in zip(sent, program.tiles()):
        field = {name: message["command"] >> low & (1 << high - low) - 1
                 for name, (high, low) in layout.fields.items()}
        assert field == command_of(program, tile)
        assert message["words"] == program.words(tile)
        assert message["read_delay"] == program.read_cycles(tile) - program.lines(tile) >= TINY.memory_latency
        assert message["write_delay"] == program.write_cycles(tile) - program.words(tile) >= TINY.memory_latency


def mailboxes(results=(), tile_ends=(), store_ends=(), counters=(0, 0, 0)):
    """What the device's side shows; the newest of each in the low bits."""
    def box(values, width):
        return sum(value << width * i for i, value in enumerate(reversed(values)))
    return SimpleNamespace(
        results=box(results, 32 * TINY.columns), result_count=len(results),
        tile_ends=box(tile_ends, STAMP_BITS), tile_count=len(tile_ends),
        store_ends=box(store_ends, STAMP_BITS), store_count=len(store_ends),
        busy=counters[0], waiting=counters[1], idle=counters[2])


def stored(program, c):
    """The words of c in the order in which blocks leave: slot by slot, each from the top row."""
    result = []
    for tile in (tile for tile in program.tiles() if tile.last):
        for slot in range(program.slots(tile)):
            for row in range(tile.row, tile.row + tile.rows):
                columns = range(tile.column + slot * TINY.columns, tile.column + (slot + 1) * TINY.columns)
                result.append(sum(int(c[row, n]) << 32 * i if n < c.shape[1] else 0xDEAD << 32 * i
                                  for i, n in enumerate(columns)))
    return result


@pytest.mark.parametrize("output", ["fp32", "fp16"])
def test_mailboxes_become_a_result_and_a_report(output):
    program = program_of(5, 20, 11, "2:4", TINY, output)
    c = np.random.default_rng(5).integers(0, 1 << (32 if output == "fp32" else 16), (5, 11))
    host, words_left = Host(program, Operands(*pruned(program))), stored(program, c)
    tile_ends, store_ends = [10 * i + 9 for i in range(12)], [20 * i + 33 for i in range(6)]
    for start in range(0, 32, 8):
        assert not host.done
        host.collect(mailboxes(words_left[start:start + 8], tile_ends[start:start + 8], store_ends[start:start + 8],
                               (start, 2 * start, 3)))
    assert host.done and len(words_left) == host.expected_words == 30
    assert host.result().dtype == {"fp32": np.float32, "fp16": np.float16}[output]
    assert np.array_equal(bits(host.result()), c)
    report = host.report()
    assert report.cycles == store_ends[-1] == sum(report.tiles) and report.stores == store_ends
    assert report.tiles == [9] + [10] * 10 + [133 - 109] and (report.busy, report.waiting, report.idle) == (24, 48, 3)


def test_a_run_may_take_twice_what_the_model_says_and_a_little_more():
    program = program_of(5, 20, 11, "2:4")
    assert 2 * simulate(program).cycles <= Host(program, Operands(*pruned(program))).limit < 1e4


def test_mailboxes_filled_to_the_brim_are_read_whole():
    program = program_of(2, 16 * STAMPS, 2)
    host = Host(program, Operands(*pruned(program)))
    full = words_per_message(TINY)
    host.collect(mailboxes(range(full), [2 ** STAMP_BITS - 1 - i for i in range(STAMPS)], range(STAMPS)))
    assert [int(word[0]) for word in host.words] == list(range(full))
    assert host.tile_ends == [2 ** STAMP_BITS - 1 - i for i in range(STAMPS)] and host.store_ends == list(range(STAMPS))
