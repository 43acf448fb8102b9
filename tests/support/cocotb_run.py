"""Runs the cases of tests/rtl/sat/axi/axi_*_cases.py under cocotb, on sat_axi's Verilog in Icarus."""

import logging
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cocotb_tools.runner import get_runner

from rtl.sat.config import SatConfig

CASES = ["axi_register_cases", "axi_run_cases"]
ROOT = Path(__file__).resolve().parents[2]


def outcomes(
    verilog: Iterable[Path], config: SatConfig, folder: Path, seed: int, chosen: str = ".", failures: int = 0
) -> dict[str, list[str]]:
    """Of each case why it failed, if it did.

    folder    takes all that is written
    chosen    a regular expression of the cases to be run
    failures  cases that may fail before the others are left out; 0: any number
    """
    (folder / "configuration.json").write_text(config.model_dump_json())
    environment = dict(
        SAT_CONFIG=str(folder / "configuration.json"),
        SAT_SEED=str(seed),
        COCOTB_LOG_LEVEL="WARNING",
        COCOTB_MAX_FAILURES=str(failures),
        PYTHONWARNINGS="ignore::DeprecationWarning",
        PYTHONPATH=str(ROOT),
    )
    logging.getLogger("Icarus").setLevel(logging.ERROR)
    runner, build, results = get_runner("icarus"), folder / "build", folder / "results.xml"
    runner.build(sources=[*verilog], hdl_toplevel="sat_axi", build_dir=build, log_file=folder / "build.log")
    with suppress(SystemExit):  # under pytest cocotb ends the process where a case fails
        runner.test(
            hdl_toplevel="sat_axi",
            test_module=[f"tests.rtl.sat.axi.{name}" for name in CASES],
            test_filter=chosen,
            build_dir=build,
            test_dir=folder,
            extra_env=environment,
            log_file=folder / "run.log",
            results_xml=str(results),
        )
    return {
        case.get("name"): [part.get("message", "") for part in case if part.tag in ("failure", "error")]
        for case in ElementTree.parse(results).getroot().iter("testcase")
    }
