"""The table of a comparison."""

from dataclasses import replace

from sat import terminal
from sat.compare.table import heading_of, print_table
from tlm.accelerators import TABLE
from tlm.compare import setups


def printed(lines, capsys):
    print_table(terminal.console(), lines, "Three accelerators")
    return capsys.readouterr().out


def test_the_heading_tells_the_equal_hardware():
    assert heading_of("vcu1525", setups()["vcu1525"]) == "SAT, SIGMA, systolic: vcu1525, 1,024 multipliers, 200 MHz"


def test_a_row_has_cycles_formulas_shares_bounds_gains_and_the_fastest(line, capsys):
    text = printed([line], capsys)
    (row,) = (words for text in text.splitlines() if (words := text.split())[:1] == ["cnn"])
    costs = line.costs.values()
    assert row == [
        "cnn",
        "dense",
        "2",
        "11",
        *(f"{cost.cycles:,}" for cost in costs),
        f"{line.costs['systolic'].formula:,}",
        *(f"{cost.utilisation:.1%}" for cost in costs),
        *(f"{cost.tflops:.3g}" for cost in costs),
        *(f"{round(cost.bytes):,}" for cost in costs),
        *(f"{getattr(cost, key):,}" for key in ("steps", "loads", "stores") for cost in costs),
        *(cost.bound for cost in costs),
        *(f"{gain:.2f}x" for gain in line.gains("sigma").values()),
        "sat",
    ]
    assert "100% of them are 0.0064 TFLOP/s" in text and "published" not in text


def test_a_column_has_each_challenger_and_each_published_count(line, capsys, monkeypatch):
    monkeypatch.setitem(TABLE, "sat", replace(TABLE["sat"], challenger=True))
    text = printed([replace(line, published=dict(tpu=123_456))], capsys)
    assert text.count("_gain.") == 4 and "published." in text and "123,456" in text
