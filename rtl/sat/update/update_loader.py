"""Takes an update command, and cuts the operand lines that follow into slices of weights."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import Stream, bit, bus
from rtl.sat import bundles, layouts
from rtl.sat.config import SatConfig
from rtl.sat.update.bundles import UpdateSlice


@module
def update_loader(clk, rst, commands, operands, bank_free, command, slices, entering, config):
    """Stream the slices of one update tile after another.

    commands     Stream in  layouts.update
    operands     Stream in  lines of FP32: the slice's weights, and with momentum its velocities and gradients
    bank_free    in   there is room for the tile's results
    command      out  the layouts.update of the tile under way, or of the last one
    slices       out  bundles.Progress: active, `entering` holds the next slice; last, it is the last of its tile
    entering     out  bundles.UpdateSlice; without momentum, velocities and gradients are zero
    Latency      1 cycle (LOAD_SETUP) from a command moving to the first line moving; 1 from a slice's last line to it
    Throughput   1 line per cycle
    Reset        synchronous, active high
    Golden       tlm/sat/update_times.py
    """
    f = layouts.update(config)
    slice_bits = 32 * config.update_lanes
    slices_each = config.largest_m // config.update_lanes  # of a vector
    lines, lines_plain = layouts.slice_lines(config, True), layouts.slice_lines(config, False)
    element_bits = len(operands.data) // 32 * 32  # whole elements of a line

    loading = bit()
    slices_left = bus((config.update_vectors * slices_each).bit_length())
    line = bus(max(1, (lines - 1).bit_length()))
    complete = bit()  # with this line a slice is
    gathered = bus(lines * element_bits)
    plain = bit()

    @always_comb
    def drive():
        commands.ready.next = not loading and bank_free
        operands.ready.next = loading

    @always_comb
    def finish():
        if command[f.momentum_bit]:
            complete.next = loading and operands.valid and line == lines - 1
        else:
            complete.next = loading and operands.valid and line == lines_plain - 1

    @always(clk.posedge)
    def control():
        slices.active.next = complete
        slices.last.next = complete and slices_left == 1
        if commands.valid and commands.ready:
            command.next = commands.data
            loading.next = True
        elif complete and slices_left == 1:
            loading.next = False
        if rst:
            loading.next = False
            slices.active.next = False
            slices.last.next = False

    @always(clk.posedge)
    def count():
        if not loading:
            slices_left.next = commands.data[f.vectors_high : f.vectors_low] * slices_each
            line.next = 0
        elif complete:
            slices_left.next = slices_left - 1
            line.next = 0
        elif operands.valid:
            line.next = line + 1

    @always(clk.posedge)
    def gather():
        if loading and operands.valid:
            plain.next = not command[f.momentum_bit]
            if line == 0:
                gathered.next = operands.data[element_bits:]
            else:
                gathered.next = gathered | (operands.data[element_bits:] << (line * element_bits))

    @always_comb
    def cut():
        entering.weights.next = gathered[slice_bits:]
        entering.velocities.next = 0
        entering.gradients.next = 0
        if not plain:
            entering.velocities.next = gathered[2 * slice_bits : slice_bits]
            entering.gradients.next = gathered[3 * slice_bits : 2 * slice_bits]

    return drive, finish, control, count, gather, cut


def ports(config: SatConfig) -> dict:
    """Fresh ports of an `update_loader`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        commands=Stream(layouts.update(config).width),
        operands=Stream(layouts.line_bits(config)),
        bank_free=bit(),
        command=bus(layouts.update(config)),
        slices=bundles.Progress(),
        entering=UpdateSlice(config),
    )
