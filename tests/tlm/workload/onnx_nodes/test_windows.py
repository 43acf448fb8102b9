"""Conv and ConvTranspose: sizes as ONNX infers them, whatever their padding; and which are left to the host."""

from math import prod

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.onnx_models import held, model, node, read, value, written
from tests.support.properties import few
from tests.support.refused import refused
from tlm.workload.layer import Conv
from tlm.workload.onnx_nodes.model import load
from tlm.workload.onnx_nodes.shapes import infer
from tlm.workload.step import Call

PADDED = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def inferred(folder, *made) -> tuple[int, ...]:
    """The shape of the output, as ONNX has it."""
    found = infer(load(written(folder, model(*made)), None)).graph.output[0].type.tensor_type.shape.dim
    return tuple(dim.dim_value for dim in found)


@st.composite
def windows(draw):
    count = draw(st.integers(1, 3))

    def numbers(least, most):
        return draw(st.lists(st.integers(least, most), min_size=count, max_size=count))

    attributes = dict(strides=numbers(1, 3), dilations=numbers(1, 2), auto_pad=draw(st.sampled_from(PADDED)))
    if attributes["auto_pad"] == "NOTSET":
        attributes["pads"] = numbers(0, 2) + numbers(0, 2)
    return numbers(3, 9), numbers(1, 4), draw(st.integers(1, 2)), attributes


@few(120)
@given(windows())
def test_an_output_is_as_large_as_onnx_has_it(tmp_path_factory, case):
    (size, kernel, groups, attributes), folder = case, tmp_path_factory.mktemp("conv")
    reach = [d * (k - 1) + 1 for d, k in zip(attributes["dilations"], kernel, strict=True)]
    assume(all(one <= length for one, length in zip(reach, size, strict=True)))  # ONNX rounds sizes below 0 up
    nodes = [node("Conv", "x w", "y", group=groups, **attributes)]
    made = nodes, [value("x", 2, 4, *size)], [held("w", 6, 4 // groups, *kernel)]
    shape = inferred(folder, *made)
    assume(len(shape) > 2 and min(shape) > 0)
    if attributes["auto_pad"].startswith("SAME"):  # which ONNX infers with dilations of 1
        assume(all(one == 1 for one in attributes["dilations"]))
    (call,) = read(folder, *made).calls
    assert call.batch * call.layer.macs == prod(shape) * prod(kernel) * 4 // groups
    if len(size) < 3:
        assert (1, *shape[2:])[-2:] == call.layer.out and shape[1] == call.layer.outputs
        unpadded = zip((1, *size)[-2:], (call.layer.height, call.layer.width), call.layer.padding, strict=True)
        assert all(large >= small and padding <= 2 for small, large, padding in unpadded)


@few(120)
@given(windows(), st.integers(0, 1))
def test_a_transposed_one_is_the_gradient_of_one_whose_output_is_its_input(tmp_path_factory, case, more):
    (size, kernel, groups, attributes), folder = case, tmp_path_factory.mktemp("conv")
    extra = [more] * len(size)
    nodes = [node("ConvTranspose", "x w", "y", group=groups, output_padding=extra, **attributes)]
    made = nodes, [value("x", 2, 6, *size)], [held("w", 6, 4 // groups, *kernel)]
    shape, found = inferred(folder, *made), read(folder, *made)
    assume(len(shape) > 2 and min(shape) > 0)
    macs = 2 * prod(size) * prod(kernel) * 6 * 4 // groups
    assert found.inference().macs_seen + found.inference().macs_unseen == macs
    if not found.calls:
        assert more >= min(attributes["strides"]) or attributes["auto_pad"].startswith("SAME")
        return
    layer = found.calls[0].layer
    assert layer.transposed and (layer.channels, layer.outputs) == (4, 6)
    if len(size) < 3:
        uneven = [abs(a - b) for a, b in zip(*_pads(attributes, size), strict=True)]
        large = zip(shape[2:], (layer.height, layer.width)[-len(size) :], uneven, strict=True)
        assert layer.out == (1, *size)[-2:]
        assert all(width == out + cut for out, width, cut in large) or attributes["auto_pad"].startswith("SAME")


def _pads(attributes, size):
    pads = attributes.get("pads", [0] * 2 * len(size))
    return pads[: len(size)], pads[len(size) :]


def test_the_host_pads_by_what_differs(tmp_path):
    nodes = [node("Conv", "x w b", "y", pads=[1, 0, 2, 3], name="uneven")]
    found = read(tmp_path, nodes, [value("x", 2, 3, 6, 6)], [held("w", 4, 3, 3, 3), held("b", 4)])
    conv = Conv("uneven", 3, 4, 7, 9, (3, 3), padding=(1, 0), bias=True)
    assert found.calls == [Call(conv, 2, False, weight="w")]
    cut = [node("Conv", "x w", "y", pads=[-1, 1, 2, -2])]
    (call,) = read(tmp_path, cut, [value("x", 2, 3, 6, 6)], [held("w", 4, 3, 3, 3)]).calls
    assert (call.layer.height, call.layer.width, call.layer.padding) == (7, 5, (0, 0))


def test_an_output_of_a_wanted_size(tmp_path):
    nodes = [node("ConvTranspose", "x w", "y", strides=[2, 2], output_shape=[10, 11], name="up")]
    found = read(tmp_path, nodes, [value("x", 2, 6, 5, 5)], [held("w", 6, 4, 3, 3)])
    conv = Conv("up", 4, 6, 11, 11, (3, 3), (2, 2), transposed=True)
    assert found.calls == [Call(conv, 2, False, bias_updated=False, weight="w")]


def test_a_kernel_that_is_an_activation_is_derived(tmp_path):
    nodes = [node("Relu", "w", "k"), node("Mul", "k s", "m"), node("Conv", "x m", "y", name="own")]
    given = [value("x", 1, 3, 6, 6), value("w", 4, 3, 3, 3)]
    (call,) = read(tmp_path, nodes, given, [held("s", 4, 3, 3, 3)]).calls
    own = Conv("own", 3, 4, 6, 6, (3, 3))
    assert call == Call(own, 1, False, weight_updated=False, bias_updated=False, derived=True, pattern=None)


@pytest.mark.parametrize("op, macs", [("Conv", 2 * 4**4 * 16 * 12), ("ConvTranspose", 2 * 5**4 * 16 * 12)])
def test_four_dimensions_are_left_to_the_host(tmp_path, op, macs):
    w = held("w", 4, 3, 2, 2, 2, 2) if op == "Conv" else held("w", 3, 4, 2, 2, 2, 2)
    found = read(tmp_path, [node(op, "x w", "y")], [value("x", 2, 3, 5, 5, 5, 5)], [w])
    assert [(one.call, one.forward, one.backward) for one in found.on_host] == [(op, macs, macs)]


def test_more_than_a_step_at_the_end_is_left_to_the_host(tmp_path):
    nodes = [node("ConvTranspose", "x w", "y", output_padding=[1, 1])]
    found = read(tmp_path, nodes, [value("x", 2, 3, 5, 5)], [held("w", 3, 4, 3, 3)])
    assert [one.forward for one in found.on_host] == [2 * 25 * 9 * 12] and not found.calls


@pytest.mark.parametrize(
    "op, attributes, x, w, words",
    [
        ("Conv", {}, (1, 5, 6, 6), (4, 3, 3, 3), "input channels must be 3 in each of 1 groups, not 5"),
        ("Conv", dict(group=2), (1, 3, 6, 6), (4, 3, 3, 3), "input channels must be 3 in each of 2 groups, not 3"),
        ("Conv", dict(group=0), (1, 3, 6, 6), (4, 3, 3, 3), "group must be at least 1, not 0"),
        (
            "Conv",
            {},
            (1, 3, 6),
            (4, 3, 3, 3),
            "an image and its kernel must have as many dimensions, not (1, 3, 6) and",
        ),
        ("Conv", dict(strides=[0, 1]), (1, 3, 6, 6), (4, 3, 3, 3), "strides must be 2 numbers from 1 on, not [0, 1]"),
        ("Conv", {}, (1, 3, 2, 2), (4, 3, 3, 3), "an output must have pixels: the kernel does not fit on (2, 2)"),
        ("ConvTranspose", {}, (1, 5, 6, 6), (3, 4, 3, 3), "input channels must be 3, as the weight has, not 5"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, op, attributes, x, w, words):
    nodes = [node(op, "x w", "y", **attributes)]
    refused(f"node {op}_1: {words}", read, tmp_path, nodes, [value("x", *x)], [held("w", *w)])
