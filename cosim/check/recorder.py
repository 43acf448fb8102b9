"""An engine that passes programs on, and keeps the report of each."""

from typing import Any

from cosim.engines.around import EngineAround
from cosim.engines.engine import Engine
from cosim.exchange import Report
from tlm.transactions import Program


class Recorder(EngineAround):
    """Runs on `inner`; `runs` holds a (program, report) for each program, in order."""

    def __init__(self, inner: Engine):
        super().__init__(inner)
        self.runs: list[tuple[Program, Report]] = []

    def _run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        result, report = self.inner.run(program, operands)
        self.runs.append((program, report))
        return result, report
