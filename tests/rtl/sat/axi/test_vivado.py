"""vivado.tcl in a Tcl interpreter that knows Vivado's commands by name: what it would do, and to which files."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from cosim.tools import tool
from rtl.sat.axi import sat_axi, vivado
from rtl.sat.axi.registers import ACCESS, REGISTERS, VERSION
from rtl.sat.config import PRESETS, SatConfig

COMMANDS = """
    create_project add_files get_files current_fileset set_property update_compile_order synth_design write_checkpoint
    report_utilization report_timing_summary
    ipx::package_project ipx::current_core ipx::get_bus_interfaces ipx::infer_bus_interface
    ipx::associate_bus_interfaces ipx::remove_all_memory_map ipx::add_memory_map ipx::add_address_block
    ipx::add_register ipx::add_field ipx::create_xgui_files ipx::update_checksums ipx::check_integrity ipx::save_core
    """.split()

BLOCK = "ipx::add_address_block reg0 ipx::add_memory_map s_axi ipx::current_core"  # what the stubs return for it

# Each command prints its words, and returns them as one; what Vivado has inferred by itself is not there.
STUBS = """\
namespace eval ipx {}
foreach command {%s} {
    proc $command {args} {
        set words [linsert $args 0 [lindex [info level 0] 0]]
        puts [join $words \\t]
        if {[lindex $args 0] eq "-quiet"} { return {} }
        return [join $words]
    }
}
set argc 0
set argv {}
"""


class Session:
    """What the script called: a list of the words of each command."""

    def __init__(self, folder: Path, elsewhere: Path, script: Path):
        stubs = elsewhere / "stubs.tcl"
        stubs.write_text(STUBS % " ".join(COMMANDS) + f"source {{{script}}}\n")
        done = subprocess.run([tool("tclsh"), stubs], cwd=elsewhere, capture_output=True, text=True)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        self.folder, self.calls = folder, [line.split("\t") for line in done.stdout.splitlines()]

    def of(self, command: str) -> list[list[str]]:
        """The words that followed each call of a command."""
        return [words for name, *words in self.calls if name == command]

    def properties(self, owner: str) -> dict[str, str]:
        """Properties that were set on what a command returned."""
        return {name: value for name, value, of in self.of("set_property") if of == owner}


@pytest.fixture(scope="module", params=["small", "odd"])
def config(request):
    odd = SatConfig(name="an {odd} [exit] $name", rows=1, columns=1, interleave=5, chunk=16, clock_mhz=333.25)
    return {"odd": odd, **PRESETS}[request.param]


@pytest.fixture(scope="module")
def folder(config, tmp_path_factory):
    return tmp_path_factory.mktemp("vivado") / "a folder"


@pytest.fixture(scope="module")
def files(config, folder):
    return list(sat_axi.write(config, folder).values())


@pytest.fixture(scope="module")
def session(config, folder, files):
    script, _ = vivado.write(config, folder, files)
    return Session(folder, folder.parent, script)


def as_list(words: str) -> list[str]:
    """A list of Tcl whose elements have at most spaces in them."""
    return [braced or plain for braced, plain in re.findall(r"\{([^}]*)\}|(\S+)", words)]


def test_every_file_it_names_is_there_and_every_file_that_is_there_is_named(session, files, folder):
    (_, sources), (*fileset, constraints) = session.of("add_files")
    assert as_list(sources) == [str(file) for file in files]
    assert fileset == ["-fileset", "constrs_1", "-norecurse"] and as_list(constraints) == [str(folder / "clock.xdc")]
    assert all(Path(name).is_file() for name in as_list(sources) + as_list(constraints))
    assert {*map(str, folder.iterdir())} == {*as_list(sources), *as_list(constraints), str(folder / "vivado.tcl")}


def test_part_and_top_are_those_of_the_project_and_of_the_synthesis(session, folder):
    part = ["-part", "xcvu9p-fsgd2104-2L-e"]
    assert session.of("create_project") == [["sat_axi", str(folder / "project"), *part, "-force"]]
    assert session.of("synth_design") == [["-top", "sat_axi", *part, "-mode", "out_of_context"]]
    assert session.properties("current_fileset") == {"top": "sat_axi"}


def test_the_clock_has_the_configurations_frequency_and_is_left_to_who_holds_the_ip(session, config, folder):
    name, period, port = re.search(
        r"^create_clock -name (\w+) -period ([\d.]+) \[get_ports (\w+)\]$",
        (folder / "clock.xdc").read_text(),
        re.MULTILINE,
    ).groups()
    assert name == port == "aclk" and abs(float(period) - 1000 / config.clock_mhz) <= 0.0005
    (clock,) = session.of("get_files")
    assert session.properties(f"get_files {clock[0]}") == {"USED_IN": "synthesis implementation out_of_context"}


def test_every_port_belongs_to_one_interface(session, files):
    declared = re.findall(r"^(?:input|output) (?:\[\d+:0\] )?([\w, ]+);", files[-1].read_text(), re.MULTILINE)
    ports = ", ".join(declared).split(", ")
    inferred = {ports: kind for ports, kind, _ in session.of("ipx::infer_bus_interface")}
    assert Counter(" ".join(inferred).split()) == Counter(ports) and len(ports) > 25
    assert Counter(kind.split(":")[2] for kind in inferred.values()) == {
        "aximm_rtl": 1,
        "axis_rtl": 3,
        "clock_rtl": 1,
        "reset_rtl": 1,
    }
    buses = [words[1] for words in session.of("ipx::associate_bus_interfaces") if words[0] == "-busif"]
    assert buses == ["s_axi", "s_axis_command", "s_axis_operand", "m_axis_result"]
    assert all(words[2:4] == ["-clock", "aclk"] for words in session.of("ipx::associate_bus_interfaces")[:-1])
    assert session.of("ipx::associate_bus_interfaces")[-1][:4] == ["-clock", "aclk", "-reset", "aresetn"]


def test_what_vivado_has_inferred_is_not_inferred_again(session, folder, tmp_path):
    script = tmp_path / "vivado.tcl"
    script.write_text((folder / "vivado.tcl").read_text().replace("-quiet $name", "$name"))  # so the stub finds it
    assert session.of("ipx::infer_bus_interface")
    assert Session(folder, tmp_path, script).of("ipx::infer_bus_interface") == []


def test_the_registers_of_the_ip_are_those_of_the_map(session, config):
    assert [name for name, _ in session.of("ipx::add_register")] == [register.name for register in REGISTERS]
    fields = session.of("ipx::add_field")
    for register in REGISTERS:
        handle = f"ipx::add_register {register.name} {BLOCK}"
        found = session.properties(handle)
        assert int(found["address_offset"], 16) == register.offset and found["size"] == "32"
        assert found["access"] == ACCESS[register.access]
        assert found["description"] == f"{register.meaning}; after reset {register.value(config):#x}"
        assert [name for name, of in fields if of == handle] == [field.name for field in register.fields]
        for field in register.fields:
            assert session.properties(f"ipx::add_field {field.name} {handle}") == dict(
                bit_offset=str(field.low),
                bit_width=str(field.bits),
                access=ACCESS[field.access],
                description=field.meaning,
            )


def test_the_ip_has_name_and_version_and_is_saved_last(session):
    core = session.properties("ipx::current_core")
    assert (core["name"], core["version"]) == ("sat_axi", ".".join(map(str, VERSION)))
    names = [name for name, *_ in session.calls if name.startswith("ipx::")]
    assert names[0] == "ipx::package_project"
    last = ("create_xgui_files", "update_checksums", "check_integrity", "save_core")
    assert names[-4:] == [f"ipx::{name}" for name in last]


def test_reports_and_netlist_are_written_beside_the_script(session, folder):
    for command, name in (
        ("write_checkpoint", "sat_axi.dcp"),
        ("report_utilization", "utilisation.rpt"),
        ("report_timing_summary", "timing.rpt"),
    ):
        assert [words[-1] for words in session.of(command)] == [str(folder / name)]


def test_every_command_that_is_known_is_called(session):
    assert {name for name, *_ in session.calls} == {*COMMANDS}


def test_a_command_that_is_not_known_is_a_failure(tmp_path):
    (tmp_path / "vivado.tcl").write_text("no_such_command\n")
    with pytest.raises(AssertionError, match='invalid command name "no_such_command"'):
        Session(tmp_path, tmp_path, tmp_path / "vivado.tcl")
