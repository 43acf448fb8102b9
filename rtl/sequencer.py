"""Says at each cycle what the array's edges do: starts tiles, steps through them, and sends the control words."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing, words
from rtl.config import BEAT
from rtl.dispatcher import dispatcher
from rtl.hierarchy import module
from rtl.stepper import stepper


@module
def sequencer(clk, rst, loaded, held_commands, started, bank_done, west_control, north_control, pace, last_row, below,
              finished, finished_command, stored, accumulators_free, issuing, last_step, config):
    """Run each tile as soon as its operands are there and, for a new block, accumulators are free.

    loaded             in   one bit a bank: it holds a tile to be started
    held_commands      in   the words.command of both banks, bank 0 in the low bits
    started            out  the steps of the older loaded tile start in the next cycle
    bank_done          out  the last lane has read the older bank for the last time
    west_control       out  words.west_control for row 0
    north_control      out  words.north_control for column 0
    pace               out  words.pace
    last_row, below    in   words.west_control as it comes to the last row, and to a row below it
    finished           out  a block's sums stand in all accumulators
    finished_command   out  the words.command of the last tile of the blocks in both accumulator sets
    stored             in   the older finished block has left the array
    accumulators_free  out  sets of accumulators that are free
    issuing            out  a tile's steps are issued in this cycle
    last_step          out  the last of them is
    Latency            1 cycle (START_SETUP) from loaded to the first step; release_lag and drain_lag
                       (rtl/timing.py) from a tile's last step to bank_done and to finished being acted upon
    Throughput         1 step per cycle, without a pause between tiles that are ready
    Reset              synchronous, active high
    Golden             tlm/timeline.py, compute_start and compute_end
    """
    layout = words.command(config)
    groups_high, groups_low = layout["groups"]
    values_high, values_low = layout["values"]
    tail_high, tail_low = layout["tail"]
    beats_high, beats_low = layout["beats"]
    lines_high, lines_low = layout["north_lines"]
    sparse_bit, first_bit, last_bit, weights_bit = (layout[name][1] for name in ("sparse", "first", "last", "weights"))
    interleave, turn, rows = config.interleave, config.turn, config.rows
    west_layout, north_layout = words.west_control(config), words.north_control(config)
    west_line_bits, north_line_bits = west_layout.bits("address"), north_layout.bits("line")
    north_bits, step_bits = north_layout.width, words.step(config).width
    end_bit, begin_bit, close_bit = (west_layout[name][1] for name in ("end", "begin", "close"))
    west_bank, north_bank = config.chunk // BEAT, config.chunk
    release_delay = timing.release_delay(config.rows, config.columns)
    finish_delay = timing.finish_delay(config.columns)
    behind_bits = step_bits + 2                  # the step, begin and close, which follow the reads
    step_delay = (timing.WEST - 1) * behind_bits
    skew_bits = timing.SKEW * north_bits
    place_bits = words.place_bits(config)
    group_count_bits = max(layout.bits("groups"), rows.bit_length())
    pace_bits = words.pace(config).bits("place")
    # `tell`, `send_weights` and `send` concatenate in this order.
    assert list(words.step(config).fields) == ["valid", "fresh", "above", "below", "set", "place", "value", "bank", "load"]
    assert list(west_layout.fields) == ["read", "address", "beat", "end", "step", "begin", "close"]
    assert list(north_layout.fields) == ["read", "line", "value", "first_value", "last_value", "sparse", "blank",
                                         "address", "write", "everyone", "distance"]
    assert list(words.pace(config).fields) == ["weights", "place"]

    candidate = Signal(intbv(0)[layout.width:])  # the command of the tile that comes next
    command = Signal(intbv(0)[layout.width:])    # the command of the tile whose steps are issued
    bank = Signal(intbv(0)[1:])
    accumulators = Signal(intbv(0)[1:])
    weights_start, stationary = Signal(bool(0)), Signal(bool(0))
    values = Signal(intbv(0)[layout.bits("values"):])
    weights_bank, step_bank = Signal(intbv(0)[1:]), Signal(intbv(0)[1:])
    returned = Signal(bool(0))
    # the loops of the weights and those of the steps: the same where sums are stationary
    weights_groups = Signal(intbv(0)[group_count_bits:])
    steps_groups = Signal(intbv(0)[group_count_bits:])
    values_each, weights_tail, steps_tail = (Signal(intbv(0)[layout.bits("values"):]) for _ in range(3))
    weights_place, place = (Signal(intbv(0)[place_bits:]) for _ in range(2))
    weights_value, value = (Signal(intbv(0)[2:]) for _ in range(2))
    weights_active, weights_opening, weights_last_value, weights_turn_end, weights_group_end, weights_last = (
        Signal(bool(0)) for _ in range(6))
    opening, last_value, turn_end, group_end = (Signal(bool(0)) for _ in range(4))

    west_line = Signal(intbv(0)[west_line_bits:])
    north_line = Signal(intbv(0)[north_line_bits:])
    lines_left = Signal(intbv(0)[layout.bits("north_lines"):])
    row = Signal(intbv(0)[north_layout.bits("distance"):])
    sparse = Signal(bool(0))
    valid, fresh, reading = (Signal(bool(0)) for _ in range(3))
    behind = Signal(intbv(0)[step_delay:])
    behind_now = Signal(intbv(0)[behind_bits:])
    north_delay = Signal(intbv(0)[skew_bits:])
    north_now = Signal(intbv(0)[north_bits:])
    releasing = Signal(intbv(0)[release_delay:])
    finishing = Signal(intbv(0)[finish_delay:])
    pace_place = Signal(intbv(0)[pace_bits:])
    pace_last = Signal(intbv(0)[pace_bits:])

    @always_comb
    def prepare():
        values_each.next = candidate[values_high:values_low]
        steps_groups.next = candidate[groups_high:groups_low]
        steps_tail.next = candidate[tail_high:tail_low]
        if candidate[weights_bit]:
            weights_groups.next = rows
            weights_tail.next = candidate[values_high:values_low]
        else:
            weights_groups.next = candidate[groups_high:groups_low]
            weights_tail.next = candidate[tail_high:tail_low]
        valid.next = issuing and place < interleave
        fresh.next = command[first_bit] and value == 0 and (stationary or opening)
        reading.next = issuing and value == 0 and place < command[beats_high:beats_low]

    @always(clk.posedge)
    def locate():
        if started:
            west_line.next = west_bank if bank else 0
            step_bank.next = weights_bank
        elif reading:
            west_line.next = (west_line + 1) % 2 ** west_line_bits
        if weights_start:
            north_line.next = north_bank if bank else 0
            lines_left.next = candidate[lines_high:lines_low]
            sparse.next = candidate[sparse_bit]
            row.next = 0
        else:
            if weights_turn_end and lines_left != 0:
                north_line.next = (north_line + 1) % 2 ** north_line_bits
                lines_left.next = lines_left - 1
            if weights_group_end:
                row.next = (row + 1) % 2 ** len(row)

    @always_comb
    def send_weights():
        north_now.next = concat(row, not stationary, weights_active and weights_place < interleave,
                                weights_bank, weights_value, weights_place, lines_left == 0, sparse,
                                weights_last_value, weights_value == 0, weights_value, north_line,
                                weights_active and weights_place == 0 and lines_left != 0)

    @always_comb
    def tell():
        behind_now.next = concat(
            last_step and command[last_bit],
            valid and stationary and opening and place == 0 and value == 0,
            issuing and place == 0 and value == 0,
            step_bank, value, place, accumulators,
            valid and stationary and last_value,
            valid and stationary and value == 0,
            fresh,
            valid)

    @always(clk.posedge)
    def delay():
        behind.next = concat(behind[step_delay - behind_bits:], behind_now)
        north_delay.next = concat(north_delay[skew_bits - north_bits:], north_now)
        releasing.next = concat(releasing[release_delay - 1:], last_row[end_bit])
        finishing.next = concat(finishing[finish_delay - 1:], below[close_bit])
        if rst:
            behind.next = 0
            north_delay.next = 0
            releasing.next = 0
            finishing.next = 0

    @always_comb
    def go_around():
        if rst:
            pace_last.next = 4 * turn - 1
        elif stationary:                        # a group less the cycle that the control's register takes
            pace_last.next = values * turn - 2
        else:
            pace_last.next = 0

    @always(clk.posedge)
    def turn_around():
        if pace_place < pace_last:              # false also for what is unknown before reset
            pace_place.next = pace_place + 1
        else:
            pace_place.next = 0

    @always_comb
    def send():
        west_control.next = concat(behind[step_delay:step_delay - behind_bits], last_step, place[2:], west_line, reading)
        north_control.next = north_delay[skew_bits:skew_bits - north_bits]
        pace.next = concat(pace_place, stationary)
        bank_done.next = releasing[release_delay - 1]
        finished.next = finishing[finish_delay - 1]
        returned.next = below[begin_bit]

    decide = dispatcher(clk, rst, loaded, held_commands, weights_active, weights_last, issuing, last_step, returned,
                        stored, candidate, bank, weights_start, started, command, stationary, values, accumulators,
                        weights_bank, finished_command, accumulators_free, config)
    weights = stepper(clk, rst, weights_start, weights_groups, values_each, weights_tail, weights_active,
                      weights_opening, weights_place, weights_value, weights_last_value, weights_turn_end,
                      weights_group_end, weights_last, config)
    steps = stepper(clk, rst, started, steps_groups, values_each, steps_tail, issuing, opening, place, value,
                    last_value, turn_end, group_end, last_step, config)
    return prepare, locate, send_weights, tell, delay, go_around, turn_around, send, decide, weights, steps
