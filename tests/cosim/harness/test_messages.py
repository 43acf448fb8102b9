"""Messages fit MyHDL's pipe, or the configuration is refused."""

import pytest
from myhdl import Signal, intbv

import cosim
from cosim.harness.messages import ToDevice, ToHost, beats_per_message, check_pipe, lines_per_message
from rtl.hdl.hierarchy import flat_ports
from rtl.sat import layouts
from rtl.sat.config import PRESETS, SatConfig
from rtl.sparsity import Sparsity
from tests.cosim.support import TINY, assert_contract, operands
from tlm import Update, schedule_update

PIPE = 4096  # characters of a message: MAXLINE of MyHDL's bridge
UNKNOWN = 8  # bits of the unknown-check's signal, beside ToHost


def longest(signals: dict) -> int:
    """Characters of a message with all names, and all values at their longest."""
    return sum(len(name) + 1 + -(-len(signal) // 4) + 1 for name, signal in signals.items())


def message_sizes(config):
    to_device = dict(flat_ports(dict(updating=Signal(bool(0)), rst=Signal(bool(0)), host=ToDevice(config))))
    to_host = dict(flat_ports(dict(run=Signal(bool(0)), device_out=ToHost(config), unknown=Signal(intbv(0)[UNKNOWN:]))))
    time = 21
    return time + longest(to_device), time + longest(to_host)


@pytest.mark.parametrize("name", PRESETS)
def test_messages_of_every_preset_fit_the_pipe(name):
    sizes = message_sizes(PRESETS[name])
    assert len(sizes) == 2 and all(2000 < size < PIPE for size in sizes)


def test_a_configuration_fits_the_pipe_or_is_refused():
    fit = refused = 0
    for columns in range(1, 129, 3):
        for rows, interleave, largest_m in ((1, 4, 4), (128, 4, 16), (7, 16, 16), (32, 9, 8)):
            config = SatConfig(rows=rows, columns=columns, interleave=interleave, largest_m=largest_m, chunk=4096)
            try:
                check_pipe(config)
                assert max(message_sizes(config)) < PIPE
                fit += 1
            except ValueError as error:
                assert "bits; MyHDL's Cosimulation takes at most 12000: use the engine verilator" in str(error)
                assert layouts.line_bits(config) > 12000
                refused += 1
    assert fit + refused == 172 and fit > 100 and refused > 10


WIDE = SatConfig(name="wide", rows=1, columns=128, interleave=16, chunk=16)


def test_icarus_refuses_a_line_that_does_not_fit_and_myhdl_takes_it():
    with pytest.raises(
        ValueError, match="one operand line of configuration wide has 40960 bits; .* takes at most 12000"
    ):
        cosim.engine("icarus", WIDE)
    assert lines_per_message(WIDE) == 1
    assert_contract(cosim.engine("myhdl", WIDE), *operands(2, 16, 130))


def test_every_word_that_is_exchanged_fits_its_signal():
    for config in (*PRESETS.values(), TINY, SatConfig(rows=1, columns=1, interleave=1, largest_m=4, chunk=16)):
        to_device, to_host = ToDevice(config), ToHost(config)
        assert len(to_device.command) == max(layouts.command(config).width, layouts.update(config).width) + 1
        assert len(to_device.rates) == 4 * 32 and len(to_host.overflow) == 1
        assert len(to_device.lines) == lines_per_message(config) * layouts.line_bits(config)
        assert 2 ** len(to_device.count) > lines_per_message(config)
        assert 2 ** len(to_host.result_count) > beats_per_message(config)


@pytest.mark.parametrize(
    "config",
    [*PRESETS.values(), SatConfig(rows=1, columns=1, largest_m=16, chunk=4096, update_lanes=1)],
    ids=lambda c: c.name,
)
def test_the_words_of_the_largest_update_can_be_counted(config):
    """A tile of an update has far more words than a block of a GEMM has."""
    update = Update(config.update_vectors, config.largest_m, config.update_vectors, Sparsity(2, 4), True, False)
    program = schedule_update(update, config)
    (tile,) = program.tiles()
    assert tile.vectors == config.update_vectors
    assert program.beats(tile) < 2 ** len(ToDevice(config).beats)


def test_as_many_lines_and_words_as_fit_go_into_a_message():
    assert lines_per_message(TINY) == 12000 // 160 and beats_per_message(TINY) == 12000 // 64
