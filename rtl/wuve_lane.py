"""One lane of the weight update vector engine: momentum SGD in FP32, each operation rounded once."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import sat_timing as timing
from rtl import timing as units
from rtl import words
from rtl.fp32_add import fp32_add
from rtl.fp32_mul import fp32_mul
from rtl.fp32_to_fp16 import fp32_to_fp16
from rtl.hierarchy import module, waives

LATENCY = timing.WUVE_LANE
MULTIPLY = units.FP32_MUL + 1  # with the register that takes the product
ADD = units.FP32_ADD + 1
MINUS = 1 << 31


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def wuve_lane(clk, weight, velocity, gradient, momentum, rates, new_weight, new_velocity, half):
    """g' = g * (1/scale);  g' = g' + wd * w;  v = mu * v + g';  w = w - lr * v;  and w as FP16.

    weight, velocity, gradient  in  FP32
    momentum      in   the weight changes; else it passes as it is, every NaN as 0x7FC00000. Steady while one is inside
    rates         in   words.rates: 1/scale, wd, mu, lr; steady as well
    new_weight, new_velocity    out FP32
    half          out  the new weight rounded to FP16, a cycle after new_weight
    Latency       22 cycles (LATENCY) for new_weight and new_velocity
    Throughput    1 weight per cycle
    Reset         none: a pipeline without state
    Golden        rtl/golden/sgd.py
    """
    layout = words.rates()
    unscale_high, unscale_low = layout["unscale"]
    decay_high, decay_low = layout["decay"]
    momentum_high, momentum_low = layout["momentum"]
    rate_high, rate_low = layout["rate"]
    weight_delay, velocity_delay, sum_delay = 2 * (MULTIPLY + ADD), MULTIPLY + ADD, ADD

    unscale, decay, friction, rate = (Signal(intbv(0)[32:]) for _ in range(4))
    unscaled_out, decay_out, friction_out, pull_out, push_out, change_out, weight_out = (
        Signal(intbv(0)[32:]) for _ in range(7)
    )
    unscaled, decayed, slowed, pull, push, change, minus_change, old_weight, old_slowed = (
        Signal(intbv(0)[32:]) for _ in range(9)
    )
    rounded = Signal(intbv(0)[16:])
    weights = Signal(intbv(0)[32 * weight_delay :])  # on their way past the gradients, youngest in the low bits
    velocities = Signal(intbv(0)[32 * velocity_delay :])
    slowed_ones = Signal(intbv(0)[32 * sum_delay :])

    @always_comb
    def choose():
        unscale.next = rates[unscale_high:unscale_low]
        decay.next = rates[decay_high:decay_low]
        friction.next = rates[momentum_high:momentum_low]
        rate.next = rates[rate_high:rate_low]
        old_weight.next = weights[32 * weight_delay : 32 * (weight_delay - 1)]
        old_slowed.next = slowed_ones[32 * sum_delay : 32 * (sum_delay - 1)]

    @always(clk.posedge)
    def take():
        unscaled.next = unscaled_out
        decayed.next = decay_out
        slowed.next = friction_out
        pull.next = pull_out
        push.next = push_out
        if momentum:
            minus_change.next = change_out ^ MINUS
        else:
            minus_change.next = MINUS  # w - 0 is w, for -0 too
        new_weight.next = weight_out
        half.next = rounded

    @always(clk.posedge)
    def delay():
        weights.next = concat(weights[32 * (weight_delay - 1) :], weight)
        slowed_ones.next = concat(slowed_ones[32 * (sum_delay - 1) :], slowed)
        velocities.next = concat(velocities[32 * (velocity_delay - 1) :], push)

    @always_comb
    def show():
        new_velocity.next = velocities[32 * velocity_delay : 32 * (velocity_delay - 1)]

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
    return choose, take, delay, show, units
