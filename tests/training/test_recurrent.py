"""Recurrent layers and cells, of padded and of packed sequences."""

import pytest
import torch
from torch import nn

from tests.training.agreement import agrees, drawn, layers
from training import convert


@pytest.fixture(autouse=True)
def seeded_modules():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


KINDS = {
    "lstm": lambda **more: nn.LSTM(8, 12, **more),
    "gru": lambda **more: nn.GRU(8, 12, **more),
    "rnn": lambda **more: nn.RNN(8, 12, **more),
    "relu": lambda **more: nn.RNN(8, 12, nonlinearity="relu", **more),
    "projected": lambda **more: nn.LSTM(8, 12, proj_size=5, **more),
}


class Whole(nn.Module):
    """Outputs and last states of a recurrent layer as one vector; of packed sequences where lengths are given."""

    def __init__(self, layer, lengths=None):
        super().__init__()
        self.layer, self.lengths = layer, lengths

    def forward(self, x, *states):
        given = x
        if self.lengths:
            given = nn.utils.rnn.pack_padded_sequence(x, self.lengths, batch_first=True, enforce_sorted=False)
        y, state = self.layer(given, states[0] if len(states) == 1 else tuple(states)) if states else self.layer(given)
        y = nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0] if self.lengths else y
        return torch.cat([y.flatten(), *(one.flatten() for one in (state if isinstance(state, tuple) else (state,)))])


@pytest.mark.parametrize(
    "more", [{}, dict(num_layers=2, bidirectional=True, batch_first=True), dict(bias=False)], ids=str
)
@pytest.mark.parametrize("kind", KINDS)
def test_layers_run_step_by_step(kind, more):
    ran = layers(agrees(Whole(KINDS[kind](**more)), *drawn((3, 5, 8)), within=12))
    steps = 5 if more.get("batch_first") else 3
    assert ran.count("layer.weight_ih_l0") == 1 and ran.count("layer.weight_hh_l0") == steps
    assert ran.count("layer.weight_hr_l0") == (steps if kind == "projected" else 0)


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_packed_sequences_and_first_states_are_taken(kind):
    layer = KINDS[kind](num_layers=2, bidirectional=True, batch_first=True)
    agrees(Whole(layer, [3, 5, 2]), *drawn((3, 5, 8)), within=12)
    states = [(4, 3, 12)] * (2 if kind == "lstm" else 1)
    agrees(Whole(layer, [3, 5, 2]), *drawn((3, 5, 8), *states), within=12)


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_cells_are_two_products(cell):
    class First(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = cell(8, 12)

        def forward(self, x):
            state = self.cell(x)
            return torch.cat(state) if isinstance(state, tuple) else state

    assert layers(agrees(First(), *drawn((3, 8)))) == ["cell.weight_ih", "cell.weight_hh"]


def test_dropout_between_layers_is_drawn_while_training_alone():
    layer = Whole(nn.GRU(8, 12, 2, dropout=0.5))
    agrees(layer.eval(), *drawn((3, 5, 8)), within=12)
    torch.manual_seed(0)
    converted, (x,) = convert(layer.train(), "dense"), drawn((3, 5, 8))
    assert not torch.equal(converted(x), converted(x))
