"""The matrix: every program, for this and for other hardware, with right and wrong operands, on every engine.

Each combination gives the right bits and cycles, or one ValueError that names rule and value. Nothing else.
"""

import re
from collections import Counter
from itertools import product

import numpy as np
import pytest

import cosim
from cosim.check.checker import arrays_of
from cosim.engines.functional import Functional, predicted
from tests.cosim.guard_cases import CASES, Case, made_for
from tests.cosim.guard_operands import given_to
from tests.cosim.support import HARDWARE

RULE = re.compile(r"(must|takes)\b.*\bnot\b|takes no\b|needs\b")
IN_MYHDL = ("ws, pruned", "images", "kn, pruned", "update")


def assert_refused(error: ValueError) -> None:
    """One line that names a rule and the value that breaks it."""
    assert "\n" not in str(error) and RULE.search(str(error)), error


def assert_right(case: Case, result, report) -> None:
    """Every bit is the golden model's, or the functional engine's with the right operands; cycles are the model's."""
    want = case.known if case.known is not None else Functional(case.config).run(case.mine, case.right)[0]
    for name, array in arrays_of(want).items():
        assert arrays_of(result)[name].tobytes() == np.ascontiguousarray(array).tobytes(), name
    assert report == predicted(case.mine)


def attempt(engine, case: Case, config, memory, make) -> str:
    """'ran', or 'refused': where the program is scheduled, or by the engine."""
    try:
        program = case.program(config, memory)
        answer = engine.run(program, make())
    except ValueError as error:
        assert_refused(error)
        return "refused"
    assert_right(case, *answer)
    return "ran"


def combinations(case: Case, whole: bool):
    """(configuration, memory, operands, whether the engine must run it); those that simulate only where it is due.

    whole  every combination that runs; else the right program and operands alone
    """
    for (place, (config, memory, fits)), (kind, (make, belongs)) in product(
        made_for(case.config).items(), given_to(case).items()
    ):
        runs = case.runs and fits and belongs
        if whole or not runs or (place == "this" and kind == "right"):
            yield config, memory, make, runs


def count(engine, case: Case, whole: bool) -> Counter:
    """How many combinations ran, and how many were refused, after each did what it must."""
    found: Counter[str] = Counter()
    for config, memory, make, runs in combinations(case, whole):
        outcome = attempt(engine, case, config, memory, make)
        assert outcome == ("ran" if runs else "refused"), (config.name, make)
        found[outcome] += 1
    return found


def test_every_combination_on_the_functional_engine():
    total = Counter()
    for case in CASES.values():
        total += count(Functional(case.config), case, whole=True)
    assert total == dict(ran=226, refused=5840)


@pytest.mark.parametrize("name", CASES)
def test_every_wrong_combination_in_icarus_and_the_right_one(name):
    case = CASES[name]
    found = count(cosim.engine("icarus", case.config), case, whole=False)
    assert found["ran"] == case.runs and found["refused"] > 50


@pytest.mark.parametrize("name", IN_MYHDL)
def test_every_wrong_combination_in_myhdl_and_the_right_one(name):
    found = count(cosim.engine("myhdl", CASES[name].config), CASES[name], whole=False)
    assert found["ran"] == 1 and found["refused"] > 50


@pytest.mark.parametrize("name", ["ws, pruned", "kn, pruned", "bf16", "several on sigma", "update"])
def test_every_form_of_right_operands_in_icarus(name):
    case = CASES[name]
    engine = cosim.engine("icarus", case.config)
    forms = [make for make, belongs in given_to(case).values() if belongs]
    assert [attempt(engine, case, case.config, engine.memory, make) for make in forms] == ["ran"] * len(forms)
    assert len(forms) >= 8


@pytest.mark.parametrize("name", ["functional", *HARDWARE])
def test_every_program_on_the_engine_of_every_other(name):
    """A program runs where its hardware is, and nowhere else."""
    configs = list(dict.fromkeys(case.config for case in CASES.values()))
    total = Counter()
    for config, case in product(configs, CASES.values()):
        if config == case.config and (name != "functional" or not case.runs):
            continue
        engine = cosim.engine(name, config)
        total[attempt(engine, case, case.config, engine.memory, lambda case=case: case.right)] += 1
    assert total == (dict(ran=13, refused=42) if name == "functional" else dict(refused=42))
