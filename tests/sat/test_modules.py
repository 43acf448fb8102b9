"""Modules of one's own on the command line: their inputs, and what is at fault when they are not taken."""

import pytest
import torch

from sat.modules import followed, inputs_of
from training import Input

MODULE = """
import torch
from torch import nn
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.l = nn.Embedding(10, 8), nn.Linear(8, 4)
    def forward(self, ids, mask):
        return self.l(self.e(ids) * mask[..., None])
def two(): return Two()
def example(): return Two(), (torch.zeros(3, 5, dtype=torch.int64), torch.ones(3, 5))
def single(): return nn.Linear(8, 8), torch.ones(4, 8)
def strange(): return nn.Linear(8, 8), 3
def raises(): raise KeyError("inside")
def lazy(): return nn.LazyLinear(8)
class Fails(nn.Module):
    def forward(self, x): raise IndexError("here\\nand there")
def fails(): return Fails()
class Odd(nn.Module):
    def forward(self, x): raise ValueError(chr(27) + "[31m")
def odd(): return Odd()
def leaves(): raise SystemExit(3)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_modules_to_follow.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)


def follow(factory, *texts, host=()):
    return followed(f"my_modules_to_follow:{factory}", texts, host)


@pytest.mark.parametrize(
    "texts, inputs",
    [
        (["1,3,8,8"], [Input((1, 3, 8, 8))]),
        (["2, 5:int64", "7"], [Input((2, 5), torch.int64), Input((7,))]),
        (["ids:2,5:int64", "mask:2,5:bool"], dict(ids=Input((2, 5), torch.int64), mask=Input((2, 5), torch.bool))),
        ([], []),
    ],
)
def test_inputs_are_read(texts, inputs):
    assert inputs_of(texts) == inputs


@pytest.mark.parametrize(
    "texts, words",
    [
        (["1,x"], "--input must be .* not '1,x'"),
        (["1,0"], "not '1,0'"),
        (["a:1:float33"], "not 'a:1:float33'"),
        (["2x:1"], "not '2x:1'"),
        (["a:1", "2"], "either all --input have names, or none has"),
        (["a:1", "a:2"], "each --input must have a name of its own, not a, a"),
    ],
)
def test_wrong_inputs_are_refused(texts, words):
    with pytest.raises(ValueError, match=words):
        inputs_of(texts)


def test_several_inputs_by_name_in_order_or_from_the_factory_are_taken():
    for texts in (["ids:3,5:int64", "mask:3,5"], ["3,5:int64", "3,5"]):
        trace, batch = follow("two", *texts)
        assert (trace.macs_seen, batch) == (3 * 15 * 32, 3)
    assert follow("example")[0] == trace and follow("single")[1] == 4


@pytest.mark.parametrize(
    "factory, texts, words",
    [
        ("two", [], r"--module needs an --input, .* unless its factory returns \(module, inputs\)"),
        ("example", ["1"], "--input cannot go with my_modules_to_follow:example, which makes inputs of its own"),
        ("two", ["ids:3,5:int64"], r"fails on inputs ids \(3, 5\) int64: TypeError: .*'mask'"),
        (
            "two",
            ["3,5", "3,5"],
            r"fails on inputs \(3, 5\) float32, \(3, 5\) float32: RuntimeError: Expected tensor",
        ),
        ("strange", [], "must make a module and its inputs"),
        ("raises", ["1"], "raises cannot make a module: KeyError: 'inside'"),
        ("lazy", ["1,8"], "lazy: layer Linear: must know its sizes|lazy: layer LazyLinear: must know its sizes"),
        ("leaves", [], "leaves cannot make a module: SystemExit: 3"),
        ("odd", ["1,8"], r"odd fails on inputs \(1, 8\) float32: ValueError: \\x1b\[31m"),
        ("fails", ["1,8"], r"fails on inputs \(1, 8\) float32: IndexError: here$"),
    ],
)
def test_what_is_at_fault_is_named_in_one_line(factory, texts, words):
    with pytest.raises(ValueError, match=words) as error:
        follow(factory, *texts)
    assert "\n" not in str(error.value)
