"""Work of a training step: matrix products and weight updates."""

from dataclasses import replace
from typing import TypeVar

from tlm.gemm import Gemm
from tlm.update import Update

Work = Gemm | Update
Some = TypeVar("Some", bound=Work)


def nameless(work: Some) -> Some:
    """The work without the names of its layer and its stage, so that work of equal cost is equal."""
    return replace(work, layer="", stage="")
