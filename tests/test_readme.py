"""The README fits a page, in its order, and its figures and those of the results are what the model says."""

import re
import tomllib
from statistics import fmean

import pytest

from rtl.sat.axi import sat_axi
from rtl.sat.config import PRESETS
from sat.cycles import paper
from tests.formal.blocks import found as blocks_with_streams
from tests.support.tree import ROOT
from tlm import make_plan
from training import models, whole_step

README, RESULTS, VERIFICATION = (
    (ROOT / name).read_text() for name in ("README.md", "docs/results.md", "docs/explanation/verification.md")
)
LONGEST = 150  # lines
PARTS = [
    "Two commands",
    "Your own network",
    "What would it cost, what does it gain?",
    "The Verilog",
    "The map",
    "How we know that it is right",
    "Limits",
    "Documentation, licence, citation",
]


def test_it_fits_a_page_in_its_order():
    assert README.count("\n") <= LONGEST
    assert re.findall(r"^## (.*)$", README, re.MULTILINE) == PARTS


def test_it_has_eight_results_each_with_its_command():
    table = README.partition("|---|---|---|\n")[2].partition("\n\n")[0]
    rows = [re.findall(r"[^|]+", row) for row in table.splitlines()]
    assert len(rows) == 8 and all("`" in command for *_, command in rows)


def test_every_file_that_it_links_to_is_there():
    links = re.findall(r"\]\(([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == [] and len(links) > 8


def test_it_has_the_commands_of_tox():
    named = set(re.findall(r"`tox -e ([\w]+)", README + RESULTS + VERIFICATION))
    environments = set(
        re.findall(r"\w+", " ".join(re.findall(r"^\[testenv:(.*)\]$", (ROOT / "tox.ini").read_text(), re.M)))
    )
    assert named <= environments and {"demo", "docs", "formal", "mutation", "bench"} <= named | {"demo"}


def test_the_results_that_no_machine_changes_are_true(tmp_path):
    config, module = PRESETS["small"], models.build("cnn", 0)
    step = {method: whole_step(module, (16, 1, 8, 8), method, 2, 8) for method in ("dense", "bdwp")}
    dense, ours, *fixed = (
        make_plan(step[method], config, flows).cycles
        for method, flows in (("dense", ("os", "ws")), ("bdwp", ("os", "ws")), ("bdwp", ("os",)), ("bdwp", ("ws",)))
    )
    assert f"| {dense:,} → {ours:,} ({dense / ours:.2f}x) |" in RESULTS
    assert f"| {ours:,} / {fixed[0]:,} / {fixed[1]:,} |" in RESULTS
    files = sat_axi.write(PRESETS["vcu1525"], tmp_path).values()
    size = f"| {len(files)} modules, {sum(len(file.read_text().splitlines()) for file in files):,} lines"
    assert size in RESULTS and size in README


def test_the_headline_is_what_the_model_says():
    found = {line.name: line for line in paper.lines(64, PRESETS["vcu1525"])}
    speedup, removed = (fmean(getattr(line, key) for line in found.values()) for key in ("speedup", "ops_removed"))
    told = f"{100 * removed:.1f} % of the operations removed (the paper: 1.75x, 48 %)"
    assert f"| {speedup:.2f}x as fast, {told} |" in README and f"| mean speed-up {speedup:.2f}x, {told} |" in RESULTS
    large = found["resnet50"]
    assert f"| {large.dense_cycles:,} → {large.cycles:,}, " in README
    assert f"| {large.dense_cycles:,} → {large.cycles:,} ({large.speedup:.2f}x) |" in RESULTS


def test_as_many_blocks_are_proven_as_there_are():
    assert f"all {len(blocks_with_streams())} blocks with such ports" in README


@pytest.mark.parametrize("page", [README, RESULTS, VERIFICATION], ids=["README", "results", "verification"])
def test_the_figures_of_the_mutants_are_the_same_everywhere(page):
    caught = re.findall(r"SAT (\d+) of (\d+).*? SIGMA (\d+) of (\d+)", " ".join(page.split()))
    assert caught == re.findall(r"SAT (\d+) of (\d+).*? SIGMA (\d+) of (\d+)", " ".join(README.split())) != []


def test_the_changelog_has_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(
        rf"^## {re.escape(version)} \((unreleased|\d{{4}}-\d\d-\d\d)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
