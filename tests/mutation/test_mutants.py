"""The mutation run itself: what counts as a mutant, how they are drawn, and which one is caught."""

import cosim
from rtl.sat.axi import sat_axi
from rtl.sigma import sigma
from tests.mutation import __main__ as command
from tests.mutation import sigma_stimuli
from tests.mutation.__main__ import Fate, _report, in_cases, simulate
from tests.mutation.explained import EXPLAINED, explanation
from tests.mutation.mutants import Mutant, drawn, mutants_of
from tests.mutation.stimuli import CONFIG

MODULE = """\
// a == b is a comment
module m (clk, a, b, c);
input clk;
input [3:0] a, b;
output [3:0] c; reg [3:0] c;
wire [3:0] sum;

assign sum = (a + b);

always @(posedge clk) begin
    if ((a == 3)) begin
        c <= sum;
    end
end

part part_0 (.a(a), .b(b));
endmodule
"""


def written(folder, text=MODULE, name="m.v"):
    (folder / name).write_text(text)
    return folder / name


def test_every_change_of_a_statement_is_a_mutant_and_nothing_else_is(tmp_path):
    found = {(mutant.line, mutant.new.strip()) for mutant in mutants_of(written(tmp_path))}
    assert found == {
        (8, "assign sum = (a - b);"),
        (11, "if ((a != 3)) begin"),
        (11, "if ((a == 4)) begin"),
        (11, "if (1'b1) begin"),
        (11, "if (1'b0) begin"),
        (12, ""),
    }


def test_a_mutant_changes_its_line_and_says_so(tmp_path):
    file = written(tmp_path)
    for mutant in mutants_of(file):
        file.write_text(MODULE)
        mutant.apply(tmp_path)
        lines = list(zip(MODULE.splitlines(), file.read_text().splitlines(), strict=True))
        assert [number for number, (old, new) in enumerate(lines, 1) if old != new] == [mutant.line]
        assert lines[mutant.line - 1] == (mutant.old, mutant.new)
        assert str(mutant).startswith(f"m.v:{mutant.line}: {mutant.operator}: ")


def test_every_explanation_is_of_a_mutant_that_there_is(tmp_path):
    files = [
        *sat_axi.write(CONFIG, tmp_path / "sat").values(),
        *sigma.write(sigma_stimuli.CONFIG, tmp_path / "sigma").values(),
    ]
    every = [mutant for file in files for mutant in mutants_of(file)]
    explained = {explanation(mutant) for mutant in every} - {""}
    assert explained == {why for _, why in EXPLAINED} and len(every) > 1_500
    assert sum(bool(explanation(mutant)) for mutant in every) < 0.05 * len(every)


def test_widths_are_left_alone(tmp_path):
    line = "assign x = ($signed({1'b0, y[8 - 1:0]}) + 1) % (2 ** 4);"
    text = MODULE.replace("assign sum = (a + b);", line)
    assert {mutant.new for mutant in mutants_of(written(tmp_path, text)) if mutant.line == 8} == {
        line.replace("+ 1", "- 1"),
        line.replace("+ 1", "+ 2"),
    }


def test_they_are_drawn_from_each_module_in_turn_and_follow_from_the_seed(tmp_path):
    files = [written(tmp_path), written(tmp_path, MODULE.replace("==", "<"), "n.v")]
    chosen = drawn(files, 5, 3)
    assert [mutant.file for mutant in chosen] == ["m.v", "n.v", "m.v", "n.v", "m.v"]
    assert chosen == drawn(files, 5, 3) != drawn(files, 5, 4)
    every = drawn(files, 1000, 3)
    assert len(every) == len(set(every)) == sum(len(mutants_of(file)) for file in files)


def test_a_fault_is_caught_by_the_first_program_that_meets_it_and_what_is_no_verilog_is_none(tmp_path):
    device, harness = tmp_path / "device", tmp_path / "harness"
    sat_axi.write(CONFIG, device)
    cosim.engine("icarus", CONFIG, keep=harness)

    def fate(file, old, new):
        lines = (device / file).read_text().splitlines()
        (line,) = (number for number, text in enumerate(lines, 1) if old in text)
        mutant = Mutant(file, line, "by hand", lines[line - 1], lines[line - 1].replace(old, new))
        return simulate(mutant, "sat", device, harness, 1, "after_reset_every_register_reads_as_described")

    wrong = fate("sat_sum_lane.v", "feeds[12-1:0], ends_feed}", "feeds[12-1:0], ends_feed & 4'h0}")
    assert wrong.caught == 2 and "gemm" in wrong.how  # the first program does not use it
    unread = fate("sat_register_bank.v", "32'h53415420", "32'h53415421")
    assert unread.caught == 1 and "after_reset" in unread.how
    assert fate("sat_fp32_add.v", "exact <= ", "exact <= # ").caught is None


def test_a_mutant_that_hangs_within_a_cycle_is_caught(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "PATIENCE", 5)
    file = sat_axi.write(CONFIG, tmp_path / "device")["sat_axi_lite"]
    loop = "reg loop = 0; always @(loop) loop <= ~loop; initial #500 loop = 1;\nendmodule"
    file.write_text(file.read_text().replace("endmodule", loop))
    caught, how = in_cases(tmp_path / "device", 1, "after_reset_every")
    assert caught == 1 and how.startswith("the simulator was ended")


def test_the_report_tells_what_was_caught_and_a_survivor_that_nothing_explains(tmp_path, capsys):
    first, second, *_ = mutants_of(written(tmp_path))
    told, missed = Fate(first, 1, "cycles"), Fate(second, 0, "")
    assert _report([told], 7, tmp_path / "fates.json")
    assert '"caught": 1.0' in (tmp_path / "fates.json").read_text()
    assert not _report([told, missed], 7, None)
    printed = capsys.readouterr().out
    assert "Mutants, seed 7" in printed and "1 of the other 2 caught (50.0%)" in " ".join(printed.split())
    assert f"survived: {second}\n    NOT EXPLAINED" in printed
