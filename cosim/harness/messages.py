"""The messages that host and device exchange when they meet, and how much fits one."""

from myhdl import Signal, intbv

from cosim.accelerators import device_of
from rtl.config import Config
from rtl.hdl.stream import Interface
from rtl.shared.work_counters import COUNTER_BITS

MESSAGE_BITS = 12_000  # payload of a message, unless one of them is longer: see check_pipe
LEAST_BEATS = 2  # for a mailbox moves all but its oldest entry on
STAMPS = 8  # times a mailbox holds
STAMP_BITS = 40


class ToDevice(Interface):
    """The signals that the host drives; `toggle` changes with each message, and once during reset.

    lines, count          operand lines, the first in the low bits, and how many they are
    command               the tile's word for the command port, valid in the message that completes it
    rates                 the device's constants, steady in a run; None where it updates no weights
    read_delay            cycles before the tile's first operand line
    write_delay, beats    cycles before the block's first beat is taken, and its beats
    complete, ended       the message completes a tile; and no tile follows
    taken                 changes when the host has read the mailboxes
    """

    def __init__(self, config: Config):
        device = device_of(config)
        self.toggle = Signal(bool(0))
        self.lines = Signal(intbv(0)[lines_per_message(config) * device.line_bits :])
        self.count = Signal(intbv(0)[lines_per_message(config).bit_length() :])
        self.command = Signal(intbv(0)[device.command_bits :])
        self.rates = None if device.constants_bits is None else Signal(intbv(0)[device.constants_bits :])
        self.read_delay = Signal(intbv(0)[32:])
        self.write_delay = Signal(intbv(0)[32:])
        self.beats = Signal(intbv(0)[16:])
        self.complete = Signal(bool(0))
        self.ended = Signal(bool(0))
        self.taken = Signal(bool(0))


class ToHost(Interface):
    """The signals that the device's side drives.

    need                       the clock stands still for want of a tile
    seen                       follows `taken`: the mailboxes' content is new
    results, result_count      beats of the result, the newest in the low bits
    tile_ends, tile_count      for each tile, the cycle after its last step
    store_ends, store_count    for each block, the cycle after its last word
    busy, waiting, idle        the device's counters
    overflow                   an infinity or NaN has left as FP32
    cycle                      clock cycles since the end of reset
    """

    def __init__(self, config: Config):
        self.need = Signal(bool(0))
        self.seen = Signal(bool(0))
        self.results = Signal(intbv(0)[beats_per_message(config) * device_of(config).result_bits :])
        self.result_count = Signal(intbv(0)[beats_per_message(config).bit_length() :])
        self.tile_ends = Signal(intbv(0)[STAMPS * STAMP_BITS :])
        self.tile_count = Signal(intbv(0)[STAMPS.bit_length() :])
        self.store_ends = Signal(intbv(0)[STAMPS * STAMP_BITS :])
        self.store_count = Signal(intbv(0)[STAMPS.bit_length() :])
        self.busy = Signal(intbv(0)[COUNTER_BITS:])
        self.waiting = Signal(intbv(0)[COUNTER_BITS:])
        self.idle = Signal(intbv(0)[COUNTER_BITS:])
        self.overflow = Signal(bool(0))
        self.cycle = Signal(intbv(0)[STAMP_BITS:])


def lines_per_message(config: Config) -> int:
    """Operand lines of a message, at least one. Raises ValueError for an accelerator without RTL."""
    return max(1, MESSAGE_BITS // device_of(config).line_bits)


def beats_per_message(config: Config) -> int:
    """Beats of the result port of a message, at least LEAST_BEATS. Raises ValueError for an accelerator without RTL."""
    return max(LEAST_BEATS, MESSAGE_BITS // device_of(config).result_bits)


def check_pipe(config: Config) -> None:
    """Raise ValueError unless messages fit the pipe of MyHDL's Cosimulation: 4,096 characters of four bits each."""
    device = device_of(config)
    for unit, bits, most in (
        ("operand line", device.line_bits, MESSAGE_BITS),
        ("result word", device.result_bits, MESSAGE_BITS // LEAST_BEATS),
    ):
        if bits > most:
            raise ValueError(
                f"one {unit} of configuration {config.name} has {bits} bits; "
                f"MyHDL's Cosimulation takes at most {most}: use the engine verilator"
            )
