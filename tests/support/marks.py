"""How often a case is run."""

from collections.abc import Iterable
from typing import Any

import pytest


def first_now(values: Iterable[Any]) -> list[Any]:
    """Parameters of a test whose first value every run has, and `tox -e nightly` the others."""
    first, *others = values
    several = [value if isinstance(value, tuple) else (value,) for value in others]
    return [first, *(pytest.param(*values, marks=pytest.mark.nightly) for values in several)]
