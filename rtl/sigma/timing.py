"""Cycles that SIGMA's blocks and its model share. Those of the float units are in rtl/timing.py."""

from rtl import timing

READ = 1  # from a column's step to its streamed words
DISTRIBUTE = 1  # through the Benes network to the multipliers
MULTIPLY = {"fp16": timing.FP16_MUL, "bf16": timing.FP32_MUL + 1}  # the last is a register after rounding
PICK = 1  # rtl/sigma/reduction/picker.py: a Flex-DPE's sums, or an accumulator's, out of many
SPAN = timing.ACCUMULATE  # the sum of a row that two Flex-DPEs share
FETCH = 1  # from an accumulator's address to its sum
TURN = timing.ACCUMULATE + FETCH  # from a column's step to its next one, which needs its sum

WRITE = 2  # from an operand line moving to its standing in its bank
LOAD_SETUP = 1  # from accepting a tile command to the first operand line
START_SETUP = 1  # from full banks to the first step
STORE_SETUP = 2  # from starting a drain to the first word at the port


def products(operands: str) -> int:
    """Cycles from a column's step to its products."""
    return READ + DISTRIBUTE + MULTIPLY[operands]


def fan(levels: int) -> int:
    """Cycles from products at the FAN to their sums: an addition and a register for each level of its tree."""
    return levels * timing.ACCUMULATE


def sums(operands: str, levels: int) -> int:
    """Cycles from a column's step to the sums of FANs of so many levels."""
    return products(operands) + fan(levels)


def gathered(operands: str, levels: int) -> int:
    """Cycles from a column's step to each accumulator's part of it: a Flex-DPE's pick, a row that spans two, a pick."""
    return sums(operands, levels) + PICK + SPAN + PICK


def banks(operands: str, levels: int) -> dict[str, int]:
    """Cycles from a column's step to each choice of a bank of records that is made for the column."""
    return dict(
        settings=READ,
        values=READ + DISTRIBUTE,
        runs=products(operands),
        picks=sums(operands, levels),
        spans=sums(operands, levels) + PICK,
        gather=gathered(operands, levels) - PICK,
    )


def finish_lag(operands: str, levels: int) -> int:
    """Cycles from the end of a tile's last step to all its sums standing."""
    return gathered(operands, levels) + timing.ACCUMULATE - 1


def release_lag(operands: str, levels: int) -> int:
    """Cycles from the end of a tile's last step to its banks being free: a line that comes then stands after the last
    pick."""
    return gathered(operands, levels) - 1 - LOAD_SETUP - WRITE


def reset_cycles(operands: str, levels: int) -> int:
    """Cycles of reset after which no step is under way."""
    return finish_lag(operands, levels) + 1
