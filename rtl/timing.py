"""Latencies of the datapath, in cycles: stated once, kept by the blocks, used by the transaction-level model.

Plain numbers, so that the model needs no simulator. A test of each block fails on a word that comes too
late or too early.
"""

FP16_MUL = 2            # rtl/fp16_mul.py
FP32_ADD = 3            # rtl/fp32_add.py
ACCUMULATE = FP32_ADD + 1   # from an accumulator through the adder and back: the least interleave
SELECT = 1              # rtl/uspe.py: choosing the activation that a weight's index names

WEST = 6                # from the issue of a group to its activations in the first processing element
NORTH = 3               # from the issue of a step to its weight in the first processing element
SKEW = WEST - NORTH     # so much later the sequencer issues the weights

LOAD_SETUP = 1          # from accepting a tile command to the first operand line
START_SETUP = 1         # from a full bank to the first step
STORE_SETUP = 2         # from starting a drain to the first word at the port


def release_lag(rows: int, columns: int) -> int:
    """Cycles from a tile's last step to its operand banks being free: the last lane reads that much later."""
    return max(rows, columns, 2)        # MyHDL cannot slice a shift register of a single bit


def drain_lag(rows: int, columns: int) -> int:
    """Cycles from the end of a tile's last step to its sums standing in all accumulators."""
    return WEST + rows - 1 + columns - 1 + SELECT + FP16_MUL + ACCUMULATE - 1
