"""Version, licence and dates are the same wherever they stand."""

import re
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_changelog_begins_with_this_version_and_goes_back_in_time():
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$", text, re.MULTILINE)
    assert len(headings) >= 6 and len(headings) == text.count("\n## ")
    versions = [tuple(map(int, version.split("."))) for version, _ in headings]
    dates = [date.fromisoformat(when) for _, when in headings if when != "unreleased"]
    assert headings[0][0] == PROJECT["version"] and versions == sorted(versions, reverse=True)
    assert dates == sorted(dates, reverse=True)
    assert "unreleased" not in [when for _, when in headings[1:]]


def test_the_citation_has_this_version_and_licence_and_both_papers():
    text = (ROOT / "CITATION.cff").read_text()
    found = dict(re.findall(r"^(\w+): (\S.*)$", text, re.MULTILINE))
    assert (found["version"], found["license"]) == (PROJECT["version"], PROJECT["license"])
    assert "arXiv:2309.13015" in text and "HPCA 2020" in text


def test_the_licence_is_the_one_that_is_named():
    lines = (ROOT / "LICENSE").read_text().split("\n")
    assert [line.strip() for line in lines[1:3]] == ["Apache License", "Version 2.0, January 2004"]
    assert "   END OF TERMS AND CONDITIONS" in lines and PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]


def test_what_the_guide_for_contributors_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`((?:\w+/)+[\w.]*|[\w.]+\.(?:md|toml))`", text)) - {"x/y.py", "tests/x/test_y.py"}
    assert len(named) > 20 and [name for name in sorted(named) if not (ROOT / name).exists()] == []
