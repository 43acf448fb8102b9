"""Configurations, GEMMs, updates, mappings and programs for properties: small ones, of every kind."""

from hypothesis import strategies as st

from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tlm import Gemm, GemmProgram, Mapping, Update, UpdateProgram, schedule, schedule_update
from tlm.blocks import ORDERS
from tlm.feature_map import FeatureMap
from tlm.sat.dataflow import DATAFLOWS, group_of
from tlm.sat.mapping import largest


@st.composite
def configurations(draw) -> SatConfig:
    """A small array of any shape, with or without a buffer, whose memory is anything from slow to fast."""
    return SatConfig(
        rows=draw(st.integers(1, 5)),
        columns=draw(st.integers(1, 5)),
        interleave=draw(st.sampled_from([1, 2, 4, 7])),
        largest_m=draw(st.sampled_from([4, 8, 16])),
        chunk=draw(st.sampled_from([16, 32, 48])),
        update_lanes=1,
        buffer_kib=draw(st.sampled_from([0, 1, 2, 4, 64])),
        memory_latency=draw(st.sampled_from([0, 1, 5, 40])),
        read_bytes_per_cycle=draw(st.sampled_from([0.75, 4, 32, 256])),
        write_bytes_per_cycle=draw(st.sampled_from([0.75, 4, 32])),
    )


@st.composite
def feature_maps(draw, transposed: bool = False) -> FeatureMap:
    """Images of any size under a kernel of any kind."""
    kernel, stride, dilation, size = (
        draw(st.tuples(st.integers(1, most), st.integers(1, most))) for most in (3, 3, 2, 6)
    )
    padding = tuple(draw(st.integers(0, k)) for k in kernel)
    reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    height, width = (max(length, r + 1 - 2 * p) for length, r, p in zip(size, reach, padding, strict=True))
    out = tuple(
        (length + 2 * p - r - 1) // s + 1
        for length, p, r, s in zip((height, width), padding, reach, stride, strict=True)
    )
    batch, channels = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    return FeatureMap(batch, height, width, channels, kernel, stride, padding, dilation, out, transposed)


@st.composite
def gemms(draw, config: SatConfig) -> Gemm:
    """A GEMM that the configuration takes: of matrices, or of an im2col matrix or its transpose."""
    patterns = [None, *(Sparsity(n, m) for m in (4, 8, 16) for n in (1, 2, 4) if n < m <= config.largest_m)]
    sparsity, output = draw(st.sampled_from(patterns)), draw(st.sampled_from(["fp32", "fp16"]))
    n, kind = draw(st.integers(1, 40)), draw(st.sampled_from(["matrix", "im2col", "transpose"]))
    if kind == "matrix":
        return Gemm(draw(st.integers(1, 20)), draw(st.integers(1, 150)), n, sparsity, output)
    source = draw(feature_maps(kind == "transpose"))
    pixels, depth = source.batch * source.out[0] * source.out[1], source.kernel[0] * source.kernel[1] * source.channels
    m, k = (depth, pixels) if source.transposed else (pixels, depth)
    return Gemm(m, k, n, sparsity, output, source=source)


@st.composite
def mappings(draw, gemm: Gemm, config: SatConfig) -> Mapping:
    """Any mapping that fits, with tiles up to a little beyond the operands."""
    dataflow, group = draw(st.sampled_from(list(DATAFLOWS))), group_of(gemm)[0]
    most = largest(gemm, config, dataflow)
    rows, columns = (
        draw(st.integers(1, min(size, total + 1))) for size, total in ((most.rows, gemm.m), (most.columns, gemm.n))
    )
    depth = group * draw(st.integers(1, min(most.depth // group, -(-gemm.k // group))))
    return Mapping(dataflow, rows, columns, depth, draw(st.sampled_from(list(ORDERS))))


@st.composite
def cases(draw) -> tuple[Gemm, SatConfig, Mapping]:
    """A GEMM, a configuration that takes it, and a mapping that fits."""
    config = draw(configurations())
    gemm = draw(gemms(config))
    return gemm, config, draw(mappings(gemm, config))


@st.composite
def choices(draw, gemm: Gemm, config: SatConfig) -> Mapping | str:
    """A dataflow's name, or any mapping that fits, of tiles as large as the array takes."""
    dataflow = draw(st.sampled_from(list(DATAFLOWS)))
    if draw(st.booleans()):
        return dataflow
    most, group = largest(gemm, config, dataflow), group_of(gemm)[0]
    return Mapping(
        dataflow,
        draw(st.integers(1, most.rows)),
        draw(st.integers(1, most.columns)),
        group * draw(st.integers(1, most.depth // group)),
        draw(st.sampled_from(list(ORDERS))),
    )


@st.composite
def programs(draw) -> GemmProgram:
    """A GEMM of any shape on a small array of any shape, in any mapping."""
    largest_m = draw(st.sampled_from([4, 8, 16]))
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    config = SatConfig(
        rows=rows,
        columns=columns,
        interleave=draw(st.integers(1, 8)),
        largest_m=largest_m,
        chunk=draw(st.sampled_from([16, 32, 48])),
    )
    patterns = [Sparsity(n, m) for m in (4, 8, 16) for n in (1, 2, 4) if n < m <= largest_m]
    sparsity = draw(st.sampled_from([None, *patterns]))
    m, k, n = (draw(st.integers(1, size)) for size in (20, 150, 40))
    gemm = Gemm(m, k, n, sparsity, draw(st.sampled_from(["fp32", "fp16"])))
    return schedule(gemm, config, draw(choices(gemm, config)))


@st.composite
def updates(draw) -> UpdateProgram:
    """An update of any shape on a small configuration of any kind."""
    largest_m = draw(st.sampled_from([4, 8, 16]))
    lanes = draw(st.sampled_from([lanes for lanes in (1, 2, 4, 8, 16) if lanes <= largest_m]))
    rates = st.sampled_from([1 / 64, 1.0, 7.5, 64.0, 1e6])
    config = SatConfig(
        rows=draw(st.integers(1, 5)),
        columns=draw(st.integers(1, 9)),
        largest_m=largest_m,
        update_lanes=lanes,
        chunk=draw(st.sampled_from([16, 48, 80, 128])),
        interleave=draw(st.sampled_from([1, 4])),
        memory_latency=draw(st.sampled_from([0, 1, 40])),
        read_bytes_per_cycle=draw(rates),
        write_bytes_per_cycle=draw(rates),
    )
    patterns = [Sparsity(n, m) for m in (4, 8, 16) for n in (1, 2, 4) if n < m <= largest_m]
    sparsity = draw(st.sampled_from([None, *patterns]))
    channels, n = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    forward, backward = (draw(st.booleans()) and sparsity is not None for _ in range(2))
    return schedule_update(
        Update(channels * draw(st.integers(1, 25)), n, channels, sparsity, forward, backward, draw(st.booleans())),
        config,
    )
