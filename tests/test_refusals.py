"""Values that once gave wrong numbers, were taken without a word, or ended in a traceback: one ValueError each."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
import torch

import cosim
from rtl.golden import Rates
from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA
from rtl.sparsity import Sparsity
from tests.support.refused import refused
from tests.support.toy import add_toy
from tlm import Gemm, Mapping, Memory, Plan, Update, make_plan, predict, schedule, schedule_update
from tlm.accelerator import extended
from tlm.accelerators import TABLE
from tlm.compare import Case, Setup, compare, setups
from tlm.memory import ConstantRates
from tlm.report import step_report
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.zeros import ExactZeros, UniformDensity
from tlm.step import cost
from training import convert

SMALL, MEDIUM = PRESETS["small"], PRESETS["medium"]
GEMM = Gemm(8, 16, 8)


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
    refused("must have 2 or 3 dimensions, not 0", ExactZeros.of, 1.0, b)
    refused("an operand must be an array of numbers, not NoneType", ExactZeros.of, None, b)
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


class OwnMemory(Memory):
    """A memory that says no size of its buffer, or a wrong one."""

    def __init__(self, buffer_bytes=None):
        self.buffer_bytes = buffer_bytes

    def read(self, beats, size):
        return beats

    write = read


@pytest.mark.parametrize("size", [None, -1, 1.5, True, np.int64(4)], ids=repr)
def test_every_memory_says_the_whole_bytes_of_its_buffer(size):
    refused("buffer_bytes of a memory must be an int from 0 on, not", schedule, GEMM, SMALL, memory=OwnMemory(size))
    refused("buffer_bytes of a memory must be", replace, schedule(GEMM, SMALL), memory=OwnMemory(size))
    assert schedule(GEMM, SMALL, memory=OwnMemory(0)).memory.buffer_bytes == 0


@pytest.mark.parametrize(
    "rate", ["fast", None, 10**400, inf, -1, 1j, 5e-324, np.float32(3), True], ids=lambda rate: repr(rate)[:9]
)
def test_rates_of_a_memory_are_numbers_that_a_float_can_hold(rate):
    refused("read_rate of a memory must be bytes a cycle, a float from 2^-64 on, not", ConstantRates, 0, 0, rate, 1.0)
    refused("write_rate of a memory must be bytes a cycle, a float from 2^-64 on, not", ConstantRates, 0, 0, 1.0, rate)


def test_rates_of_an_update_are_numbers_of_fp32():
    engine, w = cosim.engine("functional", SMALL), np.ones((4, 4), np.float32)
    refused("rates must be numbers of FP32, not", engine.update, w, w, w, Rates(10**400))


@pytest.mark.parametrize("n, m", [(2.0, 8.0), (True, 8), (np.int64(2), 8), (2, np.int8(8)), ("2", "8")], ids=repr)
def test_a_pattern_is_of_ints(n, m):
    refused(f"N and M of a sparsity must be ints, not {n!r} and {m!r}", Sparsity, n, m)


def test_an_update_is_of_sizes_that_end_and_of_flags():
    refused("update size k must be at most 2^27, not", Update, 2**31, 8, 8)
    for name in ("forward", "backward", "momentum", "half"):
        for flag in ("no", 1, np.True_):
            refused(f"{name} of an update must be True or False, not", Update, 8, 8, 8, **{name: flag})
    refused("momentum of an update must be True or False, not None", Update, 8, 8, 8, momentum=None)


@pytest.mark.parametrize("name", [["os"], {}, None, 5], ids=repr)
def test_names_that_cannot_be_hashed_are_refused_as_all_unknown_ones(name):
    refused("dataflow must be one of os, ws, not", schedule, GEMM, SMALL, Mapping(name, 4, 4, 8))
    refused("order must be one of rows, columns, not", schedule, GEMM, SMALL, Mapping("os", 4, 4, 8, name))
    for mapping, words in (
        (SigmaMapping(name, 4, 4), "operand must be one of mk, kn"),
        (SigmaMapping("mk", 4, 4, name), "order must"),
    ):
        refused(words, schedule, GEMM, SIGMA["small"], mapping)
    for field in ("layer", "stage"):
        refused("layer and stage of a GEMM must be names, not", Gemm, 1, 1, 1, **{field: name})
        refused("layer and stage of an update must be names, not", Update, 1, 1, 1, **{field: name})


def test_zeros_that_one_could_still_change_are_refused():
    words, base = "a bitmap must be an array that cannot be written", np.ones((1, 2, 3), bool)
    (view := base.view()).flags.writeable = False
    for bitmap in (base, view):
        refused(words, ExactZeros, bitmap, np.ones((1, 3, 2), bool))
    refused("an operand must be an array, not MaskedArray", ExactZeros.of, np.ma.ones((2, 3)), np.ones((3, 2)))
    refused("margin must be at least 0", UniformDensity, 0.5, 0.5, "wide")


def test_a_comparison_is_of_cases_and_a_plan_no_class():
    refused("a Case is compared, not a Gemm", compare, [GEMM], setups()["small"])
    refused("a case must be of a Gemm, not of a Update", Case, Update(8, 8, 8))
    refused("a comparison must be by a Setup", compare, [Case(GEMM)], {"sat": SMALL})
    refused("configs must be a mapping", Setup, [SMALL])
    refused("the configuration of sat must be a Config, not 'small'", Setup, {"sat": "small"})
    refused("a plan must be one such as tlm.make_plan makes, not", cost, [GEMM], SMALL, Plan)


def test_an_update_is_scheduled_by_the_table():
    update = Update(16, 8, 16)
    assert schedule_update(update, SMALL) == cosim.engine("functional", SMALL).schedule_update(update)
    refused("SIGMA updates no weights", schedule_update, update, SIGMA["small"])
    refused("a configuration must be one of", schedule_update, update, "small")
    refused("an Update is scheduled, not a Gemm", schedule_update, GEMM, SMALL)


def test_an_accelerator_adds_to_definitions_that_are_there():
    assert extended(dict(a="one", b="two"), "on X", dict(b="three")) == dict(a="one", b="two; on X three")
    refused("on X can add to the definition of a, b, not of 'c'", extended, dict(a="", b=""), "on X", dict(c=""))
