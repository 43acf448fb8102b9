"""sat_axi by its AXI ports: masters of cocotbext-axi drive its Verilog in Icarus, through axi_*_cases.py."""

import re
from pathlib import Path

import pytest

from rtl.hdl.hierarchy import flat_ports
from rtl.sat import layouts
from rtl.sat.axi import sat_axi
from rtl.sat.config import PRESETS, SatConfig
from tests.support.cocotb_run import CASES, outcomes
from tests.support.marks import first_now
from tests.support.tools import needed

# No word of this one fills its bytes, but the result's. Every case runs on it, and the runs on `small` too.
RAGGED = SatConfig(name="ragged", rows=3, columns=2, interleave=6, largest_m=8, chunk=16, update_lanes=1)
ON_SMALL = "a_gemm_has|an_update_between.*often|after_reset"


@pytest.mark.parametrize(
    "config, chosen, count", [(RAGGED, ".", 21), (PRESETS["small"], ON_SMALL, 6)], ids=["ragged", "small"]
)
def test_every_case_holds_on_the_axi_ports(tmp_path, rng, config, chosen, count):
    needed("vvp", "libpython")
    files = sat_axi.write(config, tmp_path / "verilog")
    found = outcomes(files.values(), config, tmp_path, rng.getrandbits(32), chosen)
    assert {name: why for name, why in found.items() if why} == {}, (tmp_path / "run.log").read_text()
    assert len(found) == count


@pytest.mark.parametrize(
    "stored, case",
    first_now(
        [
            ("(blocks_stored || (updates_busy && results_valid && results_ready))", "an_update"),
            ("update_stored", "a_gemm_has"),
            ("blocks_stored", "an_update"),
            ("(results_valid && results_ready)", "a_gemm_has"),
        ]
    ),
)
def test_a_wrong_stored_is_a_packet_that_ends_elsewhere(tmp_path, rng, stored, case):
    files = sat_axi.write(RAGGED, tmp_path / "verilog")
    text, right = files["sat"].read_text(), "assign stored = (blocks_stored || update_stored);"
    assert text.count(right) == 1
    files["sat"].write_text(text.replace(right, f"assign stored = {stored};"))
    found = outcomes(files.values(), RAGGED, tmp_path, rng.getrandbits(32), f"{case}.*none", failures=1)
    (why,) = (message for messages in found.values() for message in messages)
    assert "tlast" in why, why


@pytest.mark.parametrize("name", CASES)
def test_every_case_is_marked_or_it_would_never_run(name):
    text = Path(__file__).with_name(f"{name}.py").read_text()
    marked = re.findall(r"@cocotb\.test\(\)\n(?:@cocotb.*\n(?:[ )].*\n)*)?async def (\w+)", text)
    helpers = {"send_late", "disturb", "break_off"}
    assert len(marked) >= 4 and {*re.findall(r"^async def (\w+)", text, re.MULTILINE)} - helpers == {*marked}


@pytest.mark.parametrize("config", [RAGGED, *PRESETS.values()], ids=lambda config: config.name)
def test_the_ports_are_whole_bytes_and_named_as_arm_names_them(config):
    ports = dict(flat_ports(sat_axi.ports(config)))
    for name, bits in (
        ("s_axis_command", layouts.command_bits(config)),
        ("s_axis_operand", layouts.line_bits(config)),
        ("m_axis_result", 32 * config.columns),
    ):
        width = len(ports[f"{name}_tdata"])
        assert width % 8 == 0 and bits <= width < bits + 8
        assert {port for port in ports if port.startswith(name)} - {f"{name}_tlast"} == {
            f"{name}_{end}" for end in ("tdata", "tvalid", "tready")
        }
    assert {port.removeprefix("s_axi_") for port in ports if port.startswith("s_axi_")} == set(
        """
        awaddr awprot awvalid awready wdata wstrb wvalid wready bresp bvalid bready
        araddr arprot arvalid arready rdata rresp rvalid rready""".split()
    )


def test_ragged_has_bits_to_fill_up():
    assert layouts.command_bits(RAGGED) % 8 and layouts.line_bits(RAGGED) % 8
