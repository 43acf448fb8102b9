"""The engine's calls for weight updates: what is made of matrices and options, and what is refused."""

import numpy as np
import pytest

import cosim
from cosim.exchange import Copy, Report, UpdateResult, Weights
from rtl.golden import Rates
from rtl.sparsity import Sparsity
from tests.cosim.programs import RATES
from tests.cosim.support import TINY
from tests.support.spy import Spy


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
    assert all(
        np.array_equal(*pair)
        for pair in zip((given.weights, given.velocities, given.gradients), (w, v, g), strict=True)
    )
    assert (update.shape, update.channels, update.sparsity) == ((12, 0, 5), 6, Sparsity(2, 4))
    assert (update.layer, update.stage, update.momentum) == ("conv1", "update", True)


def test_a_reduction_is_run_with_its_weights_alone():
    spy, (w, _, _) = Spy(TINY), matrices()
    spy.reduce(w, "2:4", channels=6, layer="conv1")
    assert np.array_equal(spy.operands.weights, w)
    assert (spy.operands.velocities, spy.operands.gradients, spy.operands.rates) == (None, None, None)
    assert (spy.program.update.layer, spy.program.update.momentum) == ("conv1", False)


@pytest.mark.parametrize(
    "pattern, channels, n, forward, backward",
    [
        (None, 16, 16, False, False),
        ("dense", 16, 16, False, False),
        ("2:8", 8, 8, True, True),
        ("2:8", 7, 8, False, True),
        ("2:8", 8, 7, True, False),
        ("2:8", 7, 7, False, False),
        ("4:16", 15, 16, False, True),
        ("4:16", 16, 15, True, False),
        (Sparsity(1, 4), None, 4, True, True),
    ],
    ids=str,
)
def test_a_copy_is_made_where_there_are_channels_enough_for_a_group(pattern, channels, n, forward, backward):
    spy, ones = Spy(TINY), np.ones((2 * (channels or 8), n), np.float32)
    for result in (
        spy.update(ones, ones, ones, RATES, pattern, channels=channels),
        spy.reduce(ones, pattern, channels=channels),
    ):
        update = result.program.update
        assert (update.forward, update.backward) == (forward, backward)
        assert update.channels == (channels or 16)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", cosim.ENGINES)
def test_a_gradient_that_is_not_finite_skips_the_update_and_leaves_everything(name, value):
    engine, (w, v, g) = cosim.engine(name, TINY), matrices()
    engine._run = None  # nothing may run
    g[7, 3] = value
    before = w.copy(), v.copy()
    result = engine.update(w, v, g, RATES, "2:4")
    assert result.skipped and result.cycles == 0 and result.report == Report(0, [], [], 0, 0)
    assert result.program.update.k == 12
    for array, old in zip((result.updated.weights, result.updated.velocities), before, strict=True):
        assert np.array_equal(array, old) and array.dtype == np.float32
    assert (result.updated.half, result.updated.forward, result.updated.backward) == (None, None, None)


def test_a_gradient_of_any_finite_size_skips_nothing():
    spy, (w, v, g) = Spy(TINY), matrices()
    g[0, 0], g[1, 1] = np.finfo(np.float32).max, -np.finfo(np.float32).max
    w[0, 0], v[0, 0] = np.inf, np.nan
    assert not spy.update(w, v, g, RATES).skipped


@pytest.mark.parametrize(
    "change, text",
    [
        (dict(w=np.ones((4, 3))), "w must be float32 with 2 dimensions, not float64 with 2"),
        (dict(v=np.ones((4, 3), np.float16)), "v must be float32 with 2 dimensions, not float16"),
        (dict(g=np.ones(4, np.float32)), "g must be float32 with 2 dimensions, not float32 with 1"),
        (dict(g=np.ones((3, 4), np.float32)), r"w, v and g must have one shape, not \(4, 3\), \(4, 3\) and \(3, 4\)"),
        (dict(v=np.ones((4, 1), np.float32)), r"w, v and g must have one shape, not \(4, 3\), \(4, 1\) and \(4, 3\)"),
        (dict(channels=3), "k must be a multiple of the channels, 3, not 4"),
        (dict(channels=-1), "update size channels must be at least 1, not -1"),
        (dict(channels=0), "update size channels must be at least 1, not 0"),
        (dict(rates=None), "rates must be rtl.golden.Rates, not NoneType"),
        (dict(rates=Rates(0.1, scale=0.0)), "rates must be finite in FP32, 1 / scale too, not Rates.*scale=0.0"),
        (dict(sparsity="3:8"), "sparsity must be N:M with N in .*, not 3:8"),
        (dict(sparsity="2:16", config=dict(largest_m=8)), "2:16 needs M up to largest_m = 8 of configuration tiny"),
        (
            dict(w=np.ones((0, 3), np.float32), v=np.ones((0, 3), np.float32), g=np.ones((0, 3), np.float32)),
            "update size k must be at least 1, not 0",
        ),
        (
            dict(w=np.ones((4, 0), np.float32), v=np.ones((4, 0), np.float32), g=np.ones((4, 0), np.float32)),
            "update size n must be at least 1, not 0",
        ),
    ],
)
def test_an_update_that_is_none_is_refused_with_rule_and_value(change, text):
    ones = np.ones((4, 3), np.float32)
    given = dict(w=ones, v=ones, g=ones, rates=RATES, sparsity=None, config={}) | change
    config = TINY.model_copy(update=given.pop("config"))
    with pytest.raises(ValueError, match=text):
        Spy(config).update(**given)
    if not change.keys() & {"v", "g", "rates"}:
        with pytest.raises(ValueError, match=text):
            Spy(config).reduce(**{name: given[name] for name in ("w", "sparsity", "channels") if name in given})


@pytest.mark.parametrize("name", cosim.ENGINES)
def test_lists_strides_and_transposes_are_weights_like_others(name):
    engine, (w, v, g) = cosim.engine(name, TINY), matrices(10, 8)
    straight = engine.update(*(np.ascontiguousarray(x[::2, ::-1]) for x in (w, v, g)), RATES, "1:4").updated
    got = engine.update(*(np.asfortranarray(x)[::2, ::-1] for x in (w, v, g)), RATES, "1:4").updated
    for one, other in (
        (got.weights, straight.weights),
        (got.velocities, straight.velocities),
        (got.forward.values, straight.forward.values),
        (got.backward.indices, straight.backward.indices),
    ):
        assert np.array_equal(one, other) and one.size > 0
    assert isinstance(got.forward, Copy)
