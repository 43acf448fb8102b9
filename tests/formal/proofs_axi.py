"""What is to be proven of the AXI ports' blocks."""

from rtl.sat import layouts
from tests.formal import axi
from tests.formal.blocks import OTHER, SAT
from tests.formal.parts import sliced
from tests.formal.proof import Path, Proof


def given_up(stream: str, inner: str, number: int, bits: int) -> Path:
    """The path from one of sat_axi's input streams into sat; a reset by software throws its words away."""
    return sliced(
        f"dut.register_slice_{number}",
        f"dut.sat_0_{inner}",
        enters=f"{stream}_tvalid && {stream}_tready && !dut.status_resetting",
        lost="dut.status_resetting",
        word=f"{stream}_tdata[{bits - 1}:0]",
        restart="rst || dut.status_resetting",
        bits=bits,
    )


PROOFS = {
    "register_slice": Proof(
        paths={
            "words": sliced(
                "dut", "leaving", enters="entering_valid && entering_ready", word="entering_data", bits=OTHER
            )
        }
    ),
    "axi_lite": Proof(helped=axi.helped("s_axi", "dut")),
    # axi_lite with register_bank, as they are wired; what sat answers is free.
    "sat_axi": Proof(
        reach=30,  # the reset inside lasts longer than the one outside
        cut=("sat",),
        paths={
            "commands": given_up("s_axis_command", "commands", 0, layouts.command_bits(SAT)),
            "operands": given_up("s_axis_operand", "operands", 1, layouts.line_bits(SAT)),
            "results": sliced(
                "dut.register_slice_2",
                "dut.register_slice_2.leaving",
                enters="dut.sent_valid && dut.sent_ready",
                word="{dut.stored, dut.pack_0_data}",
                bits=32 * SAT.columns + 1,
            ),
        },
        helped=(*axi.helped("s_axi", "dut.axi_lite_0"), "!dut.discarding || dut.status_resetting"),
    ),
}
