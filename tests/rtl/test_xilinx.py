"""sat_axi through Yosys's synth_xilinx: no errors, no latches, multipliers in DSPs, buffers in block RAM.

Each module is mapped once, so a small array does; its operand banks are as large as those of vcu1525.
"""
import pytest

from cosim.tools import call, tool
from rtl import sat_axi
from rtl.config import PRESETS, SatConfig

CONFIG = SatConfig(name="synthesised", rows=2, columns=2, largest_m=4, chunk=1024, update_lanes=1)
KINDS = {"dsp": "t:DSP48E2", "ram": "t:RAMB18E2 t:RAMB36E2", "latch": "t:$*latch* t:$sr* t:LD*"}
LATCH = """\
module sat_axi(input open, input in, output reg out);
  always @* if (open) out = in;
endmodule
"""


def modules(folder, files, top, synthesis) -> dict[str, set[str]]:
    """For each of KINDS, the modules that have such cells after these commands of Yosys."""
    script = [*(f"read_verilog {file.name}" for file in files), f"hierarchy -check -top {top}", synthesis,
              *(f"tee -q -o {kind}.txt select -list {cells}" for kind, cells in KINDS.items())]
    (folder / "script.ys").write_text("\n".join(script) + "\n")
    call(tool("yosys"), "-q", "script.ys", cwd=folder)
    return {kind: {line.split("/")[0] for line in (folder / f"{kind}.txt").read_text().split()} for kind in KINDS}


def test_multipliers_are_dsps_and_buffers_block_ram_without_a_latch(tmp_path):
    files = sat_axi.write(CONFIG, tmp_path)
    found = modules(tmp_path, files.values(), "sat_axi",
                    "synth_xilinx -family xcup -noiopad -noclkbuf -top sat_axi; check -assert")
    assert found["latch"] == set()
    assert found["dsp"] == {"fp16_mul", "fp32_mul"}
    assert {"west_lane", "north_lane", "sum_bank_0", "sum_bank_1"} <= found["ram"]


@pytest.mark.parametrize("name", ["small", "vcu1525"])
def test_no_configuration_has_a_latch(tmp_path, name):
    files = sat_axi.write(PRESETS[name], tmp_path)
    assert modules(tmp_path, files.values(), "sat_axi", "proc")["latch"] == set()


@pytest.mark.parametrize("synthesis", ["proc", "synth_xilinx -family xcup -top sat_axi"])
def test_a_latch_would_be_found(tmp_path, synthesis):
    (tmp_path / "latch.v").write_text(LATCH)
    assert modules(tmp_path, [tmp_path / "latch.v"], "sat_axi", synthesis)["latch"] == {"sat_axi"}
