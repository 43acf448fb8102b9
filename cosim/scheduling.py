"""From a GEMM and its operands to the program that an accelerator runs: on SIGMA it depends on their zeros."""

from cosim.exchange import Operands
from rtl.config import Config
from rtl.sigma.config import SigmaConfig
from tlm import Gemm, Mapping, Program, schedule
from tlm.sigma.mapping import STATIONARY, SigmaMapping
from tlm.sigma.occupancy import Bitmaps
from tlm.sigma.program import SigmaProgram, schedule_sigma
from tlm.timeline import simulate

AnyMapping = Mapping | SigmaMapping | str | None


def program_for(gemm: Gemm, operands: Operands, config: Config, mapping: AnyMapping = None) -> Program | SigmaProgram:
    """The program of a GEMM with these operands, b pruned.

    mapping  for SAT 'os', 'ws' or a Mapping, by default 'os'; for SIGMA 'mk', 'kn' or a SigmaMapping, by default what
             takes fewer cycles, 'mk' where there is no difference
    Raises ValueError for a mapping that does not fit.
    """
    kind = SigmaMapping if config.accelerator == "sigma" else Mapping
    if not isinstance(mapping, kind | str | None):
        raise ValueError(f"a mapping on this accelerator must be a {kind.__name__} or a name, not {mapping!r}")
    if kind is Mapping:
        return schedule(gemm, config, "os" if mapping is None else mapping)
    if mapping is not None:
        return _on_sigma(gemm, operands, config, mapping)
    return min((_on_sigma(gemm, operands, config, name) for name in STATIONARY), key=lambda one: simulate(one).cycles)


def _on_sigma(gemm: Gemm, operands: Operands, config: SigmaConfig, mapping: SigmaMapping | str) -> SigmaProgram:
    stationary = mapping if isinstance(mapping, str) else mapping.stationary
    whole = operands.whole()
    sides = (whole.a, whole.b) if stationary == "mk" else (whole.b.swapaxes(-1, -2), whole.a.swapaxes(-1, -2))
    return schedule_sigma(gemm, config, Bitmaps.of(*sides), mapping)
