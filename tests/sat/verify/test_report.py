"""The verdicts of `sat verify`, printed and as data."""

import re

import cosim
from cosim.check.checker import Checked, Checker
from rtl.sat.config import PRESETS
from rtl.sparsity import Sparsity
from sat import terminal
from sat.verify.report import print_equal, print_rows, print_share, rows_of, sample_data
from sat.verify.step_checks import sample_check
from tests.support.tasks import CNN
from tlm import Gemm, Update, schedule, schedule_update

SMALL = PRESETS["small"]
GEMM = Checked(schedule(Gemm(3, 8, 5, layer="one", stage="ff"), SMALL), True, False, 77)
UPDATE = Checked(schedule_update(Update(8, 5, 8, Sparsity(2, 4), True, layer="one"), SMALL), True, True, 99)
REDUCTION = Checked(schedule_update(Update(8, 5, 8, Sparsity(2, 4), True, momentum=False), SMALL), True, True, 9)


def test_a_row_tells_shape_pattern_dataflow_and_verdicts():
    assert rows_of([GEMM], None) == [
        dict(
            layer="one",
            stage="ff",
            m=3,
            k=8,
            n=5,
            sparsity="dense",
            dataflow="os",
            bits_equal=True,
            cycles_equal=False,
            cycles=77,
        )
    ]


def test_the_sentences_count_gemms_updates_and_reductions(capsys):
    print_equal(terminal.console(), [GEMM, GEMM, UPDATE, REDUCTION], "pieces of ")
    assert capsys.readouterr().out == (
        "equal: 30 elements and all cycles of 2 pieces of GEMMs\n"
        "equal: 40 weights with velocities and N:M copies, and all cycles, "
        "of 1 pieces of updates and 1 pieces of reductions\n"
    )
    print_equal(terminal.console(), [])
    assert not capsys.readouterr().out


def test_layers_are_no_markup_and_what_differs_is_called_different(capsys):
    row = dict(
        layer="[/y]",
        stage="ff",
        m=1,
        k=2,
        n=3,
        sparsity="dense",
        dataflow="os",
        cycles=5,
        bits_equal=False,
        cycles_equal=True,
    )
    print_rows(terminal.console(), [row], "[/x]")
    words = capsys.readouterr().out.split()
    assert words[0] == "[/x]" and "[/y]" in words and words[-2:] == ["different", "equal"]


def test_layers_that_a_sample_leaves_out_and_pieces_that_are_not_there_are_told(capsys):
    checker = Checker(cosim.engine("functional", "small"))
    few, many = (sample_check(checker, CNN, count, None, None).sample for count in (3, 10**6))
    print_share(terminal.console(), few, 0)
    print_share(terminal.console(), many, 0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sampled: 3 pieces, of 3 of the step's 16 layers and stages; 13 are left out"
    assert re.fullmatch(r"\d\.\d+ % of the step's multiply-adds: [\d,]+ of 192,768; seed 0", lines[1])
    assert lines[2] == (
        f"sampled: {len(many.pieces)} pieces, all that there are of the 1000000 asked for, "
        "of 16 of the step's 16 layers and stages"
    )
    assert lines[3] == "100 % of the step's multiply-adds: 192,768 of 192,768; seed 0"


def test_a_piece_names_its_part_of_the_whole_and_after_a_difference_there_are_fewer(capsys):
    checker = Checker(cosim.engine("functional", "small"))
    check = sample_check(checker, CNN, 3, None, None)
    next(check.work)
    (row,) = rows_of(checker.checked, check.sample)
    assert row["piece"] == check.sample.pieces[0].text
    data = sample_data(check.sample)
    assert (data["asked"], data["drawn"], data["share"]) == (3, 3, data["macs_covered"] / data["macs"])
