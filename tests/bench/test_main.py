"""The benchmark runs: whoever renames a thing that it measures learns of it before the next `tox -e bench`."""

import typer.testing

from tests.bench import __main__ as bench
from tests.bench.measure import Row


def test_it_prints_its_rows_and_writes_them(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "measured", lambda seed, quick: iter([Row("cycles", f"{seed} of 7", 1.0, "1", True)]))
    app = typer.Typer()
    app.command()(bench.main)
    result = typer.testing.CliRunner().invoke(app, ["--seed", "3", "--json", str(tmp_path / "rows.json")])
    assert result.exit_code == 0 and "3 of 7" in result.output
    assert '"what": "cycles"' in (tmp_path / "rows.json").read_text()
