"""The north edge of a column: its weight buffer, and the weights it sends down."""

from myhdl import Signal, always, concat, intbv

from rtl import words
from rtl.hierarchy import module, waives


@waives(
    BLKSEQ="a clocked process assigns to variables of its own",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def north_lane(clk, write, write_address, write_data, control, control_out, down, config):
    """Keep two banks of weights of one column, and send one down each cycle.

    write          in   store write_data (`interleave` words.weight, the first in the low bits) at write_address
    control        in   words.north_control
    control_out    out  control a cycle later, for the next column
    down           out  words.descent
    Latency        2 cycles from control to down
    Throughput     1 weight per cycle
    Reset          none: control comes reset, and with it the write of what goes down
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    layout = words.north_control(config)
    read_bit = layout["read"][1]
    line_high, line_low = layout["line"]
    value_high, value_low = layout["value"]
    first_bit = layout["first_value"][1]
    last_bit = layout["last_value"][1]
    sparse_bit, blank_bit = layout["sparse"][1], layout["blank"][1]
    tag_high, tag_low = layout.width, layout["address"][1]  # address, write, everyone, distance: they pass
    weight_bits = words.weight(config).width
    line_bits = config.interleave * weight_bits
    floor_bits = words.index_bits(config) + 1
    floors_bits = config.turn * floor_bits
    everything = 2**config.largest_m - 1
    # `send` concatenates in this order, and takes the last four as one.
    assert list(words.descent(config).fields) == ["weight", "index", "pruned", *list(layout.fields)[-4:]]

    memory = [Signal(intbv(0)[line_bits:]) for _ in range(2 * config.chunk)]
    fetched = Signal(intbv(0)[line_bits:])
    fresh = Signal(bool(0))
    rest = Signal(intbv(0)[line_bits:])  # the line's weights that have not been sent
    tag = Signal(intbv(0)[tag_high - tag_low :])
    value = Signal(intbv(0)[2:])
    first_value = Signal(bool(0))
    last_value = Signal(bool(0))
    sparse = Signal(bool(0))
    blank = Signal(bool(0))
    floors = Signal(intbv(0)[floors_bits:])  # of each place of a turn: one above its last index

    @always(clk.posedge)
    def store():
        if write:
            memory[write_address].next = write_data

    @always(clk.posedge)
    def fetch():
        control_out.next = control
        fresh.next = control[read_bit]
        if control[read_bit]:
            fetched.next = memory[control[line_high:line_low]]
        tag.next = control[tag_high:tag_low]
        value.next = control[value_high:value_low]
        first_value.next = control[first_bit]
        last_value.next = control[last_bit]
        sparse.next = control[sparse_bit]
        blank.next = control[blank_bit]

    @always(clk.posedge)
    def send():
        line = intbv(0)[line_bits:]
        index = intbv(0)[floor_bits - 1 :]
        floor = intbv(0)[floor_bits:]
        above = intbv(0)[floor_bits:]
        pruned = intbv(0)[config.largest_m :]
        if fresh:
            line[:] = fetched
        else:
            line[:] = rest
        if blank:
            line[:] = 0
        if sparse:
            index[:] = line[weight_bits:16]
        else:
            index[:] = value
        if not first_value:
            floor[:] = floors[floors_bits : floors_bits - floor_bits]
        above[:] = index + 1
        pruned[:] = (((1 << index) - 1) >> floor) << floor  # between two indices
        if last_value:
            pruned[:] = pruned | ((everything >> above) << above)  # and beyond the last
        rest.next = line >> weight_bits
        floors.next = concat(floors[floors_bits - floor_bits :], above)
        down.next = concat(tag, pruned, index, line[16:])

    return store, fetch, send
