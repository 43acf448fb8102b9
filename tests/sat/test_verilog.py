"""`sat verilog`."""
from rtl.config import PRESETS
from tests.sat.support import data, refused, sat


def test_one_module_a_file_and_the_configuration_beside_them(tmp_path):
    output = sat("verilog", "--config", "medium", "-o", tmp_path / "v", "--json", tmp_path / "v.json").output
    found = data(tmp_path / "v.json")
    assert {row["module"] + ".v" for row in found["modules"]} == {file.name for file in (tmp_path / "v").glob("*.v")}
    assert data(tmp_path / "v" / "configuration.json") == PRESETS["medium"].model_dump() == found["config"]
    assert found["lines"] < 5000 and found["modules"][-1]["module"] == "sat" and "15 modules" in output


def test_a_configuration_that_was_written_can_be_read_again(tmp_path):
    sat("verilog", "--config", "small", "-o", tmp_path / "one")
    sat("verilog", "--config", tmp_path / "one" / "configuration.json", "-o", tmp_path / "two")
    for file in (tmp_path / "one").glob("*.v"):
        assert file.read_text() == (tmp_path / "two" / file.name).read_text()


def test_a_folder_that_cannot_be_written_is_refused():
    line = refused("verilog", "-o", "/dev/null/v")
    assert "/dev/null/v/configuration.json cannot be written: Not a directory" in line
