"""One lane of the weight update vector engine: momentum SGD in FP32, each operation rounded once."""

from myhdl import always, concat, intbv

from rtl import timing as units
from rtl.float.formats import FP32
from rtl.float.fp32_add import fp32_add
from rtl.float.fp32_mul import fp32_mul
from rtl.float.fp32_to_fp16 import fp32_to_fp16
from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import unpack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts, timing

LATENCY = timing.WUVE_LANE
MULTIPLY = units.FP32_MUL + 1  # with the register that takes the product
ADD = units.FP32_ADD + 1
TO_WEIGHT, TO_VELOCITY = 2 * (MULTIPLY + ADD), MULTIPLY + ADD  # cycles from w to its change, from v to the end


@module
def wuve_lane(clk, weight, velocity, gradient, momentum, rates, new_weight, new_velocity, half):
    """g' = g * (1/scale);  g' = g' + wd * w;  v = mu * v + g';  w = w - lr * v;  and w as FP16.

    weight, velocity, gradient  in  FP32
    momentum      in   the weight changes; else it passes as it is, every NaN as 0x7FC00000. Steady while one is inside
    rates         in   layouts.rates: 1/scale, wd, mu, lr; steady as well
    new_weight, new_velocity    out FP32
    half          out  the new weight rounded to FP16, a cycle after new_weight
    Latency       22 cycles (LATENCY) for new_weight and new_velocity
    Throughput    1 weight per cycle
    Reset         none: a pipeline without state
    Golden        rtl/golden/sgd.py
    """
    f = FP32.layout
    word = Layout(word=32)  # of a delay line
    oldest_weight, oldest_velocity, oldest_sum = (word.at(32 * (delay - 1)) for delay in (TO_WEIGHT, TO_VELOCITY, ADD))

    unscale, decay, friction, rate = (bus(32) for _ in range(4))
    unscaled_out, decay_out, friction_out, pull_out, push_out, change_out, weight_out = (bus(32) for _ in range(7))
    unscaled, decayed, slowed, pull, push, minus_change, old_weight, old_slowed = (bus(32) for _ in range(8))
    rounded = bus(16)
    weights = bus(32 * TO_WEIGHT)  # on their way past the gradients, youngest in the low bits
    velocities = bus(32 * TO_VELOCITY)
    slowed_ones = bus(32 * ADD)

    @always(clk.posedge)
    def take():
        unscaled.next = unscaled_out
        decayed.next = decay_out
        slowed.next = friction_out
        pull.next = pull_out
        push.next = push_out
        if momentum:
            minus_change.next = concat(not change_out[f.sign_bit], change_out[f.sign_low :])
        else:
            minus_change.next = concat(True, intbv(0)[f.sign_low :])  # w - 0 is w, for -0 too
        new_weight.next = weight_out
        half.next = rounded

    @always(clk.posedge)
    def delay():
        weights.next = concat(weights[oldest_weight.low :], weight)
        slowed_ones.next = concat(slowed_ones[oldest_sum.low :], slowed)
        velocities.next = concat(velocities[oldest_velocity.low :], push)

    wires = (
        unpack(layouts.rates(), rates, unscale=unscale, decay=decay, momentum=friction, rate=rate),
        unpack(oldest_weight, weights, word=old_weight),
        unpack(oldest_sum, slowed_ones, word=old_slowed),
        unpack(oldest_velocity, velocities, word=new_velocity),
    )
    units = (
        fp32_mul(clk, gradient, unscale, unscaled_out),
        fp32_mul(clk, decay, weight, decay_out),
        fp32_mul(clk, friction, velocity, friction_out),
        fp32_add(clk, unscaled, decayed, pull_out),
        fp32_add(clk, old_slowed, pull, push_out),
        fp32_mul(clk, rate, push, change_out),
        fp32_add(clk, old_weight, minus_change, weight_out),
        fp32_to_fp16(new_weight, rounded),
    )
    return take, delay, wires, units


def ports() -> dict:
    """Fresh ports of a `wuve_lane`, by name."""
    return dict(
        clk=bit(),
        weight=bus(32),
        velocity=bus(32),
        gradient=bus(32),
        momentum=bit(),
        rates=bus(layouts.rates()),
        new_weight=bus(32),
        new_velocity=bus(32),
        half=bus(16),
    )
