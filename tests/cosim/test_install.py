"""The installer: what it would run, without running it."""

import pytest

from cosim import install


@pytest.fixture
def machine(monkeypatch):
    """A machine without the tools; returns the commands that were run, which succeed."""
    ran = []

    class Done:
        returncode, stdout, stderr = 0, "", ""

    def run(command, **_):
        ran.append(command)
        return Done

    monkeypatch.delenv("SAT_APT", raising=False)
    monkeypatch.setattr(install, "missing", list)
    monkeypatch.setattr(install.subprocess, "run", run)
    monkeypatch.setattr(install.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(install.os, "geteuid", lambda: 0)
    return ran


def test_nothing_is_done_where_nothing_is_missing(machine, monkeypatch):
    monkeypatch.setattr(install, "missing", lambda names: [])
    assert install.main([]) == 0 and not machine


def test_root_updates_and_installs_what_is_missing(machine):
    assert install.main(["verilator", "yosys"]) == 0
    update, installing = machine
    assert update[0] == installing[0] == "apt-get" and update[-1] == "update"
    assert installing[-4:] == ["iverilog", "g++", "verilator", "yosys"] and "-y" in installing


def test_it_says_what_it_will_do_before_it_does(machine, monkeypatch, capsys):
    said = []
    run = install.subprocess.run

    def after(command, **options):
        said.append(capsys.readouterr().out)
        return run(command, **options)

    monkeypatch.setattr(install.subprocess, "run", after)
    assert install.main(["vvp"]) == 0 and len(machine) == 2
    announced, update = said[0].splitlines()
    assert announced == (
        "installing Debian packages: iverilog g++ (with SAT_APT=0 in the environment nothing is installed)"
    )
    assert update == "+ " + " ".join(machine[0]) and said[1] == "+ " + " ".join(machine[1]) + "\n"


@pytest.mark.parametrize("tools", [[], ["verilator"]])
def test_sat_apt_0_keeps_it_from_installing(machine, monkeypatch, capsys, tools):
    monkeypatch.setenv("SAT_APT", "0")
    assert install.main(tools) == 0 and not machine
    names = ["iverilog", "g++", *tools]
    by_hand = f"apt-get install {' '.join(names)}"
    assert capsys.readouterr().out == (
        f"{', '.join(names)} not found, and SAT_APT=0: nothing is installed; as root: {by_hand}\n"
    )


def test_another_value_of_sat_apt_is_refused(machine, monkeypatch, capsys):
    monkeypatch.setenv("SAT_APT", "no")
    assert install.main([]) == 2 and not machine
    assert capsys.readouterr().err == "SAT_APT must be 0 or 1, not 'no'\n"


def test_others_use_sudo_where_it_asks_for_no_password(machine, monkeypatch):
    monkeypatch.setattr(install.os, "geteuid", lambda: 1000)
    assert install.main([]) == 0
    assert [command[:2] for command in machine] == [["sudo", "-n"]] * 3  # one of them asks whether it may


@pytest.mark.parametrize("there", [[], ["apt-get"]])
def test_who_may_not_install_is_told_what_to_run(machine, monkeypatch, capsys, there):
    monkeypatch.setattr(install.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(install.shutil, "which", lambda name: name if name in there else None)
    assert install.main([]) == 1 and not machine
    assert capsys.readouterr().err == (
        "iverilog, g++ not found; as root: apt-get install iverilog g++; or set SAT_APT=0 to go without\n"
    )


def test_a_failure_is_quoted_in_one_line(machine, monkeypatch, capsys):
    class Failed:
        returncode, stdout, stderr = 100, "", "a warning\nE: no network\n"

    monkeypatch.setattr(install.subprocess, "run", lambda *_, **__: Failed)
    assert install.main([]) == 1
    assert capsys.readouterr().err.endswith("update failed: E: no network; as root: apt-get install iverilog g++\n")


def test_an_unknown_tool_is_refused(machine, capsys):
    assert install.main(["magic"]) == 2 and not machine
    assert "tools must be among" in capsys.readouterr().err
