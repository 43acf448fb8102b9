"""The door: engines by name, operands that are refused, weights that are pruned, and what comes back."""
import numpy as np
import pytest

import cosim
from cosim.engine import Engine
from cosim.exchange import Copy, GemmResult, Report, Updated, UpdateResult, Weights
from rtl.config import PRESETS
from rtl.golden import nm_mask
from rtl.sparsity import Sparsity
from tests.cosim.programs import RATES
from tests.cosim.support import TINY, operands
from tlm import Gemm, Mapping, UpdateProgram


class Spy(Engine):
    """Keeps what it is asked to run, and answers with zeros."""

    name = "spy"

    def run(self, program, operands):
        self.program, self.operands = program, operands
        if isinstance(program, UpdateProgram):
            return Updated(None, None, None, None, None), Report(7, [3, 4], [7], 5, 2)
        return np.zeros((program.gemm.m, program.gemm.n), np.float32), Report(7, [3, 4], [7], 5, 2)


def test_every_engine_is_made_by_its_name():
    assert list(cosim.ENGINES) == ["functional", "myhdl", "icarus"]
    for name, kind in cosim.ENGINES.items():
        engine = cosim.engine(name, TINY)
        assert type(engine) is kind and engine.name == name and engine.config is TINY


def test_a_preset_is_made_by_its_name_and_small_is_the_default():
    assert cosim.engine("functional").config == PRESETS["small"]
    for name, config in PRESETS.items():
        assert cosim.engine("functional", name).config == config


def test_an_unknown_engine_or_configuration_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match="engine must be one of functional, myhdl, icarus, not 'vcs'"):
        cosim.engine("vcs")
    with pytest.raises(ValueError, match="config must be one of small, medium, vcu1525 .*'huge'"):
        cosim.engine("functional", "huge")


def test_an_option_that_the_engine_does_not_have_is_refused():
    with pytest.raises(ValueError, match="engine myhdl has no option 'waves'"):
        cosim.engine("myhdl", TINY, waves="x.vcd")


@pytest.mark.parametrize("a, b, words", [
    (np.ones((2, 3)), np.ones((3, 2), np.float16), "operand a must be a float16 matrix, not float64"),
    (np.ones((2, 3), np.float16), np.ones((3, 2), np.float32), "operand b must be a float16 matrix, not float32"),
    (np.ones(3, np.float16), np.ones((3, 2), np.float16), "operand a .* with 1 dimensions"),
    (np.ones((2, 3), np.float16), np.ones((1, 3, 2), np.float16), "operand b .* with 3 dimensions"),
    (np.ones((2, 3), np.float16), np.ones((4, 2), np.float16), "a and b must agree in K, not 3 and 4"),
    (np.ones((0, 3), np.float16), np.ones((3, 2), np.float16), "size m must be at least 1, not 0"),
    (np.ones((2, 0), np.float16), np.ones((0, 2), np.float16), "size k must be at least 1, not 0"),
    (np.ones((2, 3), np.float16), np.ones((3, 0), np.float16), "size n must be at least 1, not 0")])
@pytest.mark.parametrize("name", cosim.ENGINES)
def test_operands_that_are_no_product_are_refused(name, a, b, words):
    with pytest.raises(ValueError, match=words):
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


@pytest.mark.parametrize("mapping, words", [
    ("is", "dataflow must be one of os, ws, not 'is'"),
    (Mapping("ws", 5, 1, 4), r"rows of a tile must be from 1 to 4 \(ws, tiny\), not 5"),
    (Mapping("os", 1, 1, 4, "k"), "order must be one of rows, columns, not 'k'")])
def test_a_mapping_that_the_hardware_does_not_know_is_refused(mapping, words):
    with pytest.raises(ValueError, match=words):
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


def test_a_gemm_of_a_network_is_executed_as_it_is_described():
    spy, (a, b) = Spy(TINY), operands(3, 19, 5)
    gemm = Gemm(3, 19, 5, Sparsity(2, 8), "fp16", "conv1", "ff")
    result = spy.execute(gemm, a, b, "ws")
    assert result.program.gemm is gemm and result.program.dataflow == "ws"
    assert np.array_equal(spy.operands.b, np.where(nm_mask(b, 2, 8), b, 0))


def matrices(k=12, n=5):
    numbers = np.random.default_rng(2)
    return [numbers.standard_normal((k, n)).astype(np.float32) for _ in range(3)]


def test_an_update_is_run_with_its_matrices_and_constants():
    spy, (w, v, g) = Spy(TINY), matrices()
    result = spy.update(w, v, g, RATES, "2:4", channels=6, layer="conv1")
    assert isinstance(result, UpdateResult) and not result.skipped and result.cycles == 7
    assert result.program is spy.program and result.program.config is TINY
    given, update = spy.operands, spy.program.update
    assert isinstance(given, Weights) and given.rates is RATES
    assert all(np.array_equal(*pair) for pair in zip((given.weights, given.velocities, given.gradients), (w, v, g)))
    assert (update.shape, update.channels, update.sparsity) == ((12, 0, 5), 6, Sparsity(2, 4))
    assert (update.layer, update.stage, update.momentum) == ("conv1", "update", True)


def test_a_reduction_is_run_with_its_weights_alone():
    spy, (w, _, _) = Spy(TINY), matrices()
    spy.reduce(w, "2:4", channels=6, layer="conv1")
    assert np.array_equal(spy.operands.weights, w)
    assert (spy.operands.velocities, spy.operands.gradients, spy.operands.rates) == (None, None, None)
    assert (spy.program.update.layer, spy.program.update.momentum) == ("conv1", False)


@pytest.mark.parametrize("pattern, channels, n, forward, backward", [
    (None, 16, 16, False, False), ("dense", 16, 16, False, False),
    ("2:8", 8, 8, True, True), ("2:8", 7, 8, False, True), ("2:8", 8, 7, True, False), ("2:8", 7, 7, False, False),
    ("4:16", 15, 16, False, True), ("4:16", 16, 15, True, False), (Sparsity(1, 4), None, 4, True, True)], ids=str)
def test_a_copy_is_made_where_there_are_channels_enough_for_a_group(pattern, channels, n, forward, backward):
    spy, ones = Spy(TINY), np.ones((2 * (channels or 8), n), np.float32)
    for result in (spy.update(ones, ones, ones, RATES, pattern, channels=channels),
                   spy.reduce(ones, pattern, channels=channels)):
        update = result.program.update
        assert (update.forward, update.backward) == (forward, backward)
        assert update.channels == (channels or 16)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", cosim.ENGINES)
def test_a_gradient_that_is_not_finite_skips_the_update_and_leaves_everything(name, value):
    engine, (w, v, g) = cosim.engine(name, TINY), matrices()
    engine.run = None                               # nothing may run
    g[7, 3] = value
    before = w.copy(), v.copy()
    result = engine.update(w, v, g, RATES, "2:4")
    assert result.skipped and result.cycles == 0 and result.report == Report(0, [], [], 0, 0)
    assert result.program.update.k == 12
    for array, old in zip((result.updated.weights, result.updated.velocities), before):
        assert np.array_equal(array, old) and array.dtype == np.float32
    assert (result.updated.half, result.updated.forward, result.updated.backward) == (None, None, None)


def test_a_gradient_of_any_finite_size_skips_nothing():
    spy, (w, v, g) = Spy(TINY), matrices()
    g[0, 0], g[1, 1] = np.finfo(np.float32).max, -np.finfo(np.float32).max
    w[0, 0], v[0, 0] = np.inf, np.nan
    assert not spy.update(w, v, g, RATES).skipped


@pytest.mark.parametrize("change, words", [
    (dict(w=np.ones((4, 3))), "w must be a float32 matrix, not float64 with 2 dimensions"),
    (dict(v=np.ones((4, 3), np.float16)), "v must be a float32 matrix, not float16"),
    (dict(g=np.ones(4, np.float32)), "g must be a float32 matrix, not float32 with 1 dimensions"),
    (dict(g=np.ones((3, 4), np.float32)), r"w, v and g must have one shape, not \(4, 3\), \(4, 3\) and \(3, 4\)"),
    (dict(v=np.ones((4, 1), np.float32)), r"w, v and g must have one shape, not \(4, 3\), \(4, 1\) and \(4, 3\)"),
    (dict(channels=3), "k must be a multiple of the channels, 3, not 4"),
    (dict(channels=-1), "update size channels must be at least 1, not -1"),
    (dict(sparsity="3:8"), "sparsity must be N:M with N in .*, not 3:8"),
    (dict(sparsity="2:16", config=dict(largest_m=8)), "2:16 needs M up to largest_m = 8 of configuration tiny"),
    (dict(w=np.ones((0, 3), np.float32), v=np.ones((0, 3), np.float32), g=np.ones((0, 3), np.float32)),
     "update size k must be at least 1, not 0"),
    (dict(w=np.ones((4, 0), np.float32), v=np.ones((4, 0), np.float32), g=np.ones((4, 0), np.float32)),
     "update size n must be at least 1, not 0")])
def test_an_update_that_is_none_is_refused_with_rule_and_value(change, words):
    ones = np.ones((4, 3), np.float32)
    given = dict(w=ones, v=ones, g=ones, rates=RATES, sparsity=None, config={}) | change
    config = TINY.model_copy(update=given.pop("config"))
    with pytest.raises(ValueError, match=words):
        Spy(config).update(**given)
    if not change.keys() & {"v", "g"}:
        with pytest.raises(ValueError, match=words):
            Spy(config).reduce(**{name: given[name] for name in ("w", "sparsity", "channels") if name in given})


@pytest.mark.parametrize("name", cosim.ENGINES)
def test_lists_strides_and_transposes_are_weights_like_others(name):
    engine, (w, v, g) = cosim.engine(name, TINY), matrices(10, 8)
    straight = engine.update(*(np.ascontiguousarray(x[::2, ::-1]) for x in (w, v, g)), RATES, "1:4").updated
    got = engine.update(*(np.asfortranarray(x)[::2, ::-1] for x in (w, v, g)), RATES, "1:4").updated
    for one, other in ((got.weights, straight.weights), (got.velocities, straight.velocities),
                       (got.forward.values, straight.forward.values),
                       (got.backward.indices, straight.backward.indices)):
        assert np.array_equal(one, other) and one.size > 0
    assert isinstance(got.forward, Copy)
