"""The north edge of a column: its weight buffer, and the weights it sends down."""

from myhdl import always, always_comb, concat, intbv

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts
from rtl.sat.config import SatConfig


@waives(WIDTH="masks of a group's activations are shifts of a constant")
@module
def north_lane(clk, write, write_address, write_data, control, control_out, down, config):
    """Keep two banks of weights of one column, and send one down each cycle.

    write          in   store write_data (`interleave` layouts.weight, the first in the low bits) at write_address
    control        in   layouts.north_control
    control_out    out  control a cycle later, for the next column
    down           out  layouts.weight_packet
    Latency        2 cycles from control to down
    Throughput     1 weight per cycle
    Reset          none: control comes reset, and with it the write of what goes down
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    f, entry = layouts.north_control(config), layouts.weight(config)
    passing = f.span("address", "distance")
    packet = layouts.weight_packet(config)
    place = packet.span("address", "distance")
    index_bits = layouts.index_bits(config)
    line_bits = config.interleave * entry.width
    floor_bits = index_bits + 1
    floors_bits = config.turn * floor_bits
    every = 2**config.largest_m - 1

    memory = [bus(line_bits) for _ in range(2 * config.chunk)]
    fetched = bus(line_bits)
    line, rest = bus(line_bits), bus(line_bits)  # the weights to be sent, and those of them that are left
    index, pruned = bus(packet, "index"), bus(packet, "pruned")
    above = bus(floor_bits)  # one above the index
    floors = bus(floors_bits)  # of each place of a turn: one above its last index

    @always(clk.posedge)
    def store():
        if write:
            memory[write_address].next = write_data

    @always(clk.posedge)
    def fetch():
        control_out.next = control
        if control[f.read_bit]:
            fetched.next = memory[control[f.line_high : f.line_low]]

    @always_comb
    def select():
        # One process: as several, which wake each other, it takes Icarus a tenth of the whole array's time.
        taken = intbv(0)[index_bits:]
        floor = intbv(0)[floor_bits:]
        top = intbv(0)[floor_bits:]
        if control_out[f.blank_bit]:
            line.next = 0
            taken[:] = 0
        elif control_out[f.read_bit]:
            line.next = fetched
            taken[:] = fetched[entry.index_high : entry.index_low]
        else:
            line.next = rest
            taken[:] = rest[entry.index_high : entry.index_low]
        if not control_out[f.sparse_bit]:
            taken[:] = control_out[f.value_high : f.value_low]
        if not control_out[f.first_value_bit]:
            floor[:] = floors[floors_bits : floors_bits - floor_bits]
        top[:] = concat(False, taken) + 1
        index.next = taken
        above.next = top
        if control_out[f.last_value_bit]:  # between two indices, and beyond the last
            pruned.next = ((every << floor) & ~(every << taken) | (every << top)) & every
        else:
            pruned.next = (every << floor) & ~(every << taken) & every

    @always(clk.posedge)
    def send():
        rest.next = line >> entry.width
        floors.next = concat(floors[floors_bits - floor_bits :], above)
        down.next[packet.weight_high : packet.weight_low] = line[entry.value_high : entry.value_low]
        down.next[packet.index_high : packet.index_low] = index
        down.next[packet.pruned_high : packet.pruned_low] = pruned
        down.next[place.high : place.low] = control_out[passing.high : passing.low]

    return store, fetch, select, send


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `north_lane`, by name."""
    control = layouts.north_control(config)
    line = config.interleave * layouts.weight(config).width
    return dict(
        clk=bit(),
        write=bit(),
        write_address=bus(control, "line"),
        write_data=bus(line),
        control=bus(control),
        control_out=bus(control),
        down=bus(layouts.weight_packet(config)),
    )
