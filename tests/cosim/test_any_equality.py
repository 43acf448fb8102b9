"""The contract as a property: any configuration, work and mapping have one result, and the cycles of the model."""

from hypothesis import given
from hypothesis import strategies as st

import cosim
from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tests.cosim.support import PATTERNS, VALUES, assert_contract, assert_mixed, operands
from tests.support.mixed import mixed_program
from tests.support.properties import few
from tests.support.workloads import mappings
from tlm import Gemm, Mapping
from tlm.sat.dataflow import group_of
from tlm.sat.mapping import largest


@st.composite
def hardware(draw):
    largest_m = draw(st.sampled_from((4, 8, 16)))
    rates = st.sampled_from((1.0, 7.5, 64.0, 1e6))
    return SatConfig(
        rows=draw(st.integers(1, 6)),
        columns=draw(st.integers(1, 5)),
        interleave=draw(st.integers(1, 7)),
        largest_m=largest_m,
        chunk=draw(st.integers(-(-16 // largest_m), 64 // largest_m)) * largest_m,
        memory_latency=draw(st.sampled_from((0, 1, 5, 40))),
        read_bytes_per_cycle=draw(rates),
        write_bytes_per_cycle=draw(rates),
    )


@st.composite
def work(draw, config, most):
    """(operands, sparsity, output, the GEMM that they are)"""
    shape = [draw(st.integers(1, size)) for size in most]
    known = [p for p in PATTERNS if p == "dense" or int(p.split(":")[1]) <= config.largest_m]
    kinds, sparsity = st.sampled_from(list(VALUES)), draw(st.sampled_from(known))
    output = draw(st.sampled_from(("fp32", "fp16")))
    return (
        operands(*shape, draw(st.integers(0, 999)), draw(kinds), draw(kinds)),
        sparsity,
        output,
        Gemm(*shape, Sparsity.parse(sparsity), output),
    )


@st.composite
def mixed(draw, gemm, config):
    """A program of this GEMM whose blocks take turns in one to four dataflows with tiles of any depth."""
    tiles, group = {name: largest(gemm, config, name) for name in ("os", "ws")}, group_of(gemm)[0]
    rows = draw(st.integers(1, min(tile.rows for tile in tiles.values())))
    turns = [
        (name, group * draw(st.integers(1, tiles[name].depth // group)))
        for name in draw(st.lists(st.sampled_from(["os", "ws"]), min_size=1, max_size=4))
    ]
    columns, order = draw(st.integers(1, config.tile_columns)), draw(st.sampled_from(["rows", "columns"]))
    return mixed_program(gemm, config, Mapping("os", rows, columns, group, order), tuple(turns))


@few(4, shrink=False)
@given(data=st.data())
def test_any_configuration_any_work_and_any_mapping_in_icarus(data):
    config = data.draw(hardware())
    engine = cosim.engine("icarus", config)
    for _ in range(2):
        values, sparsity, output, gemm = data.draw(work(config, (12, 80, 40)))
        assert_contract(engine, *values, sparsity, output, data.draw(mappings(gemm, config)))
    values, _, _, gemm = data.draw(work(config, (12, 50, 20)))
    assert_mixed(engine, *values, data.draw(mixed(gemm, config)))


@few(2, shrink=False)
@given(data=st.data())
def test_any_configuration_any_work_and_any_mapping_in_myhdl(data):
    config = data.draw(hardware())
    values, sparsity, output, gemm = data.draw(work(config, (4, 24, 9)))
    assert_contract(cosim.engine("myhdl", config), *values, sparsity, output, data.draw(mappings(gemm, config)))
