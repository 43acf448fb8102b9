"""The cases of a comparison: training steps of networks, and GEMMs of a file."""

import pytest

from sat.compare.cases import done, of_list, of_networks
from tlm.compare import Case, compare, setups
from tlm.gemm import Gemm
from tlm.workload.methods import Scheme
from tlm.workload.networks import layers
from tlm.workload.step import calls_of, whole_step

SMALL = setups()["small"]


def test_a_network_is_its_training_steps_gemms_dense_and_pruned():
    jobs = of_networks("cnn, cnn", 3, SMALL)
    assert [name for name, _ in jobs] == ["cnn"] * 4
    schemes = {"dense": Scheme(), "bdwp 2:8": Scheme.of("bdwp", 2, 8)}
    for (_, make), (method, scheme) in zip(jobs[:2], schemes.items(), strict=True):
        line, work = make(), whole_step(calls_of(layers("cnn"), 3), scheme)
        gemms = [one for one in work if isinstance(one, Gemm)]
        assert (line.case, line.variant) == ("cnn", method)
        assert line.described == dict(model="cnn", method=method, batch=3, gemms=len(gemms))
        assert line.costs == compare(map(Case.trained, gemms), SMALL)


def test_an_unknown_network_is_refused_before_any_is_costed():
    with pytest.raises(ValueError, match="^model must be one of cnn, .*, not 'tpu'$"):
        of_networks("cnn,tpu", 1, SMALL)


def test_a_file_is_its_gemms_in_order_of_which_two_may_have_one_name(tmp_path):
    file = tmp_path / "gemms.csv"
    file.write_text("layer,M,N,K,density_a,density_b\nq,64,48,32,0.2,1\nq,64,48,320,0.2,1\n")
    lines = done(of_list(file, SMALL))
    assert [(line.case, line.variant) for line in lines] == [("q 64-48-32", "0.2, 1"), ("q 64-48-320", "0.2, 1")]
    assert lines[0].described == dict(layer="q", m=64, k=32, n=48, sparsity="dense", density_a=0.2, density_b=1.0)
    assert lines[1].costs == compare([Case(Gemm(64, 320, 48, layer="q"), 0.2)], SMALL)
