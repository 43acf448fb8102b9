"""An engine beside another memory, and copies of engines."""

import copy
import pickle

import numpy as np

import cosim
from cosim.check.checker import Checker
from rtl.sat.config import PRESETS
from tlm import predict
from tlm.memory import ConstantRates

SLOW = ConstantRates(1024, 40, 1.0, 1.0)
A, B = np.ones((5, 24), np.float16), np.ones((24, 7), np.float16)


def test_an_engine_and_those_that_it_runs_on_take_another_memory():
    engine = Checker(cosim.engine("functional", "small"))
    other = engine.beside(SLOW)
    assert other.gemm(A, B).cycles == predict(5, 24, 7, memory=SLOW).cycles > engine.gemm(A, B).cycles
    assert other.inner.memory == other.reference.memory == SLOW != engine.inner.memory


def test_copies_of_an_engine_run():
    engine = cosim.engine("functional", PRESETS["medium"])
    for other in (copy.deepcopy(engine), pickle.loads(pickle.dumps(engine))):
        assert (other.gemm(A, B).c == engine.gemm(A, B).c).all() and other.gemm(A, B).cycles == engine.gemm(A, B).cycles
