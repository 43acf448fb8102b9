"""The cycles that blocks and model share, worked out by hand; that the blocks keep them is tested with each of them."""

import ast
import inspect

import pytest

from rtl.sigma import timing


@pytest.mark.parametrize(
    "operands, levels, products, sums, gathered, finish, release",
    [
        ("fp16", 1, 4, 8, 14, 17, 10),  # read, distribute, 2 to multiply; 4 a level; pick, 4 to span, pick
        ("fp16", 3, 4, 16, 22, 25, 18),
        ("bf16", 3, 7, 19, 25, 28, 21),
        ("fp16", 7, 4, 32, 38, 41, 34),
    ],
)
def test_the_way_of_a_column_adds_up(operands, levels, products, sums, gathered, finish, release):
    assert timing.products(operands) == products
    assert timing.sums(operands, levels) == sums
    assert timing.gathered(operands, levels) == gathered
    assert timing.finish_lag(operands, levels) == finish
    assert timing.release_lag(operands, levels) == release
    assert timing.reset_cycles(operands, levels) == finish + 1


def test_a_sum_comes_again_when_it_has_been_added_written_and_fetched():
    assert timing.TURN == 5


def test_the_model_reads_them_without_a_simulator():
    nodes = ast.walk(ast.parse(inspect.getsource(timing)))
    assert {node.module for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))} == {"rtl"}
