"""A small configuration whose times can be counted by hand."""

from rtl.sat.config import SatConfig

# 2 x 2 elements: a bank is free 3 cycles after its tile's last step, and sums stand 14 cycles after it. Where weights
# are stationary, dense, rows are 16 cycles apart: 18 and 44 cycles, 38 from a tile's first step to the next one's, and
# a tile's weights lead its steps by 2.
BASE = SatConfig(
    rows=2,
    columns=2,
    interleave=4,
    largest_m=4,
    chunk=16,
    memory_latency=10,
    read_bytes_per_cycle=32,
    write_bytes_per_cycle=16,
)


def with_rates(read=32.0, write=16.0, latency=10, config=BASE):
    rates = dict(read_bytes_per_cycle=read, write_bytes_per_cycle=write, memory_latency=latency)
    return config.model_copy(update=rates)
