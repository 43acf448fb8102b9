"""Takes an update command, and cuts the operand lines that follow into slices of weights."""

from myhdl import Signal, always, always_comb, intbv

from rtl import words
from rtl.hierarchy import module


@module
def update_loader(
    clk, rst, commands, operands, bank_free, command, slice_valid, weights, velocities, gradients, last_slice, config
):
    """Stream the slices of one update tile after another.

    commands     Stream in  words.update
    operands     Stream in  lines of FP32: the slice's weights, and with momentum its velocities and gradients
    bank_free    in   there is room for what the tile will give
    command      out  the words.update of the tile under way, or of the last one
    slice_valid  out  weights, velocities and gradients hold the next slice; without momentum, the latter two are zero
    last_slice   out  it is the last of its tile
    Latency      1 cycle (LOAD_SETUP) from a command moving to the first line moving; 1 from a slice's last line to it
    Throughput   1 line per cycle
    Reset        synchronous, active high
    Golden       tlm/update.py
    """
    layout = words.update(config)
    vectors_high, vectors_low = layout["vectors"]
    momentum_bit = layout["momentum"][1]
    line_bits = len(operands.data)
    per_line = line_bits // 32  # elements
    slice_bits = 32 * config.update_lanes
    slices = config.largest_m // config.update_lanes
    lines, lines_plain = words.slice_lines(config, True), words.slice_lines(config, False)
    element_bits = 32 * per_line

    loading = Signal(bool(0))
    slices_left = Signal(intbv(0)[(config.update_vectors * slices).bit_length() :])
    line = Signal(intbv(0)[max(1, (lines - 1).bit_length()) :])
    complete = Signal(bool(0))  # with this line a slice is
    gathered = Signal(intbv(0)[lines * element_bits :])
    plain = Signal(bool(0))

    @always_comb
    def shake():
        commands.ready.next = not loading and bank_free
        operands.ready.next = loading
        if command[momentum_bit]:
            complete.next = loading and operands.valid and line == lines - 1
        else:
            complete.next = loading and operands.valid and line == lines_plain - 1

    @always(clk.posedge)
    def control():
        slice_valid.next = complete
        last_slice.next = complete and slices_left == 1
        if commands.valid and commands.ready:
            command.next = commands.data
            loading.next = True
        elif complete and slices_left == 1:
            loading.next = False
        if rst:
            loading.next = False
            slice_valid.next = False
            last_slice.next = False

    @always(clk.posedge)
    def count():
        if not loading:
            slices_left.next = commands.data[vectors_high:vectors_low] * slices
            line.next = 0
        elif complete:
            slices_left.next = slices_left - 1
            line.next = 0
        elif operands.valid:
            line.next = line + 1

    @always(clk.posedge)
    def gather():
        if loading and operands.valid:
            plain.next = not command[momentum_bit]
            if line == 0:
                gathered.next = operands.data[element_bits:]
            else:
                gathered.next = gathered | (operands.data[element_bits:] << (line * element_bits))

    @always_comb
    def cut():
        weights.next = gathered[slice_bits:]
        velocities.next = 0
        gradients.next = 0
        if not plain:
            velocities.next = gathered[2 * slice_bits : slice_bits]
            gradients.next = gathered[3 * slice_bits : 2 * slice_bits]

    return shake, control, count, gather, cut
