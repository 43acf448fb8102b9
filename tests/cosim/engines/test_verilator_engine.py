"""The Verilog compiled by Verilator: the functional engine's bits and the model's cycles, from any initial values."""

import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import cosim
from cosim.check.checker import Checker
from cosim.engines import verilator_engine
from cosim.harness.job import Job
from cosim.harness.simulation import SimulationError
from rtl.golden import Rates
from rtl.sat.config import SatConfig
from rtl.sigma.config import SigmaConfig
from tests.cosim.support import (
    LONG,
    PATTERNS,
    TINY,
    VALUES,
    assert_contract,
    bits,
    operands,
)
from tests.support.sigma import sparse
from tests.support.tools import needed
from tlm.memory import ConstantRates

ROOT = Path(__file__).parents[3]
WIDE = SatConfig(
    name="wide", rows=1, columns=40, interleave=16, largest_m=8, chunk=24, update_lanes=1, memory_latency=0
)
SIGMA = SigmaConfig(name="tiny-sigma", engines=2, lanes=4, results=3, rows=3, columns=8, operands="bf16")
SEEDS = (None, 1, 2**31 - 1)


@pytest.fixture(autouse=True)
def _tools():
    needed("verilator", "g++")


def engine(config=TINY, **options):
    return cosim.engine("verilator", config, **options)


@pytest.mark.parametrize("mapping", ["os", "ws"])
@pytest.mark.parametrize("sparsity", PATTERNS)
def test_every_pattern_in_both_dataflows(sparsity, mapping):
    for output in ("fp32", "fp16"):
        assert_contract(engine(), *operands(5, 37, 19), sparsity, output, mapping)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 9), (4, 1, 1), (3, 16, 8), (4, 17, 9), (1, 33, 3)], ids=str)
def test_shapes_that_do_not_fit_the_array(shape):
    for mapping in ("os", "ws"):
        assert_contract(engine(), *operands(*shape), mapping=mapping)


@pytest.mark.parametrize("initial", SEEDS)
@pytest.mark.parametrize("kind", VALUES)
def test_every_kind_of_value_whatever_registers_start_from(kind, initial):
    """Two states hide an x; so registers and memories start from zeros, and from random values of two seeds."""
    for sparsity, output, mapping in (("dense", "fp32", "os"), ("2:8", "fp16", "ws"), ("1:4", "fp32", "os")):
        assert_contract(engine(initial=initial), *operands(6, 27, 10, 7, kind, kind), sparsity, output, mapping)


@pytest.mark.parametrize("initial", SEEDS)
@pytest.mark.parametrize("config", [TINY, WIDE], ids=lambda config: config.name)
def test_updates_and_reductions(config, initial):
    rng, checker = np.random.default_rng(3), Checker(engine(config, initial=initial))
    w, v, g = (rng.standard_normal((24, 21)).astype(np.float32) for _ in range(3))
    checker.update(w, v, g, Rates(0.1, 0.9, 1e-3, 4.0), "2:8", channels=12)
    checker.update(w, v, g, Rates(0.1))
    checker.reduce(w, "1:4", channels=8)
    assert [verdict.equal for verdict in checker.checked] == [True] * 3


@pytest.mark.parametrize("initial", SEEDS)
def test_an_array_whose_lines_no_pipe_of_myhdls_holds(initial):
    with pytest.raises(
        ValueError, match="^one operand line of configuration wide has 12160 bits; .* use the engine ver"
    ):
        cosim.engine("icarus", WIDE)
    for sparsity, mapping in (("dense", "os"), ("2:8", "ws")):
        assert_contract(engine(WIDE, initial=initial), *operands(7, 50, 160), sparsity, mapping=mapping)


@pytest.mark.parametrize("initial", SEEDS)
@pytest.mark.parametrize("mapping", ["mk", "kn"])
def test_sigma(mapping, initial):
    rng, checker = np.random.default_rng(5), Checker(engine(SIGMA, initial=initial))
    for zeros in (0.0, 0.5, 0.9):
        a, b = (sparse(rng, shape, zeros, "bf16") for shape in ((9, 13), (13, 11)))
        checker.gemm(a, b, mapping=mapping)
    assert [verdict.equal for verdict in checker.checked] == [True] * 3


def test_memories_starved_and_fast():
    for memory in (ConstantRates(1 << 10, 300, 3.0, 0.5), ConstantRates(1 << 10, 0, 1e6, 1e6)):
        checker = Checker(engine(memory=memory))
        for mapping in ("os", "ws"):
            checker.gemm(*operands(9, 40, 18), "2:8", mapping=mapping)
        assert all(verdict.equal for verdict in checker.checked) and len(checker.checked) == 2


def test_the_same_program_gives_the_same_in_small_pieces(monkeypatch):
    values = operands(9, 70, 30)
    whole = engine().gemm(*values)
    monkeypatch.setattr(verilator_engine, "PIECE_BYTES", 100)
    monkeypatch.setattr(verilator_engine, "PAUSE", 0.0)
    cut = engine().gemm(*values)
    assert np.array_equal(bits(cut.c), bits(whole.c)) and cut.report == whole.report


def test_engines_run_in_threads_beside_each_other_and_beside_icarus():
    beside = cosim.engine("icarus", TINY).gemm(*operands(3, 5, 3))
    jobs = [operands(12, 90, 20, seed) for seed in range(6)]
    alone = [engine().gemm(*values) for values in jobs]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda values: engine().gemm(*values), jobs))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(bits(one.c), bits(other.c)) and one.report == other.report
    assert engine().gemm(*operands(3, 5, 3)).report == beside.report


def test_a_device_that_takes_no_command_is_ended_and_so_is_one_without_operands(tmp_path, monkeypatch):
    engine(keep=tmp_path / "verilog")
    loader = tmp_path / "verilog/sat_loader.v"
    ready = "assign commands_ready = ((!loading) && (!occupied[bank]));"
    assert loader.read_text().count(ready) == 1
    loader.write_text(loader.read_text().replace(ready, "assign commands_ready = 0;"))
    deaf = engine(verilog=tmp_path / "verilog")
    for _ in range(2):
        with pytest.raises(SimulationError, match=r"^the device still runs at cycle \d{4}; 0 of 2 tiles are done$"):
            deaf.gemm(*operands(3, 5, 3))
    monkeypatch.setattr(Job, "transfers", lambda job: iter(()))
    with pytest.raises(SimulationError, match="^the device stands still at cycle 0; 0 of 2 tiles are done$"):
        engine().gemm(*operands(3, 5, 3))


def test_waves_are_a_vcd_of_rest_and_cells(tmp_path):
    waves = tmp_path / "a folder" / "run.vcd"
    waves.parent.mkdir()
    traced = engine(waves=waves)
    assert traced.waves == waves
    result = assert_contract(traced, *operands(3, 9, 5), "2:8")
    text = waves.read_text()
    assert text.startswith("$version Generated by VerilatedVcd $end") and "$timescale 1ns $end" in text
    assert len(re.findall(r"\$scope module \S+\.uspe_\d+ \$end", text)) == TINY.rows * TINY.columns
    assert "device_out_cycle" in text
    times = [int(time) for time in re.findall(r"^#(\d+)$", text, re.MULTILINE)]
    assert times == sorted(times) and times[-1] >= 10 * result.cycles


@pytest.mark.parametrize(
    "options, text",
    [
        (dict(initial=0), "initial must be a seed from 1 to 2147483647, not 0"),
        (dict(initial=True), "initial must be a seed from 1 to 2147483647, not True"),
        (dict(waves=3), "waves must be a path, not 3"),
        (dict(keep="a", verilog="b"), "keep and verilog exclude each other: what is given is not generated"),
        (dict(patience=3), "engine verilator has no option 'patience'"),
    ],
)
def test_what_it_cannot_take_is_refused_in_one_line(options, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        engine(**options)


def test_a_folder_with_other_verilog_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must hold sat_harness.v and configuration.json"):
        engine(verilog=tmp_path)


def test_ctrl_c_ends_a_run_within_a_second(tmp_path):
    """In a process of its own, which then runs another one."""
    engine()  # compiled
    code = f"""if True:
        import signal, time
        import cosim
        from tests.cosim.support import TINY, operands
        signal.signal(signal.SIGINT, signal.default_int_handler)
        engine = cosim.engine("verilator", TINY)
        print("runs", flush=True)
        try:
            engine.gemm(*operands{(2 * LONG[0], *LONG[1:])})
            print("ran to its end")
        except KeyboardInterrupt:
            print("interrupted")
        print(engine.gemm(*operands(3, 5, 3)).c.size)"""
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout.readline() == "runs\n"
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "interrupted\n9\n"
    finally:
        process.kill()
        process.wait()


def test_a_device_that_sends_more_than_was_asked_for_is_refused_and_nothing_is_overwritten(monkeypatch):
    """The program that runs has more blocks than the host expects."""
    values, made = operands(9, 40, 18), Job.__init__

    def fewer(job, program, given):
        made(job, program, given)
        job.blocks, job.expected_beats = job.blocks[:1], program.beats(job.blocks[0])

    monkeypatch.setattr(Job, "__init__", fewer)
    with pytest.raises(SimulationError, match=r"^the device stands still at cycle \d+; (\d+) of \1 tiles are done$"):
        engine().gemm(*values)


def test_the_signals_of_a_cell_change_in_its_waves(tmp_path):
    engine(waves=tmp_path / "run.vcd").gemm(*operands(3, 9, 5))
    text = (tmp_path / "run.vcd").read_text()
    cell = text.partition("uspe_0 $end")[2].partition("$upscope")[0]
    code = re.search(r"\$var wire +32 (\S+) sum_out \[31:0\]", cell)[1]
    assert len(re.findall(rf"^b[01]+ {re.escape(code)}$", text, re.MULTILINE)) > 5


def test_waves_that_cannot_be_written_and_a_simulation_that_ends_itself_are_named(tmp_path):
    with pytest.raises(SimulationError, match="^the simulation ended by itself: waves cannot be written to /nowhere/"):
        engine(waves="/nowhere/run.vcd").gemm(*operands(3, 9, 5))
    engine(keep=tmp_path / "verilog")
    top = tmp_path / "verilog/sat.v"
    ends = "always @(posedge clk) begin\n    if (tile_done) begin\n        $finish;\n    end\nend\n\nendmodule"
    top.write_text(top.read_text().replace("endmodule", ends))
    with pytest.raises(SimulationError, match=r"^the simulation ended by itself: \$finish in .*sat.v, line \d+$"):
        engine(verilog=tmp_path / "verilog").gemm(*operands(3, 9, 5))
    assert_contract(engine(), *operands(3, 5, 3))
