"""`sat compare`: its arithmetic redone from the data, its options, and what is refused."""

import struct

import pytest

from cosim.tools import ToolMissing
from rtl.sparsity import Sparsity
from sat.compare import cases, command, paper
from sat.compare.keys import keys
from tests.sat.support import data, refused, sat
from tests.support.toy import add_toy
from tlm import Gemm
from tlm.accelerators import TABLE
from tlm.compare import setups
from tlm.sat.scheduler import best_mapping
from tlm.sigma.scheduler import MARGIN, best_sigma_mapping

ACCELERATORS, SETUPS = tuple(TABLE), setups()
HEADER = "layer,M,N,K,density_a,density_b\n"
CNN = ("--models", "cnn", "--batch", 2, "--config", "small")


def test_every_figure_follows_from_the_gemm_and_the_models_cycles(published):
    content, _ = published
    config = SETUPS["paper"].configs
    assert content["config"] == {name: one.model_dump() for name, one in config.items()}
    assert len(content["rows"]) == 2 * 10
    for row in content["rows"]:
        pattern = Sparsity.parse(row["sparsity"])
        gemm, share = Gemm(row["m"], row["k"], row["n"], pattern), (row["density_a"], row["density_b"])
        assert share == ((1.0, gemm.kept / gemm.k) if pattern else (0.2, 0.2)) and str(pattern) in ("None", "2:8")
        program, cycles = best_sigma_mapping(gemm, config["sigma"], share, margin=0 if pattern else MARGIN)
        assert (row["sigma"]["cycles"], row["sigma"]["bytes"]) == (cycles, round(sum(program.bytes_moved)))
        assert row["sat"]["cycles"] == best_mapping(gemm, config["sat"])[1]
        assert row["systolic"]["cycles"] == best_mapping(Gemm(*gemm.shape), config["sat"])[1]
        useful = row["m"] * row["k"] * row["n"] * share[0] * share[1]
        for name in ACCELERATORS:
            one = row[name]
            assert one["utilisation"] == pytest.approx(useful / (one["cycles"] * 16384)) and one["utilisation"] <= 1
            assert one["tflops"] == pytest.approx(2 * useful / (one["cycles"] / 500e6) / 1e12)
            assert one["bytes"] >= 4 * row["m"] * row["n"]  # the results in FP32
        assert row["sigma_gain"] == {name: row[name]["cycles"] / cycles for name in ("sat", "systolic")}


def test_the_rows_of_networks_are_the_gemms_of_their_training_steps(tmp_path):
    sat("compare", *CNN, "--json", tmp_path / "compare")
    for row, method in zip(data(tmp_path / "compare")["rows"], ("dense", "bdwp"), strict=True):
        assert (row["model"], row["method"], row["batch"]) == ("cnn", method + " 2:8" * (method == "bdwp"), 2)
        for name in ACCELERATORS:
            words = ("--model", "cnn", "--batch", 2, "--config", "small", "--method", method, "--accelerator", name)
            sat("cycles", *words, "--json", tmp_path / name)
            step = data(tmp_path / name)
            gemms = [one for one in step["rows"] if one["stage"] != "update"]
            assert row["gemms"] == len(gemms) == 11
            assert row[name]["cycles"] == sum(one["cycles"] for one in gemms)
            useful = sum(one["macs"] for one in gemms)
            if name != "systolic":  # which does what N:M would leave out
                assert row[name]["utilisation"] == pytest.approx(useful / (row[name]["cycles"] * 16))
            else:
                assert row[name]["formula_cycles"] == sum(step["formula_cycles"])


def test_a_setup_is_chosen_by_its_name_and_the_default_fits_the_cases(line, monkeypatch):
    chosen = []
    monkeypatch.setattr(cases, "of_networks", lambda *given, stage: chosen.append(given[-1]) or [("x", lambda: line)])
    monkeypatch.setattr(paper, "of_paper", lambda *given: chosen.append(given[-1]) or [("x", lambda: line)])
    for words in ((), ("paper",), *(("--config", name) for name in SETUPS), ("paper", "--config", "medium")):
        sat("compare", *words)
    assert chosen == [SETUPS[name] for name in ("vcu1525", "paper", *SETUPS, "medium")]


def test_a_further_accelerator_is_compared_as_its_row_stands_in_the_table(tmp_path, monkeypatch):
    toy = add_toy(monkeypatch)
    output = sat("compare", *CNN, "--json", tmp_path / "x", "--heatmap", tmp_path / "x.svg").output
    content = data(tmp_path / "x")
    assert list(content["config"]) == [*ACCELERATORS, "dot"]
    assert f"SAT, SIGMA, systolic, {toy.title}: small, 16 multipliers" in output
    for row in content["rows"]:
        assert f"{row['dot']['cycles']:,}" in output and 0 < row["dot"]["utilisation"] <= 1
        assert row["sigma_gain"]["dot"] == row["dot"]["cycles"] / row["sigma"]["cycles"]
    assert "SIGMA against dot" in (tmp_path / "x.svg").read_text()
    words = ("cycles", "--accelerator", "dot", "--config", "small", "--batch", 2, "--json", tmp_path / "cycles")
    assert f"on dot {toy.presets['small'].name}" in sat(*words, "--method", "dense").output
    assert data(tmp_path / "cycles")["totals"]["cycles"] == content["rows"][0]["dot"]["cycles"]
    assert refused("verify", "gemm", 2, 3, 4, "--accelerator", "dot").startswith(
        "sat: a configuration must be of one of"
    )


def test_a_list_of_gemms_of_which_two_have_one_name(tmp_path):
    (tmp_path / "gemms.csv").write_text(HEADER + "q,64,48,32,0.2,1\nq,64,48,320,0.2,1\nnone,10,9,8,0,0.5\n")
    output = sat(
        "compare",
        "gemms",
        tmp_path / "gemms.csv",
        "--config",
        "small",
        "--json",
        tmp_path / "x",
        "--heatmap",
        tmp_path / "x.svg",
    ).output
    rows, picture = data(tmp_path / "x")["rows"], (tmp_path / "x.svg").read_text()
    assert [(row["layer"], row["m"], row["n"], row["k"], row["density_a"], row["density_b"]) for row in rows] == [
        ("q", 64, 48, 32, 0.2, 1.0),
        ("q", 64, 48, 320, 0.2, 1.0),
        ("none", 10, 9, 8, 0.0, 0.5),
    ]
    assert all("published" not in row for row in rows) and "published" not in output
    assert rows[2]["sigma"]["utilisation"] == 0 and rows[2]["sigma"]["cycles"] > 0
    lines = [line.split() for line in output.splitlines()]
    for name, row in zip(("q 64-48-32", "q 64-48-320", "none 10-9-8"), rows, strict=True):
        assert f"{name}: {row['density_a']:g}, {row['density_b']:g} " in picture
        (line,) = (line for line in lines if line[:4] == [row["layer"], *(str(row[key]) for key in "mnk")])
        assert line[4:7] == [f"{row['density_a']:g}", f"{row['density_b']:g}", "dense"]
        assert f"{row['sigma']['cycles']:,}" in line


def test_every_row_is_in_the_table_and_every_key_is_explained(published):
    content, output = published
    assert "100% of them are 16.4 TFLOP/s" in output
    lines = [words for line in output.splitlines() if (words := line.split()) and words[0].count("-") == 2]
    assert [words[6] for words in lines] == [row["sparsity"] for row in content["rows"]]
    fastest = [min(ACCELERATORS, key=lambda name: row[name]["cycles"]) for row in content["rows"]]
    assert [words[-1] for words in lines] == fastest and len(lines) == 20
    found = {key for row in content["rows"] for key in (*row, *row["sat"], *row["systolic"])} | {"area", "method"}
    assert found <= keys().keys()
    text = " ".join(sat("compare", "--help").output.split())
    assert all(f"{key}: {meaning}" in text for key, meaning in keys().items())


@pytest.mark.parametrize("name, magic", [("x.png", b"\x89PNG\r\n\x1a\n"), ("x.svg", b"<?xml")])
def test_a_heat_map_is_drawn(name, magic, tmp_path):
    assert f"heat map in {tmp_path}/deep/{name}" in sat("compare", *CNN, "--heatmap", tmp_path / "deep" / name).output
    found = (tmp_path / "deep" / name).read_bytes()
    assert found.startswith(magic)
    if name == "x.png":
        assert min(struct.unpack(">II", found[16:24])) > 200
    else:
        assert all(
            f"<!-- {words} -->".encode() in found
            for words in ("cnn", "dense", "bdwp 2:8", "SIGMA against sat", "SIGMA against systolic")
        )


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--config", "large"], "config must be one of small, medium, vcu1525, paper, not 'large'"),
        (["--models", "cnn,tpu"], "model must be one of cnn, resnet9, resnet18, resnet50, vgg19, vit, not 'tpu'"),
        *(
            ([*words, *other], f"{other[0]} is {where}, and no option of sat compare {words[0]}")
            for words, other, where in (
                (["paper"], ["--gemms", "x.csv"], "a command of its own, sat compare gemms"),
                (["paper"], ["--models", "cnn"], "an option of sat compare networks"),
                (["paper"], ["--batch", 2], "an option of sat compare networks"),
                (["gemms", "x.csv"], ["--models", "cnn"], "an option of sat compare networks"),
                (["gemms", "x.csv"], ["--batch", 2], "an option of sat compare networks"),
                (["gemms", "x.csv"], ["--densities", 1], "an option of sat compare paper"),
            )
        ),
        (["--densities", 1], "--densities is an option of sat compare paper, and no option of sat compare networks"),
        *(
            (
                ["paper", "--densities", text],
                f"--densities must be numbers above 0 and up to 1 with commas between, not {text!r}",
            )
            for text in ("0", "1.1", "0.5,", "", "half", "nan", "0.5;1", "-0.1")
        ),
        (["--heatmap", "deep/x.pdf"], "a heat map is a file .png or .svg, not deep/x.pdf"),
        (["--heatmap", "/dev/null/x.png"], "/dev/null/x.png cannot be written: "),
        (["--json", "/dev/null/x.json"], "/dev/null/x.json cannot be written: "),
        (["gemms", "nowhere.csv"], "No such file or directory: 'nowhere.csv'"),
        (["gemms", "."], "Is a directory: '.'"),
    ],
)
def test_bad_input_is_refused_before_any_work(words, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(cases, "done")
    assert complaint in refused("compare", *words) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "rows, complaint",
    [
        ("", "x.csv: must have at least one GEMM below its header"),
        ("q,1,2,3,0.5\n", "x.csv, line 2: must have 6 fields as the header, not 5"),
        ("q,1,2,3,0.5,1\nr,1,2,3,1.5,1\n", "x.csv, line 3: density_a must be a decimal number from 0 to 1, not 1.5"),
        ("q,1,0,3,0.5,1\n", "x.csv, line 2: n must be an integer from 1 to 2^27, not 0"),
    ],
)
def test_a_malformed_list_is_refused_and_nothing_is_written(rows, complaint, tmp_path, monkeypatch):
    monkeypatch.delattr(cases, "done")
    (tmp_path / "x.csv").write_text(HEADER + rows)
    line = refused(
        "compare", "gemms", tmp_path / "x.csv", "--json", tmp_path / "x.json", "--heatmap", tmp_path / "x.png"
    )
    assert line.endswith(complaint) and [file.name for file in tmp_path.iterdir()] == ["x.csv"]


def test_without_yosys_an_area_is_refused_before_any_work(monkeypatch):
    def missing():
        raise ToolMissing("yosys is not installed; apt-get install yosys")

    monkeypatch.setattr(command, "yosys", missing)
    monkeypatch.delattr(cases, "done")
    assert refused("compare", *CNN, "--area") == "sat: yosys is not installed; apt-get install yosys"


def test_areas_are_printed_and_in_the_data_where_they_are_asked_for(tmp_path, monkeypatch):
    areas = {name: dict(lut=1000 + i, lutram=0, ff=7, bram=0.5, dsp=16, uram=0) for i, name in enumerate(ACCELERATORS)}
    monkeypatch.setattr(command, "areas_of", lambda setup: areas if setup == SETUPS["small"] else {})
    monkeypatch.setattr(command, "yosys", lambda: "yosys")
    assert "1,002" in sat("compare", *CNN, "--area", "--json", tmp_path / "x").output
    assert data(tmp_path / "x")["area"] == areas
    assert "Area" not in sat("compare", *CNN, "--json", tmp_path / "y").output and "area" not in data(tmp_path / "y")
