"""SAT's row in the table of accelerators that run on engines; its array with sparsity off shares it."""

from typing import Any

from cosim.accelerator import ExecutionRow, ProgramKind, Verilog
from cosim.device import Device
from cosim.exchange import Operands
from cosim.operands import check_operands, check_weights
from cosim.sat import gemm_codec, update_codec
from cosim.sat.gemm_pieces import GemmPieces
from cosim.sat.reference import products, updated
from cosim.sat.update_pieces import UpdatePieces
from rtl.sat import layouts, timing
from rtl.sat import sat as sat_module
from rtl.sat.axi import sat_axi, vivado
from rtl.sat.config import SatConfig
from rtl.sat.sat import sat
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.sat.program import GemmProgram, schedule_gemm
from tlm.sat.update_program import UpdateProgram


def device(config: SatConfig) -> Device:
    """SAT without AXI ports."""
    bits = layouts.command_bits(config)
    return Device(
        sat,
        command_bits=bits,
        line_bits=layouts.line_bits(config),
        result_bits=32 * config.columns,
        most_lines=layouts.most_lines(config),
        storing=(layouts.command(config).last_bit, bits - 1),  # an update always stores
        reset_cycles=timing.reset_cycles(config.rows, config.columns, config.turn),
        constants_bits=layouts.rates().width,
        cell="uspe",
    )


def schedule(gemm: Gemm, operands: Operands, config: SatConfig, mapping: Any, memory: Memory) -> GemmProgram:
    """Whatever the operands, the same program: a dataflow's name stands for its largest tiles."""
    return schedule_gemm(gemm, config, mapping, memory)


def update_pieces(program: UpdateProgram, longest: int) -> UpdatePieces:
    """Updates take Icarus twice as long, and no sums span their tiles: a few will do."""
    return UpdatePieces(program, longest // 4)


SAT = ExecutionRow(
    programs={
        GemmProgram: ProgramKind(check_operands, products, gemm_codec, prunes=True, pieces=GemmPieces),
        UpdateProgram: ProgramKind(check_weights, updated, update_codec, updating=True, pieces=update_pieces),
    },
    schedule=schedule,
    device=device,
    verilog=Verilog("sat", sat_module.write, sat_axi.write, vivado.write, update_block="updater"),
)
