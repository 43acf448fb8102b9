"""A training step of layers that are called one after another."""

import pytest

from rtl.sparsity import Sparsity
from tlm import Gemm, Update
from tlm.workload.layer import Conv, Product
from tlm.workload.methods import METHODS, Scheme
from tlm.workload.networks import NETWORKS, layers
from tlm.workload.step import Call, calls_of, gemms_of, updates_of, whole_step

LAYERS = [
    Conv("stem", 3, 16, 8, 8, (3, 3), padding=(1, 1)),
    Conv("body", 16, 24, 8, 8, (3, 3), padding=(1, 1)),
    Product("scores", 9, 16, 9, 2),
    Conv("head", 24, 10, 1, 1, bias=True),
]
NAMES = [
    ("stem", "ff"),
    ("body", "ff"),
    ("scores", "ff"),
    ("head", "ff"),
    ("head", "bp"),
    ("head", "wu"),
    ("scores", "bp"),
    ("scores", "bp"),
    ("body", "bp"),
    ("body", "wu"),
    ("stem", "wu"),
]


def named(work):
    return [(one.layer, one.stage) for one in work]


def test_forward_passes_come_first_then_gradients_from_the_last_layer_to_the_first():
    work = gemms_of(calls_of(LAYERS, 5), Scheme())
    assert named(work) == NAMES and all(isinstance(one, Gemm) for one in work)
    assert [one.count for one in work if one.layer == "scores"] == [10] * 3


def test_pruned_gradients_are_reduced_before_their_gemm():
    work = gemms_of(calls_of(LAYERS, 5), Scheme.of("sdgp", 2, 8))
    assert [one for one in named(work) if one not in NAMES] == [("head", "reduce"), ("body", "reduce")]
    places = [named(work).index(name) for name in (("body", "reduce"), ("body", "bp"))]
    assert places[1] == places[0] + 1 and work[places[0]].shape == (5 * 64, 0, 24)


def test_each_trained_parameter_has_its_update():
    updates = updates_of(calls_of(LAYERS, 5), Scheme.of("bdwp", 2, 8))
    assert [(one.layer, one.k, one.n, one.forward, one.backward, one.half) for one in updates] == [
        ("stem", 27, 16, False, False, True),  # has no backward pass
        ("body", 144, 24, True, True, False),
        ("head", 24, 10, True, True, False),
        ("head.bias", 1, 10, False, False, False),
    ]
    assert whole_step(calls_of(LAYERS, 5), Scheme()) == gemms_of(calls_of(LAYERS, 5), Scheme()) + updates_of(
        calls_of(LAYERS, 5), Scheme()
    )


def test_calls_that_share_a_weight_have_one_update_for_the_stages_of_all():
    layer = Conv("one", 16, 16, 4, 4)
    calls = [Call(layer, 2, input_gradient=False), Call(layer, 2)]
    (update,) = updates_of(calls, Scheme.of("bdwp", 2, 8))
    assert update.forward and update.backward
    other = [Call(layer, 2, weight="w"), Call(Conv("two", 16, 16, 4, 4), 2, weight="w")]
    assert len(updates_of(other, Scheme())) == 1
    assert not updates_of([Call(layer, 2, weight_updated=False)], Scheme())


def test_a_bias_is_updated_once_whoever_has_it_and_whatever_its_layers_weight_is():
    one, two = (Conv(name, 16, 16, 4, 4, bias=True) for name in ("one", "two"))

    def updated(*calls):
        return [update.layer for update in updates_of(calls, Scheme())]

    assert updated(Call(one, 2), Call(two, 2)) == ["one", "one.bias", "two", "two.bias"]
    assert updated(Call(one, 2, bias="b"), Call(two, 2, bias="b")) == ["one", "one.bias", "two"]
    assert updated(Call(one, 2, weight="w", bias="b"), Call(two, 2, weight="w", bias="c")) == [
        "one",
        "one.bias",
        "two.bias",
    ]
    assert updated(Call(one, 2, derived=True)) == ["one.bias"] and not updated(Call(one, 2).forward_alone())


def test_an_operand_that_wants_no_gradient_has_no_gemm_for_it():
    product = LAYERS[2]
    for first, second, left in ((True, True, 2), (True, False, 1), (False, True, 1), (False, False, 0)):
        call = Call(product, 1, input_gradient=first, second_gradient=second)
        assert named(gemms_of([call], Scheme())) == [("scores", "ff")] + [("scores", "bp")] * left
    assert not updates_of([Call(product, 1)], Scheme())


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("method", METHODS)
def test_every_network_has_a_step_by_every_method_with_the_same_multiply_adds(name, method):
    calls = calls_of(layers(name), 2)
    scheme = Scheme.of(method, 2, 8, dense=NETWORKS[name].dense)
    work, dense = whole_step(calls, scheme), whole_step(calls, Scheme())
    gemms = [one for one in work if isinstance(one, Gemm)]
    total = sum(one.macs for one in dense)
    assert len(gemms) == sum(isinstance(one, Gemm) for one in dense)
    skipped = sum(one.macs_skipped for one in gemms) / total
    assert sum(one.macs for one in gemms) + skipped * total == pytest.approx(total, rel=0.01)  # groups are filled up
    most = len({"ff", "bp"} & {stage for stage, _ in METHODS[method].rules.items()}) * 0.25
    # Without padding, as in resnet9, an input gradient has more multiply-adds than the forward pass.
    assert (0 if method == "dense" else 0.15) <= skipped <= 1.02 * (0.25 if method == "srste" else most)
    assert any(isinstance(one, Update) for one in work)


@pytest.mark.parametrize(
    "name, image, removed",
    [("resnet18", 224, 0.478), ("resnet50", 224, 0.490), ("resnet9", 32, 0.499), ("vgg19", 32, 0.498)],
)
def test_bdwp_removes_the_operations_that_were_worked_out_for_it(name, image, removed):
    # With the first convolution and the last linear layer dense, and no input gradient for the first.
    step = [
        gemms_of(calls_of(layers(name, image), 1), scheme)
        for scheme in (Scheme(), Scheme("bdwp", Sparsity(2, 8), dense=NETWORKS[name].dense))
    ]
    dense, sparse = (sum(one.macs for one in work) for work in step)
    # Its figure counts as many operations for the input gradient, which has more where there is no padding.
    assert 1 - sparse / dense == pytest.approx(removed, abs=0.003 if name == "resnet9" else 0.001)
