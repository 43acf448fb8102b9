"""Latencies of SAT's datapath, in cycles: stated once, kept by the blocks, used by the transaction-level model.

Plain numbers, so that the model needs no simulator. A test of each block fails on a word that comes too
late or too early. Those of the float units are in rtl/timing.py.
"""

from rtl import timing

SORE_LANE = 1  # rtl/sat/update/sore_lane.py: from a group's last element
SORE_WORD = 2  # rtl/sat/update/sore_word.py
SELECT = 1  # rtl/sat/array/uspe.py: choosing the activation that a weight's index names
WUVE_LANE = 2 * (timing.FP32_MUL + 1) + 3 * (
    timing.FP32_ADD + 1
)  # rtl/sat/update/wuve_lane.py: from a gradient to the new weight
UPDATE_LAG = WUVE_LANE + SORE_WORD + 3  # rtl/sat/update/updater.py: from a tile's last slice to all its rows
PRODUCT = 1 + SELECT + timing.FP16_MUL  # from a step at an element's west port to its product

WEST = 6  # from the issue of a group to its activations in the first processing element
NORTH = 3  # from the issue of a weight to its place in the first processing element
SKEW = WEST - NORTH  # so much later the sequencer issues the weights

LOAD_SETUP = 1  # from accepting a tile command to the first operand line
START_SETUP = 1  # from a full bank to the first step
STORE_SETUP = 2  # from starting a drain to the first word at the port


def release_delay(rows: int, columns: int) -> int:
    """Cycles from the last row's last read of a bank to the bank being free.

    The last column reads weights columns - rows + SKEW cycles after that. The bank is free SKEW - 1 cycles before: at
    least so many the next tile's command and its first line, of activations, take.
    """
    return max(2, columns - rows + 1)  # MyHDL cannot slice a shift register of a single bit


def release_lag(rows: int, columns: int, hop: int = 1) -> int:
    """Cycles from a tile's last step to its operand banks being free; hop cycles lie between two rows."""
    return (rows - 1) * hop + release_delay(rows, columns)


def finish_delay(columns: int) -> int:
    """Cycles from a step below the last row to its sum standing in the last column, in accumulator or memory.

    From the step at a row's first element it is columns - 1 cycles to the last one, PRODUCT to its product, and
    ACCUMULATE to its sum; of which the row below the last is one behind, and the end of the step another.
    """
    return columns + PRODUCT + timing.ACCUMULATE - 3


def drain_lag(rows: int, columns: int, hop: int = 1) -> int:
    """Cycles from the end of a tile's last step to all its sums standing; hop cycles lie between two rows."""
    return WEST - 1 + rows * hop + finish_delay(columns)


def turnaround(rows: int, hop: int) -> int:
    """Weight-stationary: cycles from a tile's first step to the next one's, which needs its first sum from below."""
    return rows * hop + WEST


def lead(rows: int) -> int:
    """Weight-stationary: cycles by which a tile's weights start before its steps, to be in each row before them."""
    return rows


def reset_cycles(rows: int, columns: int, turn: int) -> int:
    """Cycles of reset after which no control is under way: rows, columns, and the rows' delay lines, as long as the
    largest row skew, of 4 weights of a group."""
    return rows + columns + 4 * turn
