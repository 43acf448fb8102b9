"""Values that once gave wrong numbers, were taken without a word, or ended in a traceback: one ValueError each."""

from dataclasses import replace
from math import nan

import numpy as np
import pytest
import torch

import cosim
from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA
from tests.support.toy import add_toy
from tlm import Gemm, Mapping, Update, make_plan, predict, schedule
from tlm.accelerators import TABLE
from tlm.compare import Case, setups
from tlm.memory import ConstantRates
from tlm.report import step_report
from tlm.sigma.zeros import ExactZeros, UniformDensity
from tlm.step import cost
from training import convert

SMALL, MEDIUM = PRESETS["small"], PRESETS["medium"]
GEMM = Gemm(8, 16, 8)


def refused(words: str, call, *given, **named) -> None:
    """The call raises a ValueError of one line with these words."""
    with pytest.raises(ValueError) as caught:
        call(*given, **named)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [np.int64(8), np.int8(8), True, 8.0, "8", None], ids=repr)
def test_sizes_are_ints_since_numpys_would_wrap_around(size):
    for name in ("m", "k", "n", "count"):
        refused(f"GEMM size {name} must be an int, not", Gemm, **{**dict(m=1, k=1, n=1), name: size})
    refused("update size n must be an int, not", Update, 8, size, 8)
    for name in ("rows", "columns", "depth"):
        mapping = replace(Mapping("os", 4, 4, 8), **{name: size})
        refused(f"{name} of a tile must be from 1 to", schedule, GEMM, SMALL, mapping)


def test_large_sizes_have_their_cycles():
    assert predict(900, 300, 700).cycles == 11_880_178
    assert Gemm(10**5, 10**5, 10**5).macs == 10**15


def test_zeros_are_values_that_nobody_can_change_afterwards():
    a, b = np.eye(3, dtype=np.float16), np.ones((3, 2), np.float16)
    zeros = ExactZeros.of(a, b)
    assert zeros == ExactZeros.of(a, b) != ExactZeros.of(1 - a, b) and hash(zeros) == hash(ExactZeros.of(a, b))
    with pytest.raises(ValueError, match="read-only"):
        zeros.stationary[0] = True
    a[:] = 1
    assert zeros != ExactZeros.of(a, b)
    refused("must agree in count and k", ExactZeros.of, a, b.T)
    refused("must have 2 or 3 dimensions, not 0", ExactZeros.of, None, b)
    refused("a bitmap must be an array of bool", ExactZeros, np.ones((1, 3, 3)), zeros.stream)
    refused("no program of SAT depends on its operands' zeros", schedule, Gemm(3, 3, 2), SMALL, zeros=zeros)


@pytest.mark.parametrize("density", [nan, -0.1, 1.1, "0.5", None], ids=repr)
def test_densities_are_shares(density):
    refused("must be a number from 0 to 1", UniformDensity, density)
    refused("must be a number from 0 to 1", UniformDensity, 1.0, density)
    refused("density density_b must be a number from 0 to 1", Case, GEMM, 1.0, density)


@pytest.mark.parametrize("memory", [0, "", "slow", 5.0], ids=repr)
def test_a_memory_is_a_memory_or_none_is_given(memory):
    words = "memory must be a tlm.memory.Memory, not"
    refused(words, schedule, GEMM, SMALL, memory=memory)
    refused(words, predict, 8, 8, 8, memory=memory)
    refused(words, cosim.engine, "functional", SMALL, memory=memory)
    for dataflows in (None, ()):
        refused(words, cost, [GEMM], SMALL, dataflows=dataflows, memory=memory)


@pytest.mark.parametrize(
    "fields", [(1024, -1, 1.0, 1.0), (1024, 4, 0.0, 1.0), (1024, 4, 1.0, nan), (None, 4, 1.0, 1.0)]
)
def test_constant_rates_are_above_zero(fields):
    refused("of a memory must be", ConstantRates, *fields)


@pytest.mark.parametrize("plan", ["os", Mapping("os", 4, 4, 8), 5], ids=repr)
def test_a_plan_is_a_plan(plan):
    refused("a plan must be one such as tlm.make_plan makes, not", cost, [GEMM], SMALL, plan)
    layer, engine = torch.nn.Linear(8, 8), cosim.engine("functional", SMALL)
    refused("a plan must be one such as", convert, layer, "bdwp", 2, 8, engine, plan)
    refused("an engine must be one such as cosim.engine gives", convert, layer, "bdwp", 2, 8, "icarus")


def test_work_is_gemms_and_updates():
    for config in (SMALL, SIGMA["small"]):
        refused("work must be a Gemm or an Update, not 'gemm'", cost, ["gemm"], config)
    refused("work must be a Gemm or an Update, not None", make_plan, [None], SMALL)
    refused("a Gemm is needed, not None", cosim.engine("functional", SMALL).schedule, None)


def test_a_report_is_of_some_programs_of_one_configuration():
    refused("at least one program", step_report, [], [])
    refused("of one configuration, not of small and medium", step_report, cost([GEMM], SMALL), cost([GEMM], MEDIUM))
    updates = cost([Update(16, 8, 16)], SMALL)
    assert step_report(updates, updates).totals["filled"] == 0


def test_an_unknown_accelerator_is_refused_whatever_it_is():
    for name in (["sat"], "", 5):
        refused("accelerator must be one of sat, sigma, systolic", predict, 8, 8, 8, accelerator=name)


def test_a_configuration_of_another_size_is_left_out_of_a_comparison(monkeypatch):
    add_toy(monkeypatch)
    row = TABLE["dot"]
    faster = {name: config.model_copy(update=dict(clock_mhz=777.0)) for name, config in row.presets.items()}
    monkeypatch.setitem(TABLE, "dot", replace(row, presets=faster, comparable=None))
    assert all("dot" not in setup.configs for setup in setups().values()) and "small" in setups()
