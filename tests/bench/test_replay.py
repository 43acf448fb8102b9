"""The benchmark's yardstick is sound: bare vvp repeats a co-simulated run exactly."""

import dataclasses

import numpy as np
import pytest

import cosim
from cosim.exchange import Operands
from tests.bench.measure import CheckFailed
from tests.bench.replay import Replay, record
from tlm import Gemm, schedule


@pytest.fixture(scope="module")
def recorded():
    engine, rng = cosim.engine("icarus", "small"), np.random.default_rng(1)
    a, b = (rng.standard_normal(shape).astype(np.float16) for shape in ((5, 20), (20, 6)))
    return engine, record(engine, schedule(Gemm(5, 20, 6), engine.config), Operands(a, b))


def test_the_replay_counts_and_answers_as_the_recorded_run(recorded, tmp_path):
    engine, run = recorded
    assert len(run.stimulus) > 4 and run.report.busy > 0
    Replay(engine.image, run, tmp_path)()


def test_a_replay_of_other_operands_is_refused(recorded, tmp_path):
    engine, run = recorded
    lines = run.inputs.index("host_lines")
    other = [(window, [value ^ (i == lines) for i, value in enumerate(values)]) for window, values in run.stimulus]
    with pytest.raises(CheckFailed, match="the replay ends with"):
        Replay(engine.image, dataclasses.replace(run, stimulus=other), tmp_path)()
