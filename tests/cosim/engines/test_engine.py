"""Engines by name, operands that are refused, weights that are pruned, and what comes back."""

import numpy as np
import pytest

import cosim
from cosim import Operands
from cosim.accelerators import check_hardware
from cosim.check.checker import Checker
from cosim.check.recorder import Recorder
from cosim.engines.functional import Functional
from cosim.exchange import GemmResult
from rtl.golden import nm_mask
from rtl.sat.config import PRESETS, SystolicConfig
from rtl.sparsity import Sparsity
from tests.cosim.programs import program_of, update_of
from tests.cosim.support import TINY, operands
from tests.support.spy import Spy
from tlm import Gemm, Mapping, Update


def test_every_engine_is_made_by_its_name():
    assert list(cosim.ENGINES) == ["functional", "myhdl", "icarus", "verilator"]
    for name, kind in cosim.ENGINES.items():
        engine = cosim.engine(name, TINY)
        assert type(engine) is kind and engine.name == name and engine.config is TINY


def test_the_functional_engine_alone_is_the_reference_and_only_sigmas_programs_depend_on_zeros():
    assert [name for name, kind in cosim.ENGINES.items() if kind.is_reference] == ["functional"]
    for accelerator, on_zeros in (("sat", False), ("sigma", True)):
        recorder = Recorder(cosim.engine("functional", "small", accelerator))
        assert (recorder.is_reference, recorder.programs_depend_on_zeros) == (False, on_zeros)


def test_a_preset_is_made_by_its_name_and_small_is_the_default():
    assert cosim.engine("functional").config == PRESETS["small"]
    for name, config in PRESETS.items():
        assert cosim.engine("functional", name).config == config


def test_an_unknown_engine_or_configuration_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match="engine must be one of functional, myhdl, icarus, verilator, not 'vcs'"):
        cosim.engine("vcs")
    with pytest.raises(ValueError, match="config must be one of small, medium, vcu1525 .*'huge'"):
        cosim.engine("functional", "huge")


def test_an_option_that_the_engine_does_not_have_is_refused():
    with pytest.raises(ValueError, match="engine myhdl has no option 'waves'"):
        cosim.engine("myhdl", TINY, waves="x.vcd")


@pytest.mark.parametrize(
    "a, b, text",
    [
        (np.ones((2, 3)), np.ones((3, 2), np.float16), "operand a must be float16 with 2 dimensions, not float64"),
        (
            np.ones((2, 3), np.float16),
            np.ones((3, 2), np.float32),
            "operand b must be float16 .*, not float32",
        ),
        (np.ones(3, np.float16), np.ones((3, 2), np.float16), "operand a .*, not float16 with 1"),
        (np.ones((2, 3), np.float16), np.ones((1, 3, 2), np.float16), "operand b .*, not float16 with 3"),
        (np.ones((2, 3), np.float16), np.ones((4, 2), np.float16), "a and b must agree in K, not 3 and 4"),
        (np.ones((0, 3), np.float16), np.ones((3, 2), np.float16), "size m must be at least 1, not 0"),
        (np.ones((2, 0), np.float16), np.ones((0, 2), np.float16), "size k must be at least 1, not 0"),
        (np.ones((2, 3), np.float16), np.ones((3, 0), np.float16), "size n must be at least 1, not 0"),
    ],
)
@pytest.mark.parametrize("name", cosim.ENGINES)
def test_operands_that_are_no_product_are_refused(name, a, b, text):
    with pytest.raises(ValueError, match=text):
        cosim.engine(name, TINY).gemm(a, b)


@pytest.mark.parametrize("sparsity", ["8:2", "3:8", "2:32", "4:4", "2", "2:8:1", "half", "", "-2:8"])
def test_patterns_that_the_hardware_does_not_know_are_refused(sparsity):
    with pytest.raises(ValueError, match="sparsity must"):
        Spy(TINY).gemm(*operands(2, 16, 2), sparsity)


def test_a_group_longer_than_the_datapath_takes_is_refused():
    narrow = TINY.model_copy(update=dict(largest_m=8))
    assert Spy(narrow).gemm(*operands(2, 16, 2), "2:8").cycles == 7
    with pytest.raises(ValueError, match="2:16 needs M up to largest_m = 8"):
        Spy(narrow).gemm(*operands(2, 16, 2), "2:16")


def test_an_unknown_output_is_refused():
    with pytest.raises(ValueError, match="output must be one of fp32, fp16, not 'bf16'"):
        Spy(TINY).gemm(*operands(2, 3, 2), output="bf16")


@pytest.mark.parametrize("sparsity", ["2:8", Sparsity(2, 8)])
def test_b_is_pruned_along_k_and_the_caller_keeps_his_own(sparsity):
    spy, (a, b) = Spy(TINY), operands(3, 19, 5)
    a_before, b_before = a.copy(), b.copy()
    spy.gemm(a, b, sparsity)
    mask = nm_mask(b, 2, 8)
    assert mask.sum() == 5 * 6 and np.array_equal(spy.operands.b, np.where(mask, b, 0))
    assert np.array_equal(spy.operands.a, a_before) and np.array_equal(a, a_before) and np.array_equal(b, b_before)


@pytest.mark.parametrize("sparsity", [None, "dense"])
def test_dense_prunes_nothing(sparsity):
    spy, (a, b) = Spy(TINY), operands(3, 19, 5)
    spy.gemm(a, b, sparsity)
    assert np.array_equal(spy.operands.b, b) and spy.program.gemm.sparsity is None


def test_the_program_names_layer_and_stage():
    spy = Spy(TINY)
    result = spy.gemm(*operands(3, 19, 5), "2:8", output="fp16", layer="conv1", stage="ff")
    gemm = result.program.gemm
    assert result.program is spy.program and result.program.config is TINY
    assert (gemm.m, gemm.k, gemm.n, gemm.output, gemm.layer, gemm.stage) == (3, 19, 5, "fp16", "conv1", "ff")


def test_the_mapping_is_a_dataflow_with_its_largest_tiles_or_one_of_its_own():
    spy, mine = Spy(TINY), Mapping("ws", 3, 2, 4, "columns")
    for mapping, expected in (("os", Mapping("os", 2, 8, 16)), ("ws", Mapping("ws", 4, 8, 8)), (mine, mine)):
        assert spy.gemm(*operands(3, 19, 5), mapping=mapping).program.mapping == expected
    assert spy.gemm(*operands(3, 19, 5)).program.mapping.dataflow == "os"


@pytest.mark.parametrize(
    "mapping, text",
    [
        ("is", "dataflow must be one of os, ws, not 'is'"),
        (Mapping("ws", 5, 1, 4), r"rows of a tile must be from 1 to 4 \(ws, tiny\), not 5"),
        (Mapping("os", 1, 1, 4, "k"), "order must be one of rows, columns, not 'k'"),
    ],
)
def test_a_mapping_that_the_hardware_does_not_know_is_refused(mapping, text):
    with pytest.raises(ValueError, match=text):
        Spy(TINY).gemm(*operands(2, 16, 2), mapping=mapping)


def test_a_result_gives_c_cycles_and_tiles():
    result = Spy(TINY).gemm(*operands(3, 19, 5))
    assert isinstance(result, GemmResult) and result.c.shape == (3, 5)
    assert (result.cycles, result.tiles, result.report.stores) == (7, [3, 4], [7])
    with pytest.raises(AttributeError):
        result.c = None


@pytest.mark.parametrize("name", cosim.ENGINES)
def test_lists_strides_and_transposes_are_operands_like_others(name):
    engine, (a, b) = cosim.engine(name, TINY), operands(6, 10, 7)
    straight = engine.gemm(np.ascontiguousarray(a[::2]), np.ascontiguousarray(b[:, ::-1])).c
    assert np.array_equal(engine.gemm(a[::2], np.asfortranarray(b[:, ::-1])).c, straight)
    assert straight.size == 21


@pytest.mark.parametrize("shapes", [((5, 8), (8, 4)), ((4, 9), (9, 4)), ((4, 8), (8, 5))])
def test_operands_that_are_not_those_of_the_gemm_are_refused(shapes):
    a, b = (np.ones(shape, np.float16) for shape in shapes)
    with pytest.raises(ValueError, match=r"operands of a 4 x 8 x 4 GEMM must be \(4, 8\) and \(8, 4\), not "):
        Spy(TINY).execute(Gemm(4, 8, 4), a, b)


def test_a_gemm_of_a_network_is_executed_as_it_is_described():
    spy, (a, b) = Spy(TINY), operands(3, 19, 5)
    gemm = Gemm(3, 19, 5, Sparsity(2, 8), "fp16", "conv1", "ff")
    result = spy.execute(gemm, a, b, "ws")
    assert result.program.gemm is gemm and result.program.dataflow == "ws"
    assert np.array_equal(spy.operands.b, np.where(nm_mask(b, 2, 8), b, 0))


@pytest.mark.parametrize(
    "refuse, text",
    [
        (lambda engine: engine.execute(Update(8, 8, 8), *operands(2, 3, 2)), "a tlm.Gemm is executed, not a Update"),
        (lambda engine: engine.perform(None, *operands(2, 3, 2)), "a program on this accelerator must be a .*NoneType"),
        (
            lambda engine: engine.perform(update_of(3, 4, 3), *operands(2, 3, 2)),
            "a program of a GEMM is needed, not .*",
        ),
        (lambda engine: engine.gemm(None, np.ones((3, 2))), "operand a must be an array of numbers, not NoneType"),
        (lambda engine: engine.gemm([[1], [2, 3]], np.ones((3, 2))), "operand a must be an array, not list: .*"),
        (lambda engine: engine.gemm(*np.ma.ones((2, 3, 3), np.float16)), "operand a must be an array, not MaskedArray"),
        (lambda engine: engine.gemm(*operands(2, 3, 2), 3), "sparsity must look like 2:8 or dense, not 3"),
        (lambda engine: engine.gemm(*operands(2, 3, 2), output=["fp16"]), r"output must be one of .*, not \['fp16'\]"),
    ],
)
def test_a_call_with_something_of_another_kind_is_one_line(refuse, text):
    spy = Spy(TINY)
    with pytest.raises(ValueError, match=f"^{text}$"):
        refuse(spy)
    assert not hasattr(spy, "program")


def test_a_program_runs_under_another_name_and_clock_but_on_no_other_hardware():
    renamed = TINY.model_copy(update=dict(name="mine", clock_mhz=1.0))
    result, spy = Functional(renamed).gemm(*operands(2, 3, 2)), Spy(TINY)
    spy.perform(result.program, *operands(2, 3, 2))
    assert spy.program is result.program
    check_hardware(renamed, TINY)
    for have, text in (
        (TINY.model_copy(update=dict(chunk=32)), "chunk must be 16, not 32"),
        (SystolicConfig.of(TINY), "it must be a SatConfig, not a SystolicConfig"),
    ):
        with pytest.raises(ValueError, match=f"^the program is for another configuration: {text}$"):
            check_hardware(have, TINY)


def test_every_run_of_an_engine_around_another_is_checked_too():
    program = program_of(2, 3, 2)
    for outer in (Checker(Functional(TINY)), Recorder(Functional(TINY))):
        with pytest.raises(ValueError, match=r"^operands of a 2 x 3 x 2 GEMM must be \(2, 3\) and \(3, 2\), not "):
            outer.run(program, Operands(*operands(3, 2, 3)))
    assert "run" not in vars(Checker) | vars(Recorder) | vars(Functional)
