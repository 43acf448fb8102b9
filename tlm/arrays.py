"""Plain arrays: what arithmetic on bits takes, and how the numbers of anything else become one."""

from typing import Any

import numpy as np


def plain(array: Any, name: str) -> np.ndarray:
    """The array, or one with the numbers of a list, tensor or the like. Raises ValueError for what has none."""
    if type(array) is np.ndarray:
        return array
    if isinstance(array, np.ma.MaskedArray):
        check_plain(array, name)
    try:
        numbers = np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be an array, not {type(array).__name__}: {error}") from None
    if numbers.dtype == object:
        raise ValueError(f"{name} must be an array of numbers, not {type(array).__name__}")
    return numbers


def check_plain(array: np.ndarray, name: str) -> None:
    """Raise ValueError unless it is an array, and no subclass, which may have other arithmetic or a mask."""
    if type(array) is not np.ndarray and type(array) is not np.memmap:
        raise ValueError(f"{name} must be an array, not {type(array).__name__}")
