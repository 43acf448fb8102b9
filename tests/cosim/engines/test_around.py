"""Engines that run on another one: they have its configuration, memory and name."""

import pytest

import cosim
from cosim.check.checker import Checker
from cosim.check.recorder import Recorder
from cosim.check.sampler import Sampler
from cosim.engines.around import EngineAround
from tests.support.memories import IdealMemory
from tests.support.refused import refused


@pytest.mark.parametrize("kind", [Checker, Recorder])
def test_it_stands_where_its_inner_engine_does(kind):
    inner = cosim.engine("functional", "medium", memory=IdealMemory())
    engine = kind(inner)
    assert isinstance(engine, EngineAround) and engine.inner is inner
    assert (engine.config, engine.memory, engine.name) == (inner.config, inner.memory, "functional")


@pytest.mark.parametrize("kind", [Checker, Recorder, lambda inner: Sampler(inner, None)])
def test_an_engine_runs_around_an_engine(kind):
    for inner in (None, "icarus", cosim.engines.engine.Engine):
        refused("must be around a cosim.Engine, not", kind, inner)
