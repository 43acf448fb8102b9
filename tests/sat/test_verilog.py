"""`sat verilog`."""

import functools
import re
import subprocess

import pytest

from cosim.synthesis.area import Area
from cosim.synthesis.synthesis import ABC9, LATCHES, OPTIONS, Netlist, counted, yosys
from cosim.tools import ToolFailed
from rtl.sat.config import PRESETS, SatConfig
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from tests.sat.support import data, refused, sat

LANES = ("west_lane", "north_lane", "sum_lane")


def test_one_module_a_file_and_the_configuration_beside_them(tmp_path):
    output = sat("verilog", "--config", "medium", "-o", tmp_path / "v", "--json", tmp_path / "v.json").output
    found = data(tmp_path / "v.json")
    assert {row["module"] + ".v" for row in found["modules"]} == {file.name for file in (tmp_path / "v").glob("*.v")}
    assert data(tmp_path / "v" / "configuration.json") == PRESETS["medium"].model_dump() == found["config"]
    assert 1000 < found["lines"] < 10_000 and f"{len(found['modules'])} modules" in output
    names = [row["module"] for row in found["modules"]]
    assert names[-1] == "sat_axi" and "sat" in names and all(name == "sat" or name[:4] == "sat_" for name in names)
    assert found["vivado"] == ["vivado.tcl", "clock.xdc"]
    assert all((tmp_path / "v" / name).exists() for name in found["vivado"])


def test_a_configuration_that_was_written_can_be_read_again(tmp_path):
    sat("verilog", "--config", "small", "-o", tmp_path / "one")
    sat("verilog", "--config", tmp_path / "one" / "configuration.json", "-o", tmp_path / "two")
    for file in (tmp_path / "one").glob("*.*"):
        assert file.read_text() == (tmp_path / "two" / file.name).read_text()


def test_a_name_and_a_folder_are_no_markup(tmp_path):
    (tmp_path / "config.json").write_text('{"name": "[/x]", "rows": 1, "columns": 1, "largest_m": 4, "chunk": 16}')
    output = sat("verilog", "--config", tmp_path / "config.json", "-o", tmp_path / "out[" / "y]").output
    assert "Verilog of [/x], 1 x 1" in output and f"lines in {tmp_path}/out[/y]; " in output


def test_a_folder_that_cannot_be_written_is_refused():
    line = refused("verilog", "-o", "/dev/null/v")
    assert "/dev/null/v/configuration.json cannot be written: Not a directory" in line


def checked_area(config, tmp_path) -> dict:
    """The area that `sat verilog --area` tells, which must add up to Yosys' own count of the hierarchy.

    Its multipliers are DSPs, its buffers block RAM, and it has no latch: that would have been refused.
    """
    (tmp_path / "c.json").write_text(config.model_dump_json())
    output = sat(
        "verilog", "--area", "--config", tmp_path / "c.json", "-o", tmp_path / "v", "--json", tmp_path / "v.json"
    ).output
    found = data(tmp_path / "v.json")["area"]
    rows = {row["module"]: row for row in found["modules"]}
    assert rows.keys() == {file.stem for file in (tmp_path / "v").glob("*.v")}
    assert found["total"] == {
        key: sum(row[key] * row["instances"] for row in rows.values()) for key in ("lut", "lutram", "ff", "bram", "dsp")
    }
    instances = {name: row["instances"] for name, row in rows.items()}
    assert {
        name: instances[name]
        for name in ("sat_axi", "sat", *(f"sat_{block}" for block in ("uspe", "fp16_mul", "wuve_lane", *LANES)))
    } == dict(
        sat_uspe=config.elements,
        sat_fp16_mul=config.elements,
        sat_axi=1,
        sat=1,
        sat_wuve_lane=config.update_lanes,
        sat_west_lane=config.rows,
        sat_north_lane=config.columns,
        sat_sum_lane=config.columns,
    )
    assert rows["sat_fp16_mul"]["dsp"] == 1 and rows["sat_fp32_mul"]["dsp"] == 2
    assert {name for name, row in rows.items() if row["dsp"]} == {"sat_fp16_mul", "sat_fp32_mul"}
    in_block_ram = {name for name, row in rows.items() if row["bram"]}
    assert {"sat_west_lane", "sat_north_lane", "sat_sum_bank_0", "sat_sum_bank_1"} <= in_block_ram
    assert re.search(r"^Yosys [\d.]+: .*no latches$", output, re.MULTILINE) and found["tool"] in output
    assert ("\nfits" if found["fits"] else "\ndoes not fit") in output
    return found


@pytest.mark.nightly
def test_its_area_adds_up_and_a_small_array_fits(tmp_path):
    """Each module is mapped once, so a small array does; its operand banks are as large as those of vcu1525."""
    config = SatConfig(name="synthesised", rows=2, columns=2, largest_m=4, chunk=1024, update_lanes=1)
    found = checked_area(config, tmp_path)
    assert found["fits"] and found["left"]["lut"] == 1 - found["total"]["lut"] / 1_182_240 > 0.97


@pytest.mark.nightly
def test_32_by_32_fits_with_a_fifth_of_each_resource_left(tmp_path):
    found = checked_area(PRESETS["vcu1525"], tmp_path)
    assert found["fits"] and min(found["left"].values()) >= 0.2


@pytest.mark.nightly
def test_one_hierarchical_run_of_all_files_gives_the_same_area(tmp_path):
    """Names are others, and ABC's choices depend on them: so LUTs may differ by one in a hundred, and nothing else."""
    found = checked_area(PRESETS["small"], tmp_path)["total"]
    files = " ".join(file.name for file in (tmp_path / "v").glob("*.v"))
    run = functools.partial(subprocess.run, cwd=tmp_path / "v", capture_output=True, check=True, text=True)
    known = run([yosys(), "-p", "help synth_xilinx"]).stdout
    options = f"{OPTIONS} {ABC9 if ABC9 in known else ''} -top sat_axi"
    run(
        [
            yosys(),
            "-l",
            "log.txt",
            "-p",
            f"read_verilog {files}; synth_xilinx {options}; {LATCHES}; tee -q -o cells.json stat -json",
        ]
    )
    whole = Area(counted(tmp_path / "v", "sat_axi")).total
    assert whole["lut"] == pytest.approx(found["lut"], rel=0.01)
    assert {key: whole[key] for key in found if key != "lut"} == {key: found[key] for key in found if key != "lut"}


def test_without_yosys_nothing_is_written_and_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("cosim.synthesis.synthesis.sysconfig.get_path", lambda name: str(tmp_path))
    line = refused("verilog", "--area", "--config", "small", "-o", tmp_path / "v")
    assert line.startswith("sat: yosys is not installed; ") and not list((tmp_path / "v").glob("*.v"))


def test_what_yosys_refuses_ends_with_one_line(tmp_path, monkeypatch):
    def refuse(*_):
        raise ToolFailed("module uspe has a latch, signal weight")

    monkeypatch.setattr("sat.area.synthesise", refuse)
    assert (
        sat("verilog", "--area", "--config", "small", "-o", tmp_path, code=1).stderr
        == "sat: module uspe has a latch, signal weight\n"
    )


def test_that_it_does_not_fit_is_a_result_and_no_failure(tmp_path, monkeypatch):
    netlist = Netlist("Yosys 0", "sat", {"sat": {"LUT6": 1_100_000}}, {"LUT6": 1_100_000})
    monkeypatch.setattr("sat.area.synthesise", lambda *_: netlist)
    output = sat("verilog", "--area", "--config", "small", "-o", tmp_path, "--json", tmp_path / "v.json").output
    assert "does not fit a VCU1525 with 20% left of each: LUT 7.0%" in output
    assert not data(tmp_path / "v.json")["area"]["fits"]


def test_sigma_is_written_without_what_is_sats_alone(tmp_path):
    words = ("--config", "small", "--accelerator", "sigma")
    output = sat("verilog", *words, "-o", tmp_path / "v", "--json", tmp_path / "v.json").output
    found = data(tmp_path / "v.json")
    names = {file.name for file in (tmp_path / "v").iterdir()}
    assert {row["module"] + ".v" for row in found["modules"]} == names - {"configuration.json"}
    assert {"sigma.v", "sigma_flex_dpu.v", "sigma_flex_dpe.v"} <= names and not names & {
        "sat.v",
        "sat_axi.v",
        "vivado.tcl",
    }
    assert found["modules"][-1]["module"] == "sigma" and found["vivado"] == []
    assert data(tmp_path / "v" / "configuration.json") == found["config"] == SIGMA_PRESETS["small"].model_dump()
    assert "Verilog of sigma small, 2 x 8" in output and "the top is sigma\n" in output and "Vivado" not in output


def test_a_systolic_array_is_written_as_sat_with_the_shortest_groups(tmp_path):
    words = ("--accelerator", "systolic", "--config", "small", "--prefix", "sat_")
    output = sat("verilog", *words, "-o", tmp_path / "one").output
    (tmp_path / "c.json").write_text((tmp_path / "one" / "configuration.json").read_text())
    assert data(tmp_path / "c.json")["largest_m"] == 4 and "Verilog of systolic small, 4 x 4" in output
    sat("verilog", "--config", tmp_path / "c.json", "-o", tmp_path / "two")
    names = {file.name for file in (tmp_path / "one").iterdir()}
    assert names == {file.name for file in (tmp_path / "two").iterdir()} and "vivado.tcl" in names
    assert all((tmp_path / "one" / name).read_text() == (tmp_path / "two" / name).read_text() for name in names)


def test_the_area_asked_for_is_that_of_the_accelerator(tmp_path, monkeypatch):
    tops = []

    def synthesise(files, top, _):
        tops.append(top)
        return Netlist("Yosys 0", top, {top: {"LUT6": 1}}, {"LUT6": 1})

    monkeypatch.setattr("sat.area.synthesise", synthesise)
    for name in ("sat", "sigma", "systolic"):
        output = sat("verilog", "--area", "--accelerator", name, "--config", "small", "-o", tmp_path / name).output
        assert f"Area of {'small' if name == 'sat' else f'{name} small'}, " in output
    assert tops == ["sat_axi", "sigma", "systolic_axi"]


@pytest.mark.parametrize(
    "accelerator, prefix, tops, scripts",
    [
        ("sat", "big_", "the top is big, or with AXI ports big_axi", True),
        ("systolic", None, "the top is systolic, or with AXI ports systolic_axi", True),
        ("sigma", "two_", "the top is two", False),
    ],
)
def test_the_prefix_is_in_every_name_and_the_script_for_vivado(tmp_path, accelerator, prefix, tops, scripts):
    words = ("--accelerator", accelerator, "--config", "small", *(("--prefix", prefix) if prefix else ()))
    output = sat("verilog", *words, "-o", tmp_path).output
    own = (prefix or f"{accelerator}_").removesuffix("_")
    assert f"{tops}\n" in output
    assert all(file.stem == own or file.stem.startswith(f"{own}_") for file in tmp_path.glob("*.v"))
    assert [file.name for file in tmp_path.glob("*.tcl")] == ["vivado.tcl"] * scripts
    assert not scripts or f"set top {own}_axi\n" in (tmp_path / "vivado.tcl").read_text()


@pytest.mark.parametrize("prefix", ["", "_", "2x_", "a-b", "a b", "table_", "bit", "größe_", "a\n"])
def test_a_prefix_that_is_no_name_in_verilog_is_refused_before_anything_is_written(tmp_path, prefix):
    line = refused("verilog", "--config", "small", "--prefix", prefix, "-o", tmp_path / "v")
    assert line.startswith("sat: prefix must be letters, digits and underscores, a letter first, and no word of ")
    assert not (tmp_path / "v").exists()
