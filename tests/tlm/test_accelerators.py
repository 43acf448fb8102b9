"""The table of accelerators: rows by names and configurations, and configurations by names and files."""

import pytest

from rtl.sat.config import PRESETS, SatConfig, SystolicConfig
from rtl.sigma.config import PRESETS as SIGMA
from rtl.sigma.config import SigmaConfig
from tests.support.toy import PRESETS as DOT
from tests.support.toy import add_toy
from tlm import Gemm, predict, schedule, simulate
from tlm.accelerators import DEFAULT, TABLE, accelerator, accelerator_of, configuration

SMALL = PRESETS["small"]


def test_each_row_has_its_name_and_its_own_configurations():
    assert list(TABLE) == ["sat", "sigma", "systolic"] and DEFAULT == "sat"
    for name, row in TABLE.items():
        assert accelerator(name) is row and row.name == name == row.config_type.accelerator
        for preset, config in row.presets.items():
            assert type(config) is row.config_type and accelerator_of(config) is row and config.name == preset


def test_the_name_of_no_accelerator_and_a_configuration_of_none_are_refused():
    with pytest.raises(ValueError, match="^accelerator must be one of sat, sigma, systolic, not 'tpu'$"):
        accelerator("tpu")
    for other in (DOT["small"], None, "small"):
        with pytest.raises(ValueError, match="^a configuration must be one of SatConfig, SigmaConfig, SystolicConfig"):
            accelerator_of(other)


@pytest.mark.parametrize(
    "given, name, expected",
    [
        ("small", None, SMALL),
        ("small", "sigma", SIGMA["small"]),
        ("small", "systolic", SystolicConfig.of(SMALL)),
        (SMALL, None, SMALL),
        (SMALL, "sat", SMALL),
        (SIGMA["small"], None, SIGMA["small"]),
        (SystolicConfig.of(SMALL), None, SystolicConfig.of(SMALL)),
    ],
)
def test_a_configuration_is_taken_or_a_preset_of_its_accelerator(given, name, expected):
    found = configuration(given, name)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    "name, written, expected",
    [
        ("sat", SatConfig(rows=3, columns=2), SatConfig),
        ("sigma", SigmaConfig(engines=3, lanes=8, results=4, rows=9), SigmaConfig),
        ("systolic", SatConfig(rows=3, columns=2), SystolicConfig),
    ],
)
def test_a_file_describes_an_accelerators_configuration(name, written, expected, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(written.model_dump_json())
    found = configuration(str(file), name)
    assert type(found) is expected and found == (expected.of(written) if name == "systolic" else written)


@pytest.mark.parametrize(
    "given, name, complaint",
    [
        (SIGMA["small"], "sat", "accelerator sat takes a SatConfig, not a SigmaConfig"),
        (SystolicConfig.of(SMALL), "sat", "accelerator sat takes a SatConfig, not a SystolicConfig"),
        (SMALL, "systolic", "accelerator systolic takes a SystolicConfig, not a SatConfig"),
        (SMALL, "tpu", "accelerator must be one of sat, sigma, systolic, not 'tpu'"),
        ("smal", "sigma", "config must be one of small, medium, vcu1525, paper or a JSON file, not 'smal'"),
    ],
)
def test_a_configuration_of_another_accelerator_is_refused(given, name, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        configuration(given, name)
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        predict(4, 4, 4, config=given, accelerator=name)


@pytest.mark.parametrize("name", ["sat", "sigma", "systolic", "dot"])
def test_a_gemm_is_scheduled_and_predicted_on_every_accelerator(name, monkeypatch):
    add_toy(monkeypatch)
    config = TABLE[name].presets["small"]
    program = schedule(Gemm(9, 40, 18), config)
    assert program.config == config and program.work == Gemm(9, 40, 18)
    assert predict(9, 40, 18, config="small", accelerator=name) == predict(9, 40, 18, config=config)
    assert predict(9, 40, 18, config=config).cycles == simulate(program).cycles > 0


@pytest.mark.parametrize("name", ["sat", "sigma", "systolic", "dot"])
@pytest.mark.parametrize("mapping", [5, [], "is", object()], ids=["number", "list", "word", "object"])
def test_a_mapping_of_an_unknown_kind_is_one_clear_refusal(name, mapping, monkeypatch):
    add_toy(monkeypatch)
    with pytest.raises(ValueError, match=r"mapping on this accelerator must be|must be one of|must be dot"):
        schedule(Gemm(9, 40, 18), TABLE[name].presets["small"], mapping)
