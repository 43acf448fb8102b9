"""The report of a training step: no figure is lost, and each is defined."""

import pytest

from rtl.sat.config import PRESETS
from sat import terminal
from sat.report import COLUMNS, ON_HOST, duration, print_report, report_data, seen_share, trace_data
from tlm import Gemm
from tlm.report import DEFINITIONS, step_report
from tlm.step import cost
from tlm.workload.layer import Conv
from tlm.workload.step import Call
from tlm.workload.trace import HostProduct, Trace


def report_of(gemm, config):
    return step_report(*2 * [cost([gemm], config)])


def test_no_figure_of_a_report_is_cut_in_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    everything = [column.key for column in COLUMNS]
    gemm = Gemm(123_456, 789, 1_011, layer="a.layer.with.a.long.path", stage="wu")
    report = report_of(gemm, PRESETS["vcu1525"])
    print_report(terminal.console(), report, "A step", Trace([]), asked=everything)
    printed = capsys.readouterr().out
    row = report.rows[0]
    assert f"({row['cycles'] / 200e3:,.2f} ms at 200 MHz)" in printed
    assert "…" not in printed and printed.count("a.layer.with.a.long.path") == 1
    assert f"on the host, and not in these cycles: {', '.join(ON_HOST)}" in " ".join(printed.split())
    assert report_data(report, 7, Trace([]))["on_host"] == list(ON_HOST)
    assert all(f"{row[key]:,}" in printed for key in ("macs", "cycles", "bytes_values", "bytes_results"))


def test_text_is_shown_as_it_is(capsys):
    hostile = "[/x] [red]y[/] :smile:"
    config = PRESETS["small"].model_copy(update=dict(name=hostile))
    trace = Trace([], [HostProduct(hostile, hostile, 3)])
    report = report_of(Gemm(2, 3, 4, layer=hostile, stage="wu"), config)
    print_report(terminal.console(), report, f"A step on {hostile}", trace)
    assert capsys.readouterr().out.count(hostile) == 4


def test_a_speed_up_says_of_which_share_it_is_and_names_the_rest_the_largest_first(capsys):
    call = Call(Conv("fc", 10, 10, 1, 1), 10, input_gradient=False, weight_gradient=False)
    hosts = [HostProduct(f"part{i}", "bilinear", i, 2 * i) for i in range(1, 15)]
    for trace, words in ((Trace([call]), "100 % of 1,000"), (Trace([call], hosts), "76.0 % of 1,315")):
        assert trace.macs_unseen in (0, 315) and seen_share(trace) == f"{words} multiply-adds"
    print_report(terminal.console(), report_of(Gemm(10, 10, 10, layer="fc", stage="ff"), PRESETS["small"]), "", trace)
    printed = " ".join(capsys.readouterr().out.split())
    assert "1.00x, of 76.0 % of 1,315 multiply-adds" in printed
    assert (
        "products on the host: 315 multiply-adds, 24.0%, which cycles and speed-up leave out: - part14: bilinear, 42"
        in printed
    )
    assert "part3: bilinear, 9 - 2 more, 9: all of them are in --json" in printed
    assert trace_data(trace)["unseen"][0] == dict(module="part1", call="bilinear", macs=3)
    assert seen_share(Trace([call], [HostProduct("", "mm", 1)])) == "99.9 % of 1,001 multiply-adds"  # never rounded up


def test_every_figure_of_a_row_is_defined():
    assert {column.key: column.definition for column in COLUMNS} == {
        key: text for key, text in DEFINITIONS.items() if key not in ("dense_cycles", "speedup")
    }


@pytest.mark.parametrize(
    "cycles, words",
    [
        (1, "0.01 µs"),
        (150_000, "750.00 µs"),
        (200_000, "1.00 ms"),
        (86_459, "432.30 µs"),
        (465_266_611, "2.33 s"),
        (4e11, "2,000 s"),
    ],
)
def test_the_time_of_cycles_is_in_a_unit_that_suits(cycles, words):
    assert duration(cycles, PRESETS["vcu1525"]) == words


def test_a_share_of_what_is_not_known_is_at_most_that(capsys):
    call = Call(Conv("fc", 10, 10, 1, 1), 10, input_gradient=False, weight_gradient=False)
    trace = Trace([call], [HostProduct("own", "Foo", None), HostProduct("", "mm", 0, 9)])
    assert seen_share(trace) == "at most 99.1 % of 1,009 multiply-adds: those of 1 more products are not known"
    print_report(terminal.console(), report_of(Gemm(10, 10, 10, layer="fc", stage="ff"), PRESETS["small"]), "", trace)
    printed = " ".join(capsys.readouterr().out.split())
    assert "- in the backward pass: mm, 9 - own: Foo, not known" in printed
    assert [one["macs"] for one in trace_data(trace)["unseen"]] == [None, 9]
