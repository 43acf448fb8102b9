"""The folder of a harness's Verilog: kept, given back, and refused where it is another's."""

import json

import pytest

from cosim.engines.harness_verilog import harness_verilog, top_module
from rtl.sigma.config import PRESETS as SIGMA
from tests.cosim.support import TINY


@pytest.mark.parametrize("config, top", [(TINY, "sat_harness"), (SIGMA["small"], "sigma_harness")])
def test_it_is_converted_into_a_folder_with_its_configuration(config, top, tmp_path):
    assert top_module(config) == top
    assert harness_verilog(config, keep=tmp_path / "new") == tmp_path / "new"
    assert (tmp_path / "new" / f"{top}.v").read_text().count(f"module {top} (") == 1
    assert json.loads((tmp_path / "new/configuration.json").read_text()) == json.loads(config.model_dump_json())
    assert harness_verilog(config, verilog=tmp_path / "new") == tmp_path / "new"
    assert harness_verilog(config) not in (harness_verilog(config), tmp_path / "new")


def test_keep_and_verilog_exclude_each_other(tmp_path):
    harness_verilog(TINY, keep=tmp_path)
    with pytest.raises(ValueError, match="^keep and verilog exclude each other"):
        harness_verilog(TINY, keep=tmp_path, verilog=tmp_path)


def test_verilog_of_another_configuration_and_no_verilog_are_refused(tmp_path):
    with pytest.raises(ValueError, match="must hold sat_harness.v and configuration.json"):
        harness_verilog(TINY, verilog=tmp_path)
    harness_verilog(TINY, keep=tmp_path)
    for changed in (dict(rows=4), dict(interleave=5)):
        with pytest.raises(ValueError, match="holds another configuration than tiny"):
            harness_verilog(TINY.model_copy(update=changed), verilog=tmp_path)
    same = TINY.model_copy(update=dict(name="other", clock_mhz=100.0, buffer_kib=1, memory_latency=50))
    assert harness_verilog(same, verilog=tmp_path) == tmp_path
