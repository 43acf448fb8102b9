"""Recurrent layers, step by step: of each step, and of the inputs of all steps, the products with their weights."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from training.site import Site

State = tuple[Tensor, ...]


def recurrent_layer(site: Site, *args: Any) -> tuple[Tensor, ...]:
    """torch.lstm, gru, rnn_tanh and rnn_relu, of padded and of packed sequences."""
    if not args[0].numel():
        return site.plain(*args)
    packed = isinstance(args[1], Tensor) and isinstance(args[3], tuple | list)
    if packed:
        data, sizes, state, weights, biased, layers, dropout, train, both = args
        counts = sizes.tolist()
    else:
        data, state, weights, biased, layers, dropout, train, both, batch_first = args
        steps = data.transpose(0, 1) if batch_first else data
        counts, data = [steps.shape[1]] * steps.shape[0], steps.flatten(0, 1)
    states = tuple(state) if site.words == "lstm" else (state,)
    size = len(weights) // (layers * (2 if both else 1))  # weights of a layer in one direction
    finals: list[State] = []
    for layer in range(layers):
        outputs = []
        for backward in (False, True) if both else (False,):
            number = len(finals)
            own = weights[number * size : (number + 1) * size]
            found, final = _run(site, data, counts, tuple(each[number] for each in states), own, biased, backward)
            outputs.append(found)
            finals.append(final)
        data = torch.cat(outputs, -1)
        if dropout and train and layer < layers - 1:
            data = functional.dropout(data, dropout)
    if not packed:
        data = data.unflatten(0, (len(counts), counts[0]))
        data = data.transpose(0, 1) if batch_first else data
    return data, *(torch.stack(each) for each in zip(*finals, strict=True))


def recurrent_cell(
    site: Site,
    input: Tensor,
    hx: Any,
    w_input: Tensor,
    w_hidden: Tensor,
    b_input: Tensor | None = None,
    b_hidden: Tensor | None = None,
) -> Any:
    """torch.lstm_cell, gru_cell, rnn_tanh_cell and rnn_relu_cell."""
    kind = site.words.removesuffix("_cell")
    state = tuple(hx) if kind == "lstm" else (hx,)
    gates = site.linear(input, w_input, b_input), site.linear(state[0], w_hidden, b_hidden)
    new = _step(kind, *gates, state)
    return new if kind == "lstm" else new[0]


def _run(
    site: Site, data: Tensor, counts: Sequence[int], state: State, weights: Sequence[Tensor], biased: bool, back: bool
) -> tuple[Tensor, State]:
    """One layer in one direction over steps of so many sequences, longest first: its outputs, and the last states."""
    w_input, w_hidden = weights[:2]
    b_input, b_hidden = weights[2:4] if biased else (None, None)
    projections = weights[4 if biased else 2 :]  # one in an LSTM that has it, else none
    inputs = site.linear(data, w_input, b_input).split(list(counts))
    outputs: list[Tensor] = [data] * len(counts)
    whole, alive = state, 0 if back else counts[0]
    state = tuple(each[:alive] for each in whole)
    ended: list[State] = []
    for step in reversed(range(len(counts))) if back else range(len(counts)):
        count = counts[step]
        if count < alive:  # sequences that have ended
            ended.append(tuple(each[count:] for each in state))
            state = tuple(each[:count] for each in state)
        elif count > alive:  # backward: sequences that begin
            state = tuple(torch.cat([each, first[alive:count]]) for each, first in zip(state, whole, strict=True))
        alive = count
        state = _step(site.words, inputs[step], site.linear(state[0], w_hidden, b_hidden), state)
        if projections:
            state = site.linear(state[0], projections[0]), *state[1:]
        outputs[step] = state[0]
    return torch.cat(outputs), tuple(torch.cat(parts) for parts in zip(state, *reversed(ended), strict=True))


def _step(kind: str, of_input: Tensor, of_hidden: Tensor, state: State) -> State:
    """The next states, from the gates' products with input and hidden state (PyTorch's formulas and order of gates)."""
    if kind == "lstm":
        i, f, g, o = (of_input + of_hidden).chunk(4, -1)
        cell = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
        return o.sigmoid() * cell.tanh(), cell
    if kind == "gru":
        (r, z, n), (hidden_r, hidden_z, hidden_n) = of_input.chunk(3, -1), of_hidden.chunk(3, -1)
        update = (z + hidden_z).sigmoid()
        new = (n + (r + hidden_r).sigmoid() * hidden_n).tanh()
        return (new + update * (state[0] - new),)
    total = of_input + of_hidden
    return (total.relu() if kind == "rnn_relu" else total.tanh(),)
