"""Bad input ends with one line that names rule and value, and exit code 2, in every command that takes it."""

import subprocess
import sys
from pathlib import Path

import pytest

from rtl.sparsity import Sparsity
from sat import options
from tests.sat.support import refused
from tlm.workload.methods import Scheme

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", ["train", "cycles", "verify"])
@pytest.mark.parametrize(
    "option, value, words",
    [
        ("--model", "magic", "resnet9, resnet18, resnet50, vgg19, vit, not 'magic'"),
        ("--method", "magic", "method must be one of dense, srste, sdgp, sdwp, bdwp, not 'magic'"),
        ("--sparsity", "8:2", "sparsity must be N:M with N in (1, 2, 4), M in (4, 8, 16) and N < M, not 8:2"),
        ("--sparsity", "two", "sparsity must look like 2:8 or dense, not 'two'"),
        ("--sparsity", "dense", "method bdwp needs a sparsity such as 2:8, not dense"),
        ("--config", "huge", "config must be one of small, medium, vcu1525 or a JSON file, not 'huge'"),
        ("--json", "/dev/null/x.json", "/dev/null/x.json cannot be written"),
    ],
)
def test_bad_input_is_refused_in_one_line(command, option, value, words):
    assert words in refused(command, option, value)


@pytest.mark.parametrize(
    "content, words",
    [
        ('{"rows": 4, "columns": 4, "colour": 1}', "colour: Extra inputs are not permitted (got 1)"),
        ('{"rows": 0, "columns": 4}', "rows: Input should be greater than or equal to 1 (got 0)"),
        (
            '{"rows": 4, "columns": 4, "interleave": 17}',
            "interleave: Input should be less than or equal to 16 (got 17)",
        ),
        ('{"rows": 4, "columns": 4, "largest_m": 12}', "largest_m: Input should be 4, 8 or 16 (got 12)"),
        ('{"rows": 4', "Invalid JSON"),
    ],
)
@pytest.mark.parametrize("command", ["cycles", "verilog"])
def test_a_bad_configuration_file_is_refused_in_one_line(command, content, words, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(content)
    line = refused(command, "--config", file)
    assert words in line and str(file) in line


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["cycles", "--bogus"], "No such option: --bogus"),
        (["nothing"], "No such command 'nothing'."),
        (["cycles", "nothing"], "No such command 'nothing'."),
        (["verify", "gemm", "1", "2"], "Missing argument 'N'."),
        (["verify", "sample", "0"], "'PIECES'"),
        (["cycles", "--batch", "0"], "'--batch'"),
        (["verify", "gemm", "1", "1", "1", "--density-a", "1.1"], "'--density-a'"),
        (["verify", "gemm", "1", "1", "1", "--density-b", "-0.1"], "'--density-b'"),
        (["verify", "gemm", "1", "1", "1", "--density-a", "nan"], "'--density-a'"),
    ],
)
def test_words_that_cannot_be_read_are_refused_in_one_line_too(words, complaint):
    done = subprocess.run([sys.executable, "-m", "sat", *words], cwd=ROOT, capture_output=True, text=True)
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and not done.stdout and len(lines) == 1 and complaint in lines[0]


def test_without_words_it_shows_the_commands():
    done = subprocess.run([sys.executable, "-m", "sat"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and all(name in done.stdout for name in ("train", "cycles", "verify", "verilog"))


def test_titles_and_schemes_of_methods():
    sparse, dense = options.scheme("bdwp", "2:8"), options.scheme("dense", "2:8")
    assert (sparse, dense) == (Scheme.of("bdwp", 2, 8), Scheme()) == (sparse, options.scheme("dense", "dense"))
    assert (options.title(sparse), options.title(dense)) == ("bdwp 2:8", "dense")
    assert options.title(options.scheme("sdgp", "2:8", rescale=True)) == "sdgp 2:8, rescaled"
    assert options.scheme_data(options.scheme("srste", "1:4", "resnet18")) == dict(
        method="srste", sparsity="1:4", decay=2e-4, rescale=False, dense_layers=["fc"], sparsity_by_layer={}
    )


def test_patterns_of_some_layers_stand_beside_that_of_all():
    scheme = options.scheme("bdwp", ["1:4", "layer4.*=2:8", "fc = dense"])
    assert scheme == Scheme.of("bdwp", 1, 4, by_layer=(("layer4.*", Sparsity(2, 8)), ("fc", None)))
    assert options.scheme_data(scheme)["sparsity_by_layer"] == {"layer4.*": "2:8", "fc": "dense"}
    assert options.title(scheme) == "bdwp 1:4, layer4.* 2:8, fc dense"
    assert options.scheme("bdwp", ["a=1:4"]).sparsity == Sparsity(2, 8)
    for texts, words in (
        (["1:4", "2:8"], "given once, not 1:4, 2:8"),
        (["=1:4"], "before the ="),
        (["a=4"], "look like"),
    ):
        with pytest.raises(ValueError, match=words):
            options.scheme("bdwp", texts)


def test_layers_that_stay_dense_are_the_networks_own_unless_others_are_named():
    found = [
        options.scheme("bdwp", "2:8", *model, dense=dense).dense
        for model, dense in ((["vit"], None), (["cnn"], None), (["vit"], "none"), (["vit"], "a, b.*"), ([], None))
    ]
    assert found == [("head",), (), (), ("a", "b.*"), ()]
