"""The README is true: its examples run, its tables name what is there."""

import importlib
import re
from pathlib import Path
from statistics import fmean

import pytest
import typer

from rtl import timing as units
from rtl.sat import timing
from rtl.sat.axi import registers, sat_axi
from rtl.sat.config import PRESETS, SatConfig
from rtl.sigma import sigma
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sigma.config import SigmaConfig
from sat.__main__ import app
from sat.cycles import paper
from tlm import make_plan
from tlm.report import DEFINITIONS
from tlm.workload.methods import METHODS
from tlm.workload.networks import NETWORKS, layers
from training import models, whole_step

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
TRAINING = README.partition("## Training")[2].partition("## Python API")[0]
RTL = README.partition("## The RTL")[2].partition("## SIGMA")[0]
SIGMA = README.partition("## SIGMA")[2].partition("## In Vivado")[0]
SHARED = ("clock_mhz", "buffer_kib", "memory_latency", "read_bytes_per_cycle", "write_bytes_per_cycle")


def test_the_examples_run():
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})


def test_the_results_that_no_machine_changes_are_true(tmp_path):
    config, module = PRESETS["small"], models.build("cnn", 0)
    step = {method: whole_step(module, (16, 1, 8, 8), method, 2, 8) for method in ("dense", "bdwp")}
    dense, ours, *fixed = (
        make_plan(step[method], config, flows).cycles
        for method, flows in (("dense", ("os", "ws")), ("bdwp", ("os", "ws")), ("bdwp", ("os",)), ("bdwp", ("ws",)))
    )
    assert f"| {dense:,} → {ours:,} ({dense / ours:.2f}x) |" in README
    assert f"| {ours:,} / {fixed[0]:,} / {fixed[1]:,} |" in README
    files = sat_axi.write(PRESETS["vcu1525"], tmp_path).values()
    assert f"| {len(files)} modules, {sum(len(file.read_text().splitlines()) for file in files):,} lines, " in README


def test_the_headline_is_what_the_model_says():
    found = {line.name: line for line in paper.lines(64, PRESETS["vcu1525"])}
    speedup, removed = (fmean(getattr(line, key) for line in found.values()) for key in ("speedup", "ops_removed"))
    assert f"| mean speed-up {speedup:.2f}x, {100 * removed:.1f} % of the operations removed " in README
    large = found["resnet50"]
    assert f"| {large.dense_cycles:,} → {large.cycles:,} ({large.speedup:.2f}x) |" in README


def test_the_parameters_are_those_of_the_configuration():
    told = re.findall(
        r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (.*) \|$", README.partition("## SIGMA")[0], re.MULTILINE
    )
    assert told == [
        (name, *(f"{getattr(config, name):g}" for config in PRESETS.values()), field.description)
        for name, field in SatConfig.model_fields.items()
        if name != "name"
    ]


def test_the_parameters_of_sigma_are_those_of_its_configuration():
    told = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \| (\w+) \| (\w+) \| (.*) \|$", SIGMA, re.MULTILINE)
    assert told == [
        (name, *(str(getattr(config, name)) for config in SIGMA_PRESETS.values()), field.description)
        for name, field in SigmaConfig.model_fields.items()
        if name not in ("name", *SHARED)
    ]


def test_the_report_is_explained_as_in_the_help():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", README, re.MULTILINE))
    assert {key: rows.get(key) for key in DEFINITIONS} == DEFINITIONS


def test_the_module_tables_have_every_verilog_module(tmp_path):
    device, other = (set(re.findall(r"^\| `(\w+)` \| .* \| [^|]*\|$", part, re.MULTILINE)) for part in (RTL, SIGMA))
    shared = set(re.findall(r"`(\w+)`", re.search(r"^Of SAT's it has (.*)$", SIGMA, re.MULTILINE)[1]))
    tops = "sat", "sat_axi", "sigma"
    written = [
        {name if name in tops else re.sub(r"^(sat|sigma)_|(_\d+)+$", "", name) for name in files}
        for files in (
            sat_axi.write(PRESETS["small"], tmp_path),
            sigma.write(SIGMA_PRESETS["small"], tmp_path),
            sigma.write(SIGMA_PRESETS["small"].model_copy(update=dict(operands="bf16")), tmp_path),
        )
    ]
    assert device == written[0] and shared <= device
    assert other - set(SigmaConfig.model_fields) | shared == written[1] | written[2]


@pytest.mark.parametrize(
    "name, latency",
    [
        *(
            (name, importlib.import_module(f"rtl.float.{name}").LATENCY)
            for name in ("fp16_mul", "fp32_add", "fp32_to_fp16")
        ),
        ("uspe", timing.SELECT + units.FP16_MUL + units.ACCUMULATE),
        ("loader", timing.LOAD_SETUP),
        ("sequencer", timing.START_SETUP),
        ("dispatcher", timing.START_SETUP),
        ("sum_lane", timing.PRODUCT),
        ("drain", timing.STORE_SETUP),
    ],
)
def test_the_module_table_has_the_latencies(name, latency):
    assert re.search(rf"^\| `{name}` \| .* \| {latency} \|$", README, re.MULTILINE)


def test_the_register_map_is_that_of_the_hardware():
    assert f"\n\n{registers.table()}\n" in README


def test_the_axi_ports_are_in_the_table_of_ports():
    names = re.findall(r"^\| `(\w+?)(?:_\*)?` \| [^|]* \|$", README.partition("## In Vivado")[2], re.MULTILINE)
    assert names == list(sat_axi.ports(PRESETS["small"]))


def test_the_axi_streams_have_the_bytes_that_are_told():
    told = {name: tuple(map(int, sizes)) for *sizes, name in re.findall(r"(\d+), (\d+), (\d+) on `(\w+)`", README)}
    streams = ("s_axis_command", "s_axis_operand", "m_axis_result")
    ports = {name: sat_axi.ports(config) for name, config in PRESETS.items()}
    assert told == {name: tuple(len(of[stream].tdata) // 8 for stream in streams) for name, of in ports.items()}


def test_every_command_is_in_the_table_of_commands():
    names = list(typer.main.get_command(app).commands)
    assert len(names) >= 6
    for name in names:
        assert re.search(rf"^\| `sat {name}\b", README, re.MULTILINE), name


def figures(text: str) -> list[tuple[int | None, str]]:
    """(image, figure) of '5.36 M; at 224 (ViT-B/16) 86,567,656': None is the network's own image."""
    own, _, large = text.partition("; at 224")
    return [(None, own), *([(224, large)] if large else [])]


@pytest.mark.parametrize(
    "count, column",
    [
        (lambda *network: sum(weight.numel() for weight in models.build(network[0], 0, *network[1:]).parameters()), 2),
        (lambda *network: sum(layer.macs for layer in layers(*network)), 3),
    ],
    ids=["parameters", "multiply-adds"],
)
def test_the_networks_are_those_that_are_there_with_their_sizes(count, column):
    rows = re.findall(r"^\| `(\w+)`[^|]* \| ([\d, ]+) \| ([^|]+) \| ([^|]+) \| [^|]*\|$", TRAINING, re.MULTILINE)
    assert [name for name, *_ in rows] == list(NETWORKS)
    for name, images, *_ in rows:
        network = NETWORKS[name]
        assert [int(image) for image in images.split(", ")] == sorted(
            network.images, key=lambda image: (image != network.image, image)
        )
    for row in rows:
        for image, figure in figures(row[column]):
            number, million = re.findall(r"(\d[\d,.]*)( M)?", figure)[-1]
            found = count(row[0], image, 1000 if image else None)
            assert float(number.replace(",", "")) == (pytest.approx(found / 1e6, rel=2e-3) if million else found), row


def test_the_methods_are_those_of_the_table():
    table = TRAINING.partition("| network")[0]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+\|([^|]*)\|[^|]*\|[^|]*\|$", table, re.MULTILINE)
    assert {name: set(re.findall(r"\w+", stages)) for name, stages in rows} == {
        name: set(method.rules) for name, method in METHODS.items()
    }
