"""All matrix products of a step: counts of multiply-adds, and the forward pass alone."""

from tlm.workload.layer import Conv, Product
from tlm.workload.methods import Scheme
from tlm.workload.step import Call, whole_step
from tlm.workload.trace import HostProduct, Trace

CALLS = [
    Call(Conv("a", 3, 8, 6, 6, (3, 3), bias=True), 2, input_gradient=False),
    Call(Product("b", 4, 5, 6, 3), 2, second_gradient=False),
    Call(Conv("c", 8, 6, 4, 4, groups=2), 2, weight_gradient=False),
]
TRACE = Trace(CALLS, [HostProduct("d", "bilinear", 10, 20), HostProduct("e", "mv", 7)])


def test_multiply_adds_are_counted_for_each_pass():
    forward = [2 * 16 * 9 * 3 * 8, 2 * 3 * 4 * 5 * 6, 2 * 16 * 8 * 3]
    assert [call.batch * call.layer.macs for call in CALLS] == forward
    assert TRACE.macs_seen == 2 * sum(forward) and TRACE.macs_unseen == 37


def test_the_forward_pass_alone_has_no_gradients_and_no_updates():
    inference = TRACE.inference()
    assert inference.macs_seen == TRACE.macs_seen // 2 and inference.macs_unseen == 17
    assert [work.stage for work in whole_step(inference.calls, Scheme())] == ["ff"] * 3
