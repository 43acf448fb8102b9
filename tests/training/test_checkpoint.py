"""Files that are whole at every moment."""

import os

import numpy as np
import pytest
import torch

from training import checkpoint

CONTENT = dict(weights=torch.arange(1000.0), name="cnn", image=(1, 8, 8), losses=[1.5, None], step=3)


@pytest.fixture
def file(tmp_path):
    checkpoint.save(tmp_path / "x.pt", CONTENT)
    return tmp_path / "x.pt"


def test_what_is_saved_is_loaded_and_no_other_file_is_left(file):
    loaded = checkpoint.load(file)
    assert torch.equal(loaded.pop("weights"), CONTENT["weights"]) and loaded.items() < CONTENT.items()
    assert [one.name for one in file.parent.iterdir()] == ["x.pt"]


def test_a_writer_that_fails_at_any_point_leaves_the_old_file(file, monkeypatch):
    def fail(*_):
        raise OSError("no space")

    old = file.read_bytes()
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError):
        checkpoint.write(file, b"new")
    assert file.read_bytes() == old
    monkeypatch.undo()
    checkpoint.write(file, b"new")  # beside the part that was left
    assert file.read_bytes() == b"new" and len(list(file.parent.iterdir())) == 1


@pytest.mark.parametrize("length", [0, 1, 100, 3000, -1])
def test_a_file_that_is_cut_short_is_refused(file, length):
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(ValueError, match="is no checkpoint, or damaged"):
        checkpoint.load(file)


def test_bytes_that_have_changed_anywhere_are_found_or_harmless_and_always_told_in_one_line(file):
    rng, good, refused = np.random.default_rng(1), file.read_bytes(), 0
    for _ in range(600):
        content = bytearray(good)
        for place in rng.integers(len(content), size=rng.integers(1, 6)):
            content[place] = rng.integers(256)
        file.write_bytes(content)
        try:
            assert torch.equal(checkpoint.load(file)["weights"], CONTENT["weights"])
        except ValueError as error:
            assert str(file) in str(error) and "\n" not in str(error)
            refused += 1
    assert refused > 300


def test_a_single_bit_that_has_changed_in_the_weights_is_found(file):
    content = bytearray(file.read_bytes())
    content[content.index(CONTENT["weights"].numpy().tobytes()) + 1234] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        checkpoint.load(file)


def test_a_file_that_would_execute_something_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    torch.save(Evil(), tmp_path / "evil.pt")
    with pytest.raises(ValueError, match="is no checkpoint, or damaged"):
        checkpoint.load(tmp_path / "evil.pt")
    assert not (tmp_path / "executed").exists()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="there is no checkpoint .*none.pt"):
        checkpoint.load(tmp_path / "none.pt")
