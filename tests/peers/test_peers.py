"""The comparison with SCALE-Sim, which needs not be installed here: what it is told, and what is made of its answer."""

import json
from configparser import ConfigParser
from itertools import product

import pytest
import typer.testing

from rtl.sat.config import PRESETS
from tests.bench.measure import CheckFailed
from tests.peers import __main__ as peers
from tests.peers import formula, gemms, run, scale_sim
from tests.peers.formula import Difference, Ours, busy, theirs
from tests.peers.gemms import Shape
from tests.peers.run import CONFIG, Took
from tlm import Gemm, make_plan
from tlm.workload.layer import Conv
from tlm.workload.topology import read_topology

# What SCALE-Sim 3.0.0 counts: rows, columns, dataflow, (M, N, K) -> cycles.
RECORDED = [
    (32, 32, "os", (1024, 64, 27), 5695),
    (32, 32, "os", (1024, 64, 576), 40831),
    (32, 32, "os", (16, 512, 256), 5087),
    (32, 32, "os", (1, 200, 512), 4017),
    (32, 32, "os", (33, 65, 70), 791),
    (8, 16, "os", (33, 65, 70), 2299),
    (8, 16, "os", (5, 3, 7), 28),
    (8, 16, "os", (8, 16, 1), 22),
    (32, 32, "ws", (1024, 64, 27), 2235),
    (32, 32, "ws", (1, 200, 512), 10639),
    (32, 32, "ws", (16, 512, 256), 14079),
    (32, 32, "ws", (33, 65, 70), 1142),
    (8, 16, "ws", (33, 65, 70), 2834),
    (8, 16, "ws", (5, 3, 7), 34),
    (8, 16, "ws", (8, 16, 1), 37),
]
SIZES = [(1024, 64, 27), (33, 130, 70), (1, 200, 512)]
REPORT = """\
LayerID, Total Cycles (incl. prefetch), Total Cycles, Stall Cycles, Overall Util %, Compute Util %,
0, 10888, 5695, 0, 30.342405618964005, 30.337078651685417,
1, 14508, 4017, 0, 2.4894199651481204, 2.4888003982080633,
"""


@pytest.mark.parametrize("rows, columns, dataflow, sizes, cycles", RECORDED)
def test_its_count_is_the_formula(rows, columns, dataflow, sizes, cycles):
    assert theirs(Shape("any", *sizes), rows, columns, dataflow).cycles == cycles


@pytest.mark.parametrize("rows, columns, k", [(1, 1, 1), (4, 4, 4), (2, 5, 3), (5, 2, 7)])
def test_what_its_output_stationary_count_lacks_is_what_an_array_takes(rows, columns, k):
    """Element (i, j) multiplies in cycles i + j .. i + j + k - 1. Then the sums of a column leave through its rows, the
    bottom one first, one a cycle, each from the cycle after its last product on."""
    ends = []
    for j in range(columns):
        end = 0
        for i in reversed(range(rows)):
            end = max(end + 1, i + j + k + 1)
        ends.append(end)
    count = theirs(Shape("one fold", rows, columns, k), rows, columns, "os")
    assert count.cycles + 1 + count.lacking == 2 * rows + columns + k - 2 == max(ends)


@pytest.mark.parametrize("dataflow, sizes", [*product(formula.DATAFLOWS, SIZES)])
def test_our_steps_are_those_of_the_model(dataflow, sizes):
    m, n, k = sizes
    (choice,) = make_plan([Gemm(m, k, n)], CONFIG, [dataflow]).gemms
    (program,) = choice.programs(Gemm(m, k, n), CONFIG, None)
    taken = program.repeats().total(program.steps)
    shape = Shape("any", m, n, k)
    assert taken == busy(shape, CONFIG, dataflow)
    line = Difference.of(
        shape, CONFIG, dataflow, Ours(taken, choice.cycles - taken), theirs(shape, 32, 32, dataflow).cycles
    ).as_data()
    assert line["sat"] == choice.cycles and line["scale_sim"] + line["difference"] == line["sat"]
    assert line["difference"] == line["steps"] + line["fills"] + line["waits"]


def test_a_count_that_is_not_its_formula_fails_and_is_named():
    shape = Shape("conv1", 1024, 64, 27)
    Difference.of(shape, CONFIG, "os", Ours(3456, 668), 5695)
    with pytest.raises(CheckFailed, match=r"conv1, os: SCALE-Sim's count must be 5,695 by formula, not 5,696"):
        Difference.of(shape, CONFIG, "os", Ours(3456, 668), 5696)
    with pytest.raises(CheckFailed, match=r"conv1, os: SAT's busy cycles must be 3,456 by formula, not 3,455"):
        Difference.of(shape, CONFIG, "os", Ours(3455, 668), 5695)


def test_both_read_the_same_list(tmp_path):
    shapes = gemms.forward_gemms()
    assert len(shapes) == 21 and shapes[0] == Shape("conv1", 1024, 64, 27) and shapes[-1] == Shape("fc", 1, 200, 512)
    file, text = tmp_path / "gemms.csv", gemms.topology(shapes)
    file.write_text(text)
    assert [listed.layer for listed in read_topology(file)] == [
        Conv(one.layer, one.k, one.n, one.m, 1) for one in shapes
    ]
    header, *lines = text.splitlines()
    fields = [line.split(",")[:-1] for line in lines]  # as SCALE-Sim reads it: without what follows the last comma
    assert header == "Layer, M, N, K," and [[int(size) for size in row[1:4]] for row in fields] == [
        [one.m, one.n, one.k] for one in shapes
    ]


def test_its_configuration_has_what_it_asks_for():
    found = ConfigParser()
    found.read_string(scale_sim.configuration(8, 16, "ws"))
    array = found["architecture_presets"]
    assert (array["ArrayHeight"], array["ArrayWidth"], array["Dataflow"]) == ("8", "16", "ws")
    assert found["run_presets"]["InterfaceBandwidth"] == "CALC" and not found["layout"].getboolean("IfmapCustomLayout")
    assert CONFIG.size == PRESETS["vcu1525"].size


def test_its_report_is_read_and_refused_with_stalls_or_in_another_form():
    assert scale_sim.cycles_in(REPORT) == [5695, 4017]
    for changed, words in (
        (REPORT.replace("5695, 0,", "5695, 3,"), "GEMM 0 must be in its place and without stalls, not 0 with 3"),
        (REPORT.replace("\n1, ", "\n2, "), "GEMM 1 must be"),
        (REPORT.replace("Stall Cycles", "Stalls"), "must have Stall Cycles, not only"),
    ):
        with pytest.raises(CheckFailed, match=words):
            scale_sim.cycles_in(changed)


@pytest.fixture
def stubbed(monkeypatch):
    """The comparison with `sat cycles` as it is, and SCALE-Sim as its formula says, on two GEMMs."""
    shapes = [Shape("conv1", 1024, 64, 27), Shape("fc", 1, 200, 512)]

    def run_scale_sim(python, shapes, dataflow, folder):
        return [theirs(shape, 32, 32, dataflow).cycles for shape in shapes], Took(90.0, 80.0, 2000.0)

    monkeypatch.delenv("COLUMNS", raising=False)  # a narrow terminal wraps the reasons
    monkeypatch.setattr(gemms, "forward_gemms", lambda: shapes)
    monkeypatch.setattr(scale_sim, "installed", lambda folder: folder)
    monkeypatch.setattr(peers, "run_scale_sim", run_scale_sim)
    monkeypatch.setattr(peers, "REPEATS", 1)
    app = typer.Typer()
    app.command()(peers.main)
    return lambda *words: typer.testing.CliRunner().invoke(app, list(map(str, words)))


def test_it_prints_both_and_the_reasons_and_writes_the_same(stubbed, tmp_path):
    result = stubbed("--json", tmp_path / "peers.json")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "peers.json").read_text())["dataflows"]
    assert list(found) == ["os", "ws"]
    for of in found.values():
        assert all(f"- {reason}\n" in result.output for reason in of["reasons"]) and len(of["reasons"]) >= 4
        assert [row["layer"] for row in of["rows"]] == ["conv1", "fc"]
        assert of["totals"]["sat"] == sum(row["sat"] for row in of["rows"])
        theirs_took, ours_took = of["took"]
        assert theirs_took["seconds"] == 90 and 0 < ours_took["megabytes"] < 2000
        assert f"{of['totals']['difference']:,}" in result.output
    assert "SCALE-Sim takes" in result.output


def test_what_is_wrong_ends_it_with_one_line(stubbed, monkeypatch):
    monkeypatch.setattr(peers, "run_sat", lambda shapes, dataflow, folder: ([Ours(1, 1)] * 2, Took(1.0, 1.0, 1.0)))
    result = stubbed("--dataflow", "os")
    assert result.exit_code == 1 and "conv1, os: SAT's busy cycles must be 3,456 by formula, not 1" in result.stderr

    def refused(folder):
        raise scale_sim.NotInstalled("scalesim==3.0.0 cannot be installed: no such package")

    monkeypatch.setattr(scale_sim, "installed", refused)
    result = stubbed()
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "sat: scalesim==3.0.0 cannot be installed: no such package"
    assert stubbed("--dataflow", "is").exit_code == 2


def test_a_process_that_fails_or_counts_too_few_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "SAT", "sys.exit('no such option')")
    with pytest.raises(CheckFailed, match="no such option"):
        run.run_sat([Shape("a", 4, 4, 4)], "os", tmp_path)
    with pytest.raises(CheckFailed, match="sat cycles must count 2 GEMMs, not 1"):
        run._all_of([1], [Shape("a", 4, 4, 4)] * 2, "sat cycles")


def test_it_sees_no_packages_of_this_environment(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "here")
    assert "PYTHONPATH" not in scale_sim.alone() and "PATH" in scale_sim.alone()
