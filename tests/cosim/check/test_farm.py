"""Checks in several processes: the verdicts of one process, in the same order, and no process that outlives them."""

import multiprocessing
import os
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import cosim
from cosim.check.checker import Checker, Mismatch
from cosim.check.farm import Farm
from cosim.engines.functional import Functional
from tests.cosim.support import TINY, bits, operands

SEEDS = range(5)


class Wrong(Functional):
    """Has a wrong bit in every result of K = 13, and ends its process at K = 666."""

    def _run(self, program, operands):
        c, report = super()._run(program, operands)
        report = replace(report, tiles=list(report.tiles), stores=list(report.stores))
        if program.work.k == 666:
            os._exit(3)
        if program.work.k == 13:
            c = c.copy()
            c[0, 0] += 1
        return c, report


def wrong() -> Functional:
    return Wrong(TINY)


def test_results_and_verdicts_are_those_of_one_process():
    alone = Checker(cosim.engine("icarus", TINY))
    results = [alone.gemm(*operands(3, 20, 5, seed), layer=f"layer{seed}").c for seed in SEEDS]
    told = []
    with Farm(2, partial(cosim.engine, "icarus", TINY)) as farm:
        checker = Checker(cosim.engine("icarus", TINY), on_check=told.append, farm=farm)
        for seed in SEEDS:
            found = checker.gemm(*operands(3, 20, 5, seed), layer=f"layer{seed}").c
            assert np.array_equal(bits(found), bits(results[seed]))
        checker.finish()
    assert checker.checked == alone.checked == told
    assert multiprocessing.active_children() == []


def test_differences_come_in_the_order_of_the_programs():
    with Farm(2, wrong) as farm:
        checker = Checker(wrong(), farm=farm)
        with pytest.raises(
            Mismatch, match=r"^second ff: element \(0, 0\) is 0x\w+, not 0x\w+; .*1 of 9 elements differ$"
        ):
            for k, layer in ((20, "first"), (13, "second"), (13, "third")):
                checker.gemm(*operands(3, k, 3), layer=layer, stage="ff")
            checker.finish()
    assert [verdict.equal for verdict in checker.checked] == [True, False]


def test_operands_may_change_as_soon_as_a_program_is_handed_over():
    a, b = operands(3, 20, 5)
    with Farm(1, wrong) as farm:
        checker = Checker(wrong(), farm=farm)
        for _ in range(4):
            checker.gemm(a, b)
            a += 1
        checker.finish()
    assert all(verdict.equal for verdict in checker.checked) and len(checker.checked) == 4


def test_a_process_that_ends_by_itself_is_a_difference_that_says_so():
    with Farm(1, wrong) as farm:
        checker = Checker(wrong(), farm=farm)
        with pytest.raises(Mismatch, match="^gemm: no result: a process that simulates has ended by itself$"):
            checker.gemm(*operands(1, 666, 1))
            checker.finish()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_no_process_outlives_an_exception(error):
    with pytest.raises(error, match="^planted$"), Farm(2, partial(cosim.engine, "icarus", TINY)) as farm:
        Checker(cosim.engine("icarus", TINY), farm=farm).gemm(*operands(100, 200, 100))
        time.sleep(1)
        raise error("planted")
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("jobs", [0, -1, 1.5, True])
def test_jobs_are_a_whole_number(jobs):
    with pytest.raises(ValueError, match=f"^jobs must be a whole number from 1 on, not {jobs}$"):
        Farm(jobs, wrong)
