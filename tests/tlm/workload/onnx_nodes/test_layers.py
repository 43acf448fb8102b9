"""Gemm, MatMul and Einsum: which operand is the weight, what is a bias, and the sizes of their products."""

import numpy as np
import pytest

from tests.support.onnx_models import held, node, read, sizes, value
from tests.support.refused import refused
from tlm.workload.layer import Conv, Product
from tlm.workload.onnx_nodes.layers import broadcast
from tlm.workload.step import Call

X = value("x", 2, 5, 7)  # batch, rows, channels
W = held("w", 7, 3)


def linear(*, batch=2, rows=5, inputs=7, outputs=3, bias=False, name="MatMul_1", **call) -> Call:
    call = dict(input_gradient=False, bias_updated=bias, weight="w") | call
    return Call(Conv(name, inputs, outputs, rows, 1, bias=bias), batch, **call)


@pytest.mark.parametrize("attributes", [{}, dict(transA=1), dict(transB=1), dict(transA=1, transB=1)])
def test_gemm_is_a_linear_layer_whichever_way_its_matrices_lie(tmp_path, attributes):
    x = value("x", 7, 4) if "transA" in attributes else value("x", 4, 7)
    w = held("w", 3, 7) if "transB" in attributes else W
    expected = linear(batch=4, rows=1, name="Gemm_1", bias=True)
    assert read(tmp_path, [node("Gemm", "x w b", "y", **attributes)], [x], [w, held("b", 3)]).calls == [expected]
    left, right = ("transB" not in attributes, "transA" not in attributes)  # their transposes, in the other order
    turned = node("Gemm", "w x b", "y", transA=int(left), transB=int(right))
    expected = linear(batch=4, rows=1, name="Gemm_1")
    assert read(tmp_path, [turned], [x], [w, held("b", 4)]).calls == [expected]


@pytest.mark.parametrize(
    "bias, attributes, biased",
    [
        ((3,), {}, True),
        ((1, 3), {}, True),
        ((4, 3), {}, False),
        ((1,), {}, False),
        ((), {}, False),
        ((3,), dict(alpha=2.0), False),
        ((3,), dict(beta=0.5), False),
    ],
)
def test_a_bias_is_a_vector_that_is_added_as_it_is(tmp_path, bias, attributes, biased):
    nodes = [node("Gemm", "x w b", "y", **attributes)]
    expected = linear(batch=4, rows=1, name="Gemm_1", bias=biased)
    assert read(tmp_path, nodes, [value("x", 4, 7)], [W, held("b", *bias)]).calls == [expected]


def test_a_bias_that_is_an_activation_is_added_by_the_host(tmp_path):
    found = read(tmp_path, [node("Gemm", "x w b", "y")], [value("x", 4, 7), value("b", 3)], [W])
    assert found.calls == [linear(batch=4, rows=1, name="Gemm_1")]


@pytest.mark.parametrize(
    "nodes, biased",
    [
        ([node("Add", "y b", "z")], True),
        ([node("Add", "b y", "z")], True),
        ([node("Identity", "b", "c"), node("Add", "y c", "z")], False),  # which is not known yet
        ([node("Add", "y b", "z"), node("Add", "z y", "u")], False),
        ([node("Add", "y wide", "z")], False),
        ([node("Sub", "y b", "z")], False),
    ],
)
def test_the_vector_that_alone_is_added_to_a_product_is_its_bias(tmp_path, nodes, biased):
    tensors = [W, held("b", 3), held("wide", 5, 3)]
    assert read(tmp_path, [node("MatMul", "x w", "y"), *nodes], [X], tensors).calls == [linear(bias=biased)]


@pytest.mark.parametrize(
    "x, w, call",
    [
        ((7,), (7, 3), linear(batch=1, rows=1, weight=None, weight_updated=False, derived=True)),
        ((4, 7), (7, 3), linear(batch=4, rows=1)),
        ((2, 5, 7), (7, 3), linear()),
        ((2, 6, 5, 7), (7, 3), linear(rows=30)),
        ((2, 5, 7), (7,), linear(outputs=1, weight=None, weight_updated=False, derived=True)),
    ],
)
def test_matrices_of_weights_and_vectors(tmp_path, x, w, call):
    if len(x) == 1:
        call = linear(batch=1, rows=1)
    assert read(tmp_path, [node("MatMul", "x w", "y")], [value("x", *x)], [held("w", *w)]).calls == [call]


def test_a_weight_on_the_left_has_the_columns_as_its_rows(tmp_path):
    found = read(tmp_path, [node("MatMul", "w x", "y")], [value("x", 2, 7, 5)], [held("w", 3, 7)])
    assert found.calls == [linear()]


def test_several_matrices_of_weights_are_a_grouped_convolution(tmp_path):
    found = read(tmp_path, [node("MatMul", "x w", "y")], [value("x", 2, 5, 7)], [held("w", 2, 7, 3)])
    conv = Conv("MatMul_1", 14, 6, 5, 1, groups=2)
    assert found.calls == [Call(conv, 1, False, weight_updated=False, bias_updated=False, derived=True)]


@pytest.mark.parametrize(
    "a, b, product, batch",
    [
        ((2, 5, 7), (2, 7, 3), (5, 7, 3), 2),
        ((2, 1, 5, 7), (4, 7, 3), (5, 7, 3), 8),
        ((2, 5, 7), (7, 3), (10, 7, 3), 1),
        ((5, 7), (2, 7, 3), (5, 7, 3), 2),
        ((7,), (2, 7, 3), (1, 7, 3), 2),
        ((2, 5, 7), (7,), (10, 7, 1), 1),
    ],
)
def test_two_activations(tmp_path, a, b, product, batch):
    found = read(tmp_path, [node("MatMul", "a b", "y")], [value("a", *a), value("b", *b)], [])
    assert found.calls == [Call(Product("MatMul_1", *product), batch, False, second_gradient=False)]
    assert found.macs_seen == np.matmul(np.ones(a), np.ones(b)).sum() == batch * np.prod(product)


def test_two_vectors_are_left_to_the_host(tmp_path):
    found = read(tmp_path, [node("MatMul", "x w", "y")], [value("x", 7)], [held("w", 7)])
    assert [(one.forward, one.backward) for one in found.on_host] == [(7, 7)] and not found.calls


@pytest.mark.parametrize(
    "op, a, b", [("MatMul", (4, 7), (6, 3)), ("Gemm", (4, 7), (6, 3)), ("Gemm", (4, 7), (1, 7, 3))]
)
def test_operands_that_do_not_fit_are_refused(tmp_path, op, a, b):
    words = f"node {op}_1: {op} must have"
    refused(words, read, tmp_path, [node(op, "x w", "y")], [value("x", *a)], [held("w", *b)])
    refused("must fit to be broadcast", broadcast, (2, 3), (4, 1))


@pytest.mark.parametrize(
    "equation, a, b",
    [
        ("ij,jk->ik", (4, 7), (7, 3)),
        ("ij,kj", (4, 7), (3, 7)),
        ("bij,bjk->bik", (2, 4, 7), (2, 7, 3)),
        ("b i d, b j d -> b i j", (2, 4, 7), (2, 5, 7)),
        ("bhid,bjd->bhij", (2, 3, 4, 7), (2, 5, 7)),
        ("...ij,...jk->...ik", (2, 3, 4, 7), (3, 7, 5)),
        ("ijk,jkl->il", (2, 3, 4), (3, 4, 5)),
        ("ia,ja->ji", (4, 7), (3, 7)),
    ],
)
@pytest.mark.parametrize("weight", [False, True])
def test_einsum_of_two_operands_is_one_product(tmp_path, equation, a, b, weight):
    given = [value("a", *a)] + [value("b", *b)] * (not weight)
    found = read(tmp_path, [node("Einsum", "a b", "y", equation=equation)], given, [held("b", *b)] * weight)
    (call,) = found.calls
    assert isinstance(call.layer, Conv if weight else Product) and not found.on_host
    assert found.inference().macs_seen == np.einsum(equation, np.ones(a), np.ones(b)).sum()
    assert call.derived == (weight and len(b) > 2) and call.passes == 1 + weight


def test_other_einsums(tmp_path):
    inputs = [value("a", 4, 7), value("b", 4, 7), value("c", 7, 5), value("d", 4, 4)]

    def found(reads, equation):
        return read(tmp_path, [node("Einsum", reads, "y", equation=equation), node("Gemm", "a c", "z")], inputs, [])

    assert not found("a b", "ij,ij->ij").on_host and len(found("a b", "ij,ij->ij").calls) == 1  # of elements
    assert [one.forward for one in found("a b c", "ij,ij,jk->ik").on_host] == [2 * 4 * 7 * 5]
    assert [one.forward for one in found("d a", "ii,ij->j").on_host] == [4 * 7]
    assert found("a b c", "...j,ij,jk->ik").remark == "multiply-adds are not known of Einsum_1 (Einsum)"


def test_a_product_of_weights_has_both_gradients_and_makes_a_weight(tmp_path):
    nodes = [node("MatMul", "down up", "both"), node("Add", "w both", "sum"), node("MatMul", "x sum", "y")]
    first, second = read(tmp_path, nodes, [X], [W, held("down", 7, 2), held("up", 2, 3)]).calls
    assert (first.layer.name, first.weight, first.passes, first.derived) == ("MatMul_1", "up", 3, False)
    assert (second.weight, second.passes, second.derived) == (None, 2, True)


def test_a_shape_of_another_batch_is_refused(tmp_path):
    nodes, tensors = [node("Reshape", "x s", "r"), node("Gemm", "r w", "y")], [W, sizes("s", 6, 7)]
    words = "node Reshape_1: Reshape must keep 7 elements, not make 42: its batch may be fixed in the file"
    refused(words, read, tmp_path, nodes, [value("x", "n", 7)], tensors)
    assert read(tmp_path, nodes, [value("x", 6, 7)], tensors).calls
    assert read(tmp_path, [node("Reshape", "x n", "r"), node("MatMul", "x w", "y")], [X, value("n", 2, kind=7)], [W])


def test_what_is_empty_has_no_products(tmp_path):
    nodes = [node("Slice", "x none none", "e"), node("MatMul", "e w", "y"), node("MatMul", "x w", "z")]
    nodes.append(node("Concat", "y z", "end", axis=0))
    found = read(tmp_path, nodes, [value("x", 4, 7)], [W, sizes("none", 0)])
    assert found.calls == [linear(batch=4, rows=1, name="MatMul_2")]
