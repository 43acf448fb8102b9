"""torch.einsum of two operands."""

import pytest
import torch

from tests.training.agreement import Calls, agrees, drawn


@pytest.mark.parametrize(
    "equation, x, weight",
    [
        ("btc,cd->btd", (2, 3, 8), (8, 12)),
        ("btc,dc->btd", (2, 3, 8), (12, 8)),
        ("bte,ehd->bhtd", (2, 3, 8), (8, 2, 6)),
        ("...c,cd->...d", (2, 3, 8), (8, 12)),
        ("gbi,gio->gbo", (3, 4, 8), (3, 8, 5)),
        ("bi,io", (4, 8), (8, 5)),
        ("bhtd,hdc->btc", (2, 2, 3, 4), (2, 4, 6)),
    ],
)
def test_a_weight_is_a_layer_on_either_side(equation, x, weight):
    for function in (lambda a, w: torch.einsum(equation, a, w), lambda a, w: torch.einsum(turned(equation), w, a)):
        ran = agrees(Calls(function, weight), *drawn(x))
        assert sorted(stage for _, stage in ran) == ["bp", "ff", "wu"] and {layer for layer, _ in ran} == {"weights.0"}


def turned(equation):
    terms, arrow, out = equation.partition("->")
    left, right = terms.split(",")
    return f"{right},{left}{arrow}{out}"


@pytest.mark.parametrize(
    "equation, a, b",
    [
        ("bhtd,bhsd->bhts", (2, 3, 4, 8), (2, 3, 5, 8)),
        ("bthd,bshd->bhts", (2, 4, 3, 8), (2, 5, 3, 8)),
        ("ij,kj->ki", (3, 4), (5, 4)),
        ("bij,bj->bi", (2, 3, 4), (2, 4)),
        ("ijk,kl->il", (2, 3, 4), (4, 5)),
        ("...ij,...jk", (2, 3, 4), (2, 4, 5)),
        ("ab,ba->", (3, 4), (4, 3)),
        ("AB,BC", (3, 4), (4, 5)),
        ("...a,aH->...", (4, 3), (3, 4)),
    ],
)
def test_two_activations_are_one_product(equation, a, b):
    ran = agrees(Calls(lambda x, y: torch.einsum(equation, [x, y])), *drawn(a, b))
    assert ran == [("einsum", "ff"), ("einsum", "bp"), ("einsum", "bp")]


@pytest.mark.parametrize(
    "equation, shapes",
    [
        ("bi,bj->bij", [(2, 3), (2, 4)]),
        ("ii,ij->j", [(3, 3), (3, 2)]),
        ("ij,jk,kl->il", [(2, 3)] * 1 + [(3, 4), (4, 2)]),
    ],
)
def test_what_is_no_product_of_two_stays_in_pytorch(equation, shapes):
    assert agrees(Calls(lambda *given: torch.einsum(equation, *given)), *drawn(*shapes), within=0.01) == []
