"""The comparison's arithmetic: equal hardware, the models' cycles, and what is made of them."""

from dataclasses import replace

import pytest

from rtl.sat.config import PRESETS, SystolicConfig
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sparsity import Sparsity
from tests.support.toy import PRESETS as DOT
from tests.support.toy import add_toy
from tlm import Gemm, schedule, simulate
from tlm.accelerators import TABLE
from tlm.compare import EQUAL, Case, GemmCost, Setup, compare, cost_of, setups
from tlm.feature_map import FeatureMap
from tlm.sat.scheduler import best_mapping
from tlm.sigma.scheduler import MARGIN, best_sigma_mapping
from tlm.workload.gemm_list import SparseGemm

SETUPS = setups()
SMALL = SETUPS["small"]
GEMM = Gemm(30, 40, 50, Sparsity(2, 8), "fp16", "one", "ff")


def test_every_setup_has_as_many_multipliers_and_the_same_memory_and_clock():
    assert list(SETUPS) == [*PRESETS, "paper"] == list(SIGMA_PRESETS)
    for name, setup in SETUPS.items():
        assert list(setup.configs) == list(TABLE) == ["sat", "sigma", "systolic"]
        sat, sigma, systolic = setup.configs.values()
        assert sigma == SIGMA_PRESETS[name] and sat == PRESETS.get(name, sat) and systolic == SystolicConfig.of(sat)
        assert len({tuple(getattr(config, field) for field in EQUAL) for config in setup.configs.values()}) == 1
    assert {config.size for config in SETUPS["paper"].configs.values()} == {(128, 128)}


@pytest.mark.parametrize(
    "change",
    [
        dict(columns=5),
        dict(clock_mhz=100.0),
        dict(buffer_kib=31),
        dict(memory_latency=1),
        dict(read_bytes_per_cycle=33.0),
        dict(write_bytes_per_cycle=8.0),
    ],
)
def test_an_unequal_setup_is_refused_by_name_and_values(change):
    ((field, value),) = change.items()
    sat, sigma, _ = SMALL.configs.values()
    name, ours, theirs = ("elements", 20, 16) if field == "columns" else (field, value, getattr(sigma, field))
    with pytest.raises(ValueError, match=f"^{name} must be the same to compare, not {ours} of SAT and {theirs} of SIG"):
        Setup({"sat": sat.model_copy(update=change), "sigma": sigma})


@pytest.mark.parametrize(
    "configs, complaint",
    [
        ({}, "there must be at least one accelerator to compare"),
        ({"tpu": PRESETS["small"]}, "accelerator must be one of sat, sigma, systolic, not 'tpu'"),
        ({"sigma": PRESETS["small"]}, "accelerator sigma takes a SigmaConfig, not a SatConfig"),
        ({"sat": SystolicConfig.of(PRESETS["small"])}, "accelerator sat takes a SatConfig, not a SystolicConfig"),
    ],
)
def test_a_setup_has_each_accelerators_own_configuration(configs, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        Setup(configs)


def test_cases_are_rows_of_a_list_or_gemms_of_a_training_step():
    case = Case.of(SparseGemm("q", 2, 3, 4, 0.5, 0.25))
    assert case == Case(Gemm(2, 4, 3, layer="q"), 0.5, 0.25) and case.useful == 2 * 3 * 4 / 8
    assert Case.trained(GEMM) == Case(GEMM, 1.0, 0.25) and Case.trained(replace(GEMM, sparsity=None)).density_b == 1
    assert Case.trained(replace(GEMM, k=10)).useful == 30 * 4 * 50  # of a last group of two, both are kept
    assert Case(replace(GEMM, count=7), 0.5).useful == 7 * 30 * 40 * 50 / 2


def channels(program):
    """Cycles of a program's steps, loads and stores, tile by tile."""
    tiles = list(program.tiles())
    return (
        sum(map(program.steps, tiles)),
        sum(map(program.read_cycles, tiles)),
        sum(program.write_cycles(tile) for tile in tiles if tile.last),
    )


@pytest.mark.parametrize("name", ["small", "vcu1525"])
@pytest.mark.parametrize("pattern, densities", [(None, (0.3, 0.6)), ("2:8", (1.0, 0.25)), (None, (0.0, 1.0))])
def test_each_takes_what_its_own_scheduler_says(name, pattern, densities):
    gemm, setup = replace(GEMM, sparsity=Sparsity.parse(pattern), count=3), SETUPS[name]
    found = compare([Case(gemm, *densities)], setup)
    useful = pytest.approx(3 * 30 * 40 * 50 * densities[0] * densities[1])
    dense = replace(gemm, sparsity=None)
    for accelerator, one in (("sat", gemm), ("systolic", dense)):
        config, formula = setup.configs[accelerator], found[accelerator].formula
        mapping, cycles = best_mapping(one, config)
        program = schedule(one, config, mapping)
        assert found[accelerator] == GemmCost(
            config, cycles, useful, sum(program.bytes_moved), *channels(program), formula, mapping
        )
        assert cycles == simulate(program).cycles
    sigma = setup.configs["sigma"]
    program, cycles = best_sigma_mapping(gemm, sigma, densities, margin=0 if pattern else MARGIN)
    assert found["sigma"] == GemmCost(
        sigma, cycles, useful, sum(program.bytes_moved), *channels(program), mapping=program.mapping
    )
    assert found["sat"].formula is None and cycles == simulate(program).cycles
    rows = setup.configs["systolic"].rows  # by hand: of a x b, or of its transpose
    tiles = [
        -(-40 // rows) * -(-outer // rows) * (streamed + min(40, rows) + rows)
        for outer, streamed in ((50, 30), (30, 50))
    ]
    assert found["systolic"].formula == 3 * min(tiles)


def test_utilisation_and_operations_a_second_by_hand():
    one = GemmCost(SMALL.configs["sat"], 1000, 4000.0, 12.5, 300, 600, 20)
    assert one.utilisation == 4000 / (1000 * 16) == 0.25
    assert one.tflops == pytest.approx(0.25 * 16 * 2 * 200e6 / 1e12)  # a quarter of the peak at 200 MHz
    assert one + GemmCost(SMALL.configs["sat"], 500, 0.0, 1.5, 3, 2, 1) == GemmCost(
        SMALL.configs["sat"], 1500, 4000.0, 14.0, 303, 602, 21
    )
    assert one.bound == "latency"  # the loads take 60 %
    assert [replace(one, **{name: 700}).bound for name in ("steps", "loads", "stores")] == ["steps", "loads", "stores"]
    assert (replace(one, formula=3) + replace(one, formula=4)).formula == 7


def test_cases_follow_one_another():
    cases = [Case(GEMM), Case(Gemm(5, 6, 7), 0.5, 0.5), Case(GEMM)]
    together, alone = compare(iter(cases), SMALL), [compare([case], SMALL) for case in cases]
    for name in SMALL.configs:
        assert list(together) == list(SMALL.configs)
        assert together[name] == alone[0][name] + alone[1][name] + alone[2][name]
    with pytest.raises(ValueError, match="^there must be at least one GEMM to compare$"):
        compare([], SMALL)


def test_sat_skips_by_n_m_sigma_by_densities_and_the_systolic_array_nothing():
    dense, pruned, zeros = (
        compare([Case(Gemm(64, 256, 64, Sparsity.parse(pattern)), *densities)], SMALL)
        for pattern, densities in ((None, (1, 1)), ("2:8", (1, 0.25)), (None, (0.25, 0.25)))
    )
    assert pruned["sat"].cycles < dense["sat"].cycles == zeros["sat"].cycles
    # A lane without word idles; and zeros that come by chance fill folds worse than those of N:M.
    assert pruned["sigma"].cycles < zeros["sigma"].cycles < dense["sigma"].cycles
    assert zeros["sigma"].bytes < pruned["sigma"].bytes < dense["sigma"].bytes
    assert dense["systolic"].cycles == pruned["systolic"].cycles == zeros["systolic"].cycles == dense["sat"].cycles
    for one in (*dense.values(), *pruned.values(), *zeros.values()):
        assert 0 < one.utilisation <= 1 and one.cycles > 0 and one.bytes > 0


def test_names_do_not_matter_but_where_an_operand_comes_from_does():
    named = replace(GEMM, layer="other", stage="bp")
    images = FeatureMap(1, 30, 30, 8, (5, 5), (1, 1), (0, 0), (1, 1), (26, 26))
    matrix, large = Gemm(26 * 26, 25 * 8, 50), SETUPS["vcu1525"]
    for name in SMALL.configs:
        assert cost_of(Case(named), name, SMALL.configs[name]) == cost_of(Case(GEMM), name, SMALL.configs[name])
        of_images, of_matrix = (
            cost_of(Case(replace(matrix, source=source)), name, large.configs[name]) for source in (images, None)
        )
        assert of_images.bytes < of_matrix.bytes and of_images.useful == of_matrix.useful


def test_a_further_accelerator_is_compared_by_its_row_alone(monkeypatch):
    add_toy(monkeypatch)
    setup = setups()["small"]
    assert list(setup.configs) == [*SMALL.configs, "dot"] and setup.configs["dot"] == DOT["small"]
    found, without = (compare([Case(GEMM), Case(Gemm(3, 4, 5))], one) for one in (setup, SMALL))
    assert {name: cost for name, cost in found.items() if name != "dot"} == without
    one, other = (simulate(schedule(gemm, DOT["small"])) for gemm in (GEMM, Gemm(3, 4, 5)))
    assert found["dot"].cycles == one.cycles + other.cycles and found["dot"].steps == one.busy + other.busy
    assert 0 < found["dot"].utilisation <= 1 and found["dot"].formula is None
