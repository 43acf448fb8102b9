"""The controller: the paper's walk-through step by step, and the Benes network against the SRC-DEST tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.golden.benes import distribute
from rtl.golden.fan import slots
from rtl.sigma.config import SigmaConfig
from tests.support.properties import few
from tests.support.sigma import configurations
from tlm.sigma.controller import IDLE, Entry, Lanes, counters, lanes_of, regor, settings, table
from tlm.sigma.packing import pack

PAPER = SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8)
MK = np.array([[0, "A", "B", "C"], ["D", "E", "F", 0], ["G", "H", "I", 0]], object)
KN = np.array([["a", "b", 0, "c"], [0, "d", "e", 0], ["f", 0, 0, "g"], [0, 0, 0, 0]], object)


def walk():
    """(stationary', the lanes of its only fold)"""
    kept = (MK != 0) & regor(KN != 0)
    (fold,) = pack(tuple(kept.sum(axis=1).tolist()), PAPER)
    return kept, lanes_of(fold, kept, PAPER)


def test_regor_drops_c_whose_row_of_the_stream_is_empty():
    kept, _ = walk()
    assert regor(KN != 0).astype(int).tolist() == [1, 1, 1, 0]
    assert kept.sum() == 8 and list(MK[kept]) == list("ABDEFGHI")


def test_the_flex_dpes_hold_a_b_d_e_and_f_g_h_i():
    _, lanes = walk()
    assert MK[lanes.rows, lanes.elements].tolist() == [list("ABDE"), list("FGHI")]
    assert lanes.rows.tolist() == [[0, 0, 1, 1], [1, 2, 2, 2]]
    assert lanes.elements.tolist() == [[1, 2, 0, 1], [2, 0, 1, 2]]


# Of each column: its values, and what is multiplied in both Flex-DPEs, as (row, source, destination) with the product.
COLUMNS = [
    ("af", {(0, 1, 1): "Bf", (1, 0, 2): "Da"}, {(1, 1, 0): "Ff", (2, 0, 1): "Ga", (2, 1, 3): "If"}),
    ("bd", {(0, 1, 0): "Ad", (1, 0, 2): "Db", (1, 1, 3): "Ed"}, {(2, 0, 1): "Gb", (2, 1, 2): "Hd"}),
    ("e", {(0, 0, 0): "Ae", (1, 0, 3): "Ee"}, {(2, 0, 2): "He"}),
    ("cg", {(0, 1, 1): "Bg", (1, 0, 2): "Dc"}, {(1, 1, 0): "Fg", (2, 0, 1): "Gc", (2, 1, 3): "Ig"}),
]


@pytest.mark.parametrize("number", range(4))
def test_the_src_dest_tables_of_each_column(number):
    values, *tables = COLUMNS[number]
    _, lanes = walk()
    column = KN[:, number] != 0
    assert "".join(KN[column, number]) == values and max(counters(column)) == len(values) - 1
    for engine, expected in enumerate(tables):
        found = table(lanes, engine, column)
        assert found == list(expected)
        held = MK[lanes.rows[engine], lanes.elements[engine]]
        assert [held[one.destination] + values[one.source] for one in found] == list(expected.values())


def test_column_0s_tables_and_accumulation_ids_are_those_that_the_paper_prints():
    _, lanes = walk()
    column = KN[:, 0] != 0
    tables = [table(lanes, engine, column) for engine in range(2)]
    assert tables == [[Entry(0, 1, 1), Entry(1, 0, 2)], [Entry(1, 1, 0), Entry(2, 0, 1), Entry(2, 1, 3)]]
    shown = []
    for found in tables:
        ids = {one.destination: one.row for one in found}
        shown.append(" ".join(str(ids.get(lane, "-")) for lane in range(4)))
    assert shown == ["- 0 1 -", "1 2 - 2"]


def test_counters_count_the_values_of_a_column():
    assert counters(np.array([0, 1, 1, 0, 1], bool)).tolist() == [IDLE, 0, 1, IDLE, 2]
    assert counters(np.zeros(3, bool)).tolist() == [IDLE] * 3


def unpacked(words, column):
    """Each word of a column at the port of its k, as the memory's side unpacks them by the column's bitmap."""
    ports = np.zeros(len(column), int)
    ports[column] = words
    return ports.tolist()


@pytest.mark.parametrize("number", range(4))
def test_unpacking_and_the_benes_network_bring_the_walk_throughs_words_where_the_tables_say(number):
    values, *tables = COLUMNS[number]
    _, lanes = walk()
    ports = unpacked([ord(value) for value in values], KN[:, number] != 0)
    for engine, expected in enumerate(tables):
        out = distribute(ports, settings(lanes.elements[engine]))
        arrives = {destination: ord(values[source]) for _, source, destination in expected}
        assert out == [arrives.get(lane, 0) for lane in range(4)]


@st.composite
def chunks(draw):
    """(configuration, stationary bitmap of a chunk, streamed bitmap)"""
    config = draw(configurations())
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    depth, shares = draw(st.integers(1, config.lanes)), st.sampled_from([0.1, 0.5, 0.9, 1])
    return (
        config,
        rng.random((draw(st.integers(1, 12)), depth)) < draw(shares),
        rng.random((depth, draw(st.integers(1, 4)))) < draw(shares),
    )


@few(150)
@given(chunks())
def test_each_lane_gets_what_the_tables_say_and_each_product_is_in_one_table(case):
    config, stationary, stream = case
    kept = stationary & regor(stream)
    products = np.zeros((len(kept), stream.shape[1]), int)
    for fold in pack(tuple(kept.sum(axis=1).tolist()), config):
        lanes = lanes_of(fold, kept, config)
        assert kept[lanes.rows[lanes.rows != IDLE], lanes.elements[lanes.rows != IDLE]].all()
        for engine in range(fold.engines):
            word = settings(lanes.elements[engine])
            for number, column in enumerate(stream.T):
                found, words = table(lanes, engine, column), np.arange(1, column.sum() + 1)
                ports = unpacked(words, column) + [0] * (config.lanes - len(column))
                out = distribute(ports, word)
                arrives = {one.destination: int(words[one.source]) for one in found}
                active = np.flatnonzero(lanes.rows[engine] != IDLE)
                assert {lane: out[lane] for lane in active if out[lane]} == arrives
                assert [one.row for one in found] == [lanes.rows[engine, one.destination] for one in found]
                np.add.at(products[:, number], [one.row for one in found], 1)
    assert (products == stationary.astype(int) @ stream.astype(int)).all()  # one for each product of two values


@few(100)
@given(chunks())
def test_the_lanes_of_a_row_are_a_run_that_the_adder_network_takes(case):
    config, stationary, stream = case
    kept = stationary & regor(stream)
    for fold in pack(tuple(kept.sum(axis=1).tolist()), config):
        for rows in lanes_of(fold, kept, config).rows.tolist():
            runs = slots([None if row == IDLE else row for row in rows])
            assert len(runs) == len({row for row in rows if row != IDLE}) <= config.results


def test_lanes_that_hold_nothing_want_nothing():
    lanes = lanes_of(pack((1,), PAPER)[0], np.array([[0, 0, 1]], bool), PAPER)
    assert isinstance(lanes, Lanes)
    assert lanes.rows.tolist() == [[0, IDLE, IDLE, IDLE], [IDLE] * 4]
    assert lanes.elements.tolist() == [[2, IDLE, IDLE, IDLE], [IDLE] * 4]
    assert table(lanes, 1, np.ones(3, bool)) == [] and settings(lanes.elements[1]) == 0
    assert distribute([7, 8, 9, 0], settings(lanes.elements[0]))[0] == 9
