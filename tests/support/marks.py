"""How often a case is run."""

from collections.abc import Iterable
from typing import Any

import pytest


def first_now(values: Iterable[Any]) -> list[Any]:
    """Parameters of a test whose first value every run has, and `tox -e nightly` the others."""
    first, *others = values
    return [first, *(pytest.param(value, marks=pytest.mark.nightly) for value in others)]
