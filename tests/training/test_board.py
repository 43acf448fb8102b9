"""TensorBoard, there or not."""

import sys
from types import SimpleNamespace

import pytest

from training.board import Board


def test_where_it_is_not_installed_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ValueError, match="^TensorBoard is not installed: pip install tensorboard$"):
        Board(tmp_path)


def test_it_shows_the_numbers_of_a_line_over_its_steps(tmp_path, monkeypatch):
    seen = []

    class Writer:
        """Notes what it is told."""

        def __init__(self, folder, purge_step):
            seen.append((folder, purge_step))

        def add_scalar(self, *words):
            seen.append(words)

        def flush(self):
            seen.append("flush")

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Writer))
    board = Board(tmp_path, [dict(epoch=1, steps=45, loss=0.7)])
    board.show(dict(epoch=2, steps=90, loss=0.5, accuracy=None, lr=0.1))
    assert seen == [(str(tmp_path), 0), ("loss", 0.7, 45), "flush", ("loss", 0.5, 90), ("lr", 0.1, 90), "flush"]
