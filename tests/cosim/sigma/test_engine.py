"""SIGMA by the same calls: engines and mappings by name, operands of both formats, and what is refused in one line."""

import numpy as np
import pytest

import cosim
from rtl.golden import Rates
from rtl.sigma.config import PRESETS, SigmaConfig
from tests.cosim.support import TINY, bits, operands
from tests.support.sigma import sparse
from tlm import Mapping
from tlm.sigma.mapping import SigmaMapping

BF16 = SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8, operands="bf16")
HALF, SINGLE = np.ones((3, 3), np.float16), np.ones((3, 3), np.float32)


@pytest.mark.parametrize("name", cosim.ENGINES)
def test_an_engine_is_made_by_a_presets_name_or_by_a_configuration(name):
    for engine in (cosim.engine(name, "small", "sigma"), cosim.engine(name, PRESETS["small"])):
        assert engine.name == name and engine.config == PRESETS["small"] and not engine.updates


@pytest.mark.parametrize("mapping", [None, "mk", "kn", SigmaMapping("mk", 3, 8, "columns")], ids=str)
def test_icarus_takes_every_kind_of_mapping(mapping):
    rng = np.random.default_rng(1)
    a, b = sparse(rng, (5, 12), 0.6), sparse(rng, (12, 9), 0.6)
    results = [
        cosim.engine(name, "small", "sigma").gemm(a, b, mapping=mapping, output="fp16", layer="one", stage="ff")
        for name in ("icarus", "functional")
    ]
    assert np.array_equal(*(bits(result.c) for result in results)) and results[0].report == results[1].report
    gemm = results[0].program.gemm
    assert (gemm.m, gemm.k, gemm.n, gemm.output, gemm.layer, gemm.stage) == (5, 12, 9, "fp16", "one", "ff")


@pytest.mark.parametrize(
    "config, a, b, text",
    [
        (PRESETS["small"], SINGLE, HALF, "operand a must be float16 with 2 dimensions, not float32 with 2"),
        (BF16, HALF, SINGLE, "operand a must be float32 with 2 dimensions, not float16 with 2"),
        (BF16, SINGLE, SINGLE[0], "operand b must be float32 with 2 dimensions, not float32 with 1"),
        (
            BF16,
            SINGLE,
            SINGLE * np.float32(0.1),
            r"operand b must hold bfloat16 numbers, not np.float32\(0.1\) at \(0, 0\)",
        ),
        (BF16, SINGLE, SINGLE[:2], "a and b must agree in K, not 3 and 2"),
    ],
)
@pytest.mark.parametrize("name", cosim.ENGINES)
def test_operands_of_another_format_are_refused(name, config, a, b, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        cosim.engine(name, config).gemm(a, b)


@pytest.mark.parametrize(
    "config, mapping, text",
    [
        (PRESETS["small"], "os", "the stationary operand must be one of mk, kn, not 'os'"),
        (TINY, "mk", "dataflow must be one of os, ws, not 'mk'"),
        (
            PRESETS["small"],
            Mapping("os", 1, 1, 16),
            "a mapping on this accelerator must be a SigmaMapping or an operand's name, not .*",
        ),
        (TINY, SigmaMapping("mk", 1, 1), "a mapping .* must be a Mapping or a dataflow's name, not SigmaMapping.*"),
        (PRESETS["small"], SigmaMapping("mk", 9, 1), r"rows of a block must be from 1 to 8 \(small\), not 9"),
    ],
    ids=str,
)
def test_a_mapping_that_the_hardware_does_not_know_is_refused(config, mapping, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        cosim.engine("functional", config).gemm(HALF, HALF, mapping=mapping)


def test_an_unknown_accelerator_and_the_configuration_of_another_are_refused():
    for config in ("small", TINY):
        with pytest.raises(ValueError, match="^accelerator must be one of sat, sigma, systolic, not 'tpu'$"):
            cosim.engine("functional", config, "tpu")
    with pytest.raises(ValueError, match="^accelerator sigma takes a SigmaConfig, not a SatConfig$"):
        cosim.engine("functional", TINY, "sigma")
    with pytest.raises(ValueError, match="^accelerator sat takes a SatConfig, not a SigmaConfig$"):
        cosim.engine("functional", PRESETS["small"], "sat")
    with pytest.raises(ValueError, match="config must be one of small, medium, vcu1525 .*'paper'"):
        cosim.engine("functional", "paper")


@pytest.mark.parametrize("name", cosim.ENGINES)
def test_weights_are_not_updated_there_and_the_words_say_by_what(name):
    engine, w = cosim.engine(name, "small", "sigma"), np.ones((8, 8), np.float32)
    for refuse in (lambda: engine.update(w, w, w, Rates(0.1, 0.9, 0.0, 1.0), "2:8"), lambda: engine.reduce(w, "2:8")):
        with pytest.raises(ValueError, match="^SIGMA updates no weights and makes no copies of them: the host does$"):
            refuse()


def test_a_program_is_performed_again_in_the_format_of_its_operands():
    engine = cosim.engine("functional", BF16)
    first = engine.gemm(SINGLE, SINGLE, "1:4")
    again = engine.perform(first.program, SINGLE, SINGLE)
    assert np.array_equal(first.c, again.c) and first.report == again.report
    assert first.c.tolist() == [[1, 1, 1]] * 3


def test_the_callers_operands_stay_as_they_are():
    a, b = operands(5, 16, 9)
    before = a.copy(), b.copy()
    cosim.engine("functional", "small", "sigma").gemm(a, b, "2:8")
    assert np.array_equal(a, before[0]) and np.array_equal(b, before[1])
