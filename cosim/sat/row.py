"""SAT's row in the table of accelerators that run on engines; its array with sparsity off shares it."""

from typing import Any

from cosim.accelerator import Accelerator, ProgramKind, Verilog
from cosim.device import Device
from cosim.exchange import Operands
from cosim.operands import check_operands, check_weights
from cosim.sat import gemm_codec, update_codec
from cosim.sat.gemm_pieces import GemmPieces
from cosim.sat.reference import products, updated
from cosim.sat.update_pieces import UpdatePieces
from rtl import sat as sat_module
from rtl import sat_axi, vivado, words
from rtl import sat_timing as timing
from rtl.sat import sat
from rtl.sat_config import SatConfig
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.program import GemmProgram, schedule_gemm
from tlm.update_program import UpdateProgram


def device(config: SatConfig) -> Device:
    """SAT without AXI ports."""
    last, update = words.command(config)["last"][1], words.command_bits(config) - 1
    return Device(
        sat,
        words.command_bits(config),
        words.line_bits(config),
        32 * config.columns,
        words.most_lines(config),
        (last, update),
        timing.reset_cycles(config.rows, config.columns, config.turn),
        True,
    )


def schedule(gemm: Gemm, operands: Operands, config: SatConfig, mapping: Any, memory: Memory) -> GemmProgram:
    """Whatever the operands, the same program: a dataflow's name stands for its largest tiles."""
    return schedule_gemm(gemm, config, mapping, memory)


def update_pieces(program: UpdateProgram, longest: int) -> UpdatePieces:
    """Updates take Icarus twice as long, and no sums span their tiles: a few will do."""
    return UpdatePieces(program, longest // 4)


SAT = Accelerator(
    programs={
        GemmProgram: ProgramKind(check_operands, products, gemm_codec, prunes=True, pieces=GemmPieces),
        UpdateProgram: ProgramKind(check_weights, updated, update_codec, updating=True, pieces=update_pieces),
    },
    schedule=schedule,
    device=device,
    verilog=Verilog("sat", sat_module.write, sat_axi.write, vivado.write, update_block="updater"),
)
