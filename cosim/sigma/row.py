"""SIGMA's row in the table of accelerators that run on engines."""

from cosim.accelerator import ExecutionRow, ProgramKind, Verilog
from cosim.device import Device
from cosim.exchange import Operands
from cosim.operands import check_operands, check_pruned
from cosim.sigma import codec
from cosim.sigma.pieces import SigmaPieces
from cosim.sigma.reference import products
from cosim.sigma.scheduling import check_zeros, schedule
from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.sigma import sigma, write
from tlm.sigma.program import SigmaProgram


def device(config: SigmaConfig) -> Device:
    """A Flex-DPU with its banks, sequencer and drain."""
    command = layouts.command(config)
    return Device(
        sigma,
        command_bits=command.width,
        line_bits=layouts.line_bits(config),
        result_bits=32 * config.rows,
        most_lines=layouts.most_lines(config),
        storing=(command.last_bit, command.last_bit),
        reset_cycles=timing.reset_cycles(config.operands, config.levels),
        cell="flex_dpe",
    )


def check(program: SigmaProgram, operands: Operands) -> None:
    """Raise ValueError unless they are operands of the program's GEMM, pruned, and with the zeros that it is for."""
    check_operands(program, operands, program.config.operands)
    check_pruned(program.gemm, operands.arrays[1])
    check_zeros(program, operands)


SIGMA = ExecutionRow(
    programs={SigmaProgram: ProgramKind(check, products, codec, pieces=SigmaPieces)},
    schedule=schedule,
    device=device,
    verilog=Verilog("sigma", write),
    operand_format=lambda config: config.operands,
    for_operands=True,
)
