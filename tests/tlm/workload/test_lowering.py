"""GEMMs and updates of each stage."""

from dataclasses import replace

import pytest

from rtl.sparsity import Sparsity
from tlm import Gemm, Update
from tlm.feature_map import FeatureMap
from tlm.workload.geometry import Geometry
from tlm.workload.layer import Conv, Product
from tlm.workload.lowering import Lowering, lowered, product_gemms
from tlm.workload.methods import STAGES, Scheme
from tlm.workload.step import Call, updates_of
from tlm.workload.window import Window

BDWP = Scheme.of("bdwp", 2, 8)
PATTERN = BDWP.sparsity


def lowering(scheme=BDWP, channels=16, outputs=24, **window):
    return Lowering("conv", scheme, Geometry(2, 6, 5, channels, outputs, Window(**window)))


def images(channels=16, stride=(1, 1), out=(6, 5), transposed=False):
    """Two images under the kernel of these tests."""
    return FeatureMap(2, 6, 5, channels, (3, 3), stride, (1, 1), (1, 1), out, transposed)


@pytest.mark.parametrize(
    "stage, gemm",
    [
        ("ff", Gemm(2 * 6 * 5, 9 * 16, 24, PATTERN, "fp16", "conv", "ff", images())),
        ("bp", Gemm(2 * 6 * 5, 9 * 24, 16, PATTERN, "fp16", "conv", "bp", images(24))),
        ("wu", Gemm(9 * 16, 2 * 6 * 5, 24, None, "fp32", "conv", "wu", images(transposed=True))),
    ],
)
def test_the_gemms_of_a_convolution_of_stride_1(stage, gemm):
    assert lowering(kernel=(3, 3), padding=(1, 1)).gemm(stage) == gemm


@pytest.mark.parametrize(
    "stage, gemm",
    [
        ("ff", Gemm(2 * 3 * 3, 9 * 16, 24, PATTERN, "fp16", "conv", "ff", images(16, (2, 2), (3, 3)))),
        ("bp", Gemm(2 * 3 * 3, 24, 9 * 16, PATTERN, "fp32", "conv", "bp")),
        ("wu", Gemm(9 * 16, 2 * 3 * 3, 24, None, "fp32", "conv", "wu", images(16, (2, 2), (3, 3), True))),
    ],
)
def test_the_gemms_of_a_strided_convolution(stage, gemm):
    assert lowering(kernel=(3, 3), stride=(2, 2), padding=(1, 1)).gemm(stage) == gemm


def test_an_operand_that_is_the_images_themselves_has_no_other_source():
    assert [lowering().gemm(stage).source for stage in ("ff", "bp", "wu")] == [None] * 3


def test_a_strided_bp_costs_no_more_than_ff():
    strided = lowering(kernel=(3, 3), stride=(2, 2), padding=(1, 1))
    assert strided.gemm("bp").macs == strided.gemm("ff").macs


def test_ragged_channels_are_filled_up_only_where_groups_would_straddle_positions():
    assert lowering(channels=11, kernel=(3, 3)).gemm("ff").k == 9 * 16
    assert lowering(channels=11, kernel=(3, 3)).gemm("wu").m == 9 * 11
    assert lowering(channels=11).gemm("ff").k == 11
    assert lowering(channels=7, kernel=(3, 3)).gemm("ff") == lowering(Scheme(), 7, kernel=(3, 3)).gemm("ff")
    assert lowering(outputs=11, kernel=(3, 3), padding=(1, 1)).gemm("bp").k == 9 * 16
    assert lowering(outputs=11, kernel=(3, 3), stride=(2, 2)).gemm("bp").k == 11


def test_pruned_gradients_are_the_second_operand_of_the_transpose_and_are_reduced_before():
    layer = lowering(Scheme.of("sdgp", 2, 8), kernel=(3, 3), padding=(1, 1))
    gemm = layer.gemm("bp")
    assert gemm == Gemm(16, 9 * 24, 2 * 6 * 5, PATTERN, "fp16", "conv", "bp", source_b=images(24))
    assert layer.reductions() == [
        Update(60, 24, 60, PATTERN, backward=True, momentum=False, layer="conv", stage="reduce", half=False)
    ]
    strided = lowering(Scheme.of("sdgp", 2, 8), kernel=(3, 3), stride=(2, 2), padding=(1, 1)).gemm("bp")
    assert strided == Gemm(9 * 16, 24, 2 * 3 * 3, PATTERN, "fp32", "conv", "bp")
    few = lowering(Scheme.of("sdgp", 2, 8), outputs=7)
    assert few.reductions() == [] and few.gemm("bp") == Gemm(60, 7, 16, None, "fp16", "conv", "bp")


@pytest.mark.parametrize(
    "method, ff, bp, forward, backward, half",
    [
        ("dense", None, None, False, False, True),
        ("srste", PATTERN, None, True, False, True),
        ("sdgp", None, PATTERN, False, False, True),
        ("sdwp", None, PATTERN, False, True, True),
        ("bdwp", PATTERN, PATTERN, True, True, False),
    ],
)
def test_each_method_skips_in_its_stages_and_its_update_makes_their_copies(method, ff, bp, forward, backward, half):
    layer = lowering(Scheme.of(method, 2, 8), kernel=(3, 3), padding=(1, 1))
    assert (layer.gemm("ff").sparsity, layer.gemm("bp").sparsity, layer.gemm("wu").sparsity) == (ff, bp, None)
    (update,) = layer.updates({layer.reading(stage) for stage in ("ff", "bp")})
    assert (update.forward, update.backward, update.half) == (forward, backward, half)
    assert layer.updates({layer.reading("ff")})[0].backward is False and layer.bias_update().shape == (1, 0, 24)


def test_a_layer_that_is_to_stay_dense_is():
    conv = Conv("head", 16, 24, 6, 5)
    scheme = Scheme.of("bdwp", 2, 8, dense=("he*",))
    assert lowered(conv, 2, scheme).gemm("ff").sparsity is None
    assert lowered(conv, 2, Scheme.of("bdwp", 2, 8)).gemm("ff").sparsity == PATTERN


def test_products_without_weights_are_dense_and_have_two_gradients():
    gemms = product_gemms(Product("scores", 17, 64, 19, 3), 5)
    assert {name: (gemm.shape, gemm.count, gemm.stage, gemm.output) for name, gemm in gemms.items()} == {
        "ff": ((17, 64, 19), 15, "ff", "fp16"),
        "left": ((17, 19, 64), 15, "bp", "fp16"),
        "right": ((64, 17, 19), 15, "bp", "fp16"),
    }
    assert len({gemm.macs for gemm in gemms.values()}) == 1


def grouped(groups=2, channels=16, outputs=24, scheme=BDWP, transposed=False, **window):
    return Lowering("conv", scheme, Geometry(2, 6, 5, channels, outputs, Window(**window), groups), transposed)


def read_by(layer, *stages):
    """The updates of weights that these stages read."""
    return layer.updates({layer.reading(stage) for stage in stages})


def test_groups_are_as_many_products_of_their_channels():
    alone, beside = lowering(kernel=(3, 3), padding=(1, 1)), grouped(kernel=(3, 3), padding=(1, 1))
    for stage in STAGES:
        assert beside.gemm(stage) == replace(alone.gemm(stage), count=2)
    assert grouped(channels=7, outputs=24).gemm("ff").sparsity is None  # a group has fewer than M channels
    assert grouped(channels=7, outputs=24).gemm("bp").sparsity == PATTERN


@pytest.mark.parametrize("outputs, updates", [(24, [(144, 48)]), (12, [(144, 12)] * 2), (7, [(144, 14)])])
def test_the_update_of_groups_is_one_unless_a_copys_groups_would_straddle_them(outputs, updates):
    found = read_by(grouped(outputs=outputs, kernel=(3, 3)), "ff", "bp")
    assert [(one.k, one.n) for one in found] == updates and all(one.channels == 16 for one in found)
    assert [(one.k, one.n) for one in read_by(grouped(outputs=outputs, kernel=(3, 3)), "ff")] == [(144, 2 * outputs)]
    pruned = grouped(outputs=outputs, scheme=Scheme.of("sdgp", 2, 8), kernel=(3, 3)).reductions()
    assert [one.n for one in pruned] == {24: [48], 12: [12, 12], 7: []}[outputs]


@pytest.mark.parametrize("stride", [(1, 1), (2, 2)])
def test_a_transposed_convolution_is_a_convolution_whose_passes_change_places(stride):
    window = dict(kernel=(3, 3), stride=stride, padding=(1, 1))
    usual, turned = lowering(Scheme(), **window), grouped(1, scheme=Scheme(), transposed=True, **window)
    assert (turned.down, turned.up) == ("bp", "ff")
    for stage, other in (("ff", "bp"), ("bp", "ff"), ("wu", "wu")):
        assert turned.gemm(stage) == replace(usual.gemm(other), stage=stage)
    assert turned.bias_update().n == 16


def test_of_a_transposed_convolution_each_stage_is_pruned_along_what_it_sums():
    for method, ff, bp in (("bdwp", PATTERN, PATTERN), ("srste", PATTERN, None), ("sdwp", None, PATTERN)):
        layer = grouped(1, scheme=Scheme.of(method, 2, 8), transposed=True, kernel=(3, 3))
        assert (layer.gemm("ff").sparsity, layer.gemm("bp").sparsity) == (ff, bp)
        (update,) = read_by(layer, "ff", "bp")
        # Its input channels are the columns of the weights, its output channels the rows of a kernel position.
        assert (update.forward, update.backward) == (bp is not None, ff is not None)
    pruned = grouped(1, scheme=Scheme.of("sdgp", 2, 8), transposed=True, kernel=(3, 3), padding=(1, 1))
    assert pruned.gemm("bp") == Gemm(24, 9 * 16, 60, PATTERN, "fp16", "conv", "bp", source_b=images())


def test_a_layer_with_a_pattern_of_its_own_has_it():
    conv = Conv("layer4.0", 16, 24, 6, 5)
    scheme = Scheme.of("bdwp", 2, 8, by_layer=(("layer*", Sparsity(1, 4)), ("layer4.*", Sparsity(1, 8)), ("fc", None)))
    assert lowered(conv, 2, scheme).gemm("ff").sparsity == Sparsity(1, 8)  # the last that fits
    assert lowered(replace(conv, name="layer1"), 2, scheme).gemm("ff").sparsity == Sparsity(1, 4)
    assert lowered(replace(conv, name="stem"), 2, scheme).gemm("ff").sparsity == PATTERN
    assert lowered(replace(conv, name="fc"), 2, scheme).gemm("ff").sparsity is None


def test_copies_before_use_are_those_that_a_stage_reads():
    layer = lowering(kernel=(3, 3))
    (forward,), (backward,) = layer.copies("ff"), layer.copies("bp")
    assert (forward.forward, forward.backward) == (True, False) and (backward.forward, backward.backward) == (
        False,
        True,
    )
    assert not forward.momentum and forward.stage == "reduce" and not forward.half
    assert lowering(Scheme(), kernel=(3, 3)).copies("ff") == [] == lowering(channels=7).copies("ff")


def test_of_a_weight_that_is_used_both_ways_all_copies_are_made_that_are_read():
    layer = Conv("a", 16, 16, 1, 1)
    calls = [Call(layer, 2, turned=turned, weight="w") for turned in (False, True)]
    # SR-STE's backward pass reads dense weights.
    for method, copies in (
        ("srste", (True, True, True)),
        ("bdwp", (True, True, False)),
        ("dense", (False, False, True)),
    ):
        (update,) = updates_of(calls, Scheme.of(method, 2, 8))
        assert (update.forward, update.backward, update.half) == copies
