"""The recorder changes nothing, and remembers every run in order."""

import numpy as np
import pytest

import cosim
from cosim.check.recorder import Recorder
from cosim.engines.functional import Functional
from tests.cosim.programs import RATES
from tests.cosim.support import HARDWARE, TINY, bits, operands


def test_results_pass_through_and_runs_are_kept_in_order():
    recorder, plain = Recorder(Functional(TINY)), Functional(TINY)
    assert recorder.name == "functional" and recorder.config is TINY and recorder.runs == []
    for seed, shape in enumerate(((2, 9, 3), (1, 1, 1), (5, 20, 9))):
        got, want = (engine.gemm(*operands(*shape, seed), "2:4", layer=f"l{seed}") for engine in (recorder, plain))
        assert np.array_equal(bits(got.c), bits(want.c)) and got.report == want.report
        program, report = recorder.runs[-1]
        assert program is got.program and report is got.report and program.gemm.layer == f"l{seed}"
    assert [program.gemm.k for program, _ in recorder.runs] == [9, 1, 20]


def test_a_run_that_fails_is_not_kept():
    class Broken(Functional):
        def _run(self, program, operands):
            raise cosim.SimulationError("no answer")

    recorder = Recorder(Broken(TINY))
    with pytest.raises(cosim.SimulationError, match="no answer"):
        recorder.gemm(*operands(2, 9, 3))
    assert recorder.runs == []


@pytest.mark.parametrize("name", HARDWARE)
def test_hardware_is_recorded_as_the_functional_engine_is(name):
    recorders = [Recorder(cosim.engine(engine, TINY)) for engine in ("functional", name)]
    for recorder in recorders:
        recorder.gemm(*operands(2, 9, 3), "1:4", output="fp16", layer="fc", stage="bp")
    assert recorders[0].runs == recorders[1].runs and len(recorders[1].runs) == 1


@pytest.mark.parametrize("name", ["functional", "icarus"])
def test_updates_are_recorded_as_gemms_are_and_skipped_ones_are_none(name):
    recorder = Recorder(cosim.engine(name, TINY))
    w, v, g = (np.ones((5, 3), np.float32) * x for x in (1, 2, 3))
    recorder.gemm(*operands(2, 9, 3))
    updated = recorder.update(w, v, g, RATES, "1:4", layer="fc")
    assert recorder.update(w, v, g * np.inf, RATES, "1:4").skipped
    reduced = recorder.reduce(w, "1:4", layer="fc")
    assert [program.work.stage for program, _ in recorder.runs] == ["", "update", "update"]
    assert recorder.runs[1:] == [(result.program, result.report) for result in (updated, reduced)]
    assert [program.update.momentum for program, _ in recorder.runs[1:]] == [True, False]
