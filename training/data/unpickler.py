"""Reads a pickle that holds numbers, text, lists, dictionaries and arrays of numbers, and refuses all else.

A pickle is a program: it names functions and calls them. Here its few permitted names stand for objects of this module,
so that no function of NumPy or Python is ever called with the file's arguments.
"""

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np


class _Name:
    """The object for which a permitted name stands: it can be called, and nothing else."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable):
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)

    def __setstate__(self, _: Any) -> NoReturn:  # without it the file could set attributes
        raise pickle.UnpicklingError("it gives a state to a function")


class _Dtype:
    """The type of an array's elements, in the two steps in which a pickle gives it."""

    __slots__ = ("code", "order")

    def __init__(self, code: str, *_: Any):
        if not isinstance(code, str) or not re.fullmatch("b1|[iu][1248]|f[248]", code):
            raise pickle.UnpicklingError(f"elements of an array must be numbers, not {code!r:.60}")
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple) -> None:
        _, self.order, *parts = state
        if self.order not in ("<", ">", "|", "=") or any(part is not None for part in parts[:3]):
            raise pickle.UnpicklingError(f"elements of an array must be plain numbers, not {state!r:.60}")


class _Array:
    """An array, in the two steps in which a pickle gives it: the second has everything."""

    __slots__ = ("value",)

    def __init__(self, *_: Any):
        self.value: np.ndarray | None = None

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, fortran, content = state
        if not isinstance(dtype, _Dtype) or not isinstance(content, (str, bytes)):
            raise pickle.UnpicklingError("an array must be of numbers")
        content = content.encode("latin1") if isinstance(content, str) else content  # Python 2 had but one type
        flat = np.frombuffer(content, np.dtype(dtype.order + dtype.code))
        self.value = flat.reshape(shape, order="F" if fortran else "C")


def _encode(text: str, encoding: str) -> bytes:
    """Bytes as protocol 2 writes them, which has none: text, to be encoded."""
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError(f"it encodes in {encoding!r:.60}, not in latin1")
    return text.encode("latin1")


def _uncalled(*_: Any) -> NoReturn:
    raise pickle.UnpicklingError("it makes an array past the function for that")


PERMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): _Name(_Array),
    ("numpy._core.multiarray", "_reconstruct"): _Name(_Array),  # since NumPy 2
    ("numpy", "ndarray"): _Name(_uncalled),
    ("numpy", "dtype"): _Name(_Dtype),
    ("_codecs", "encode"): _Name(_encode),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> _Name:
        if (module, name) not in PERMITTED:
            raise pickle.UnpicklingError(f"it names {f'{module}.{name}'!r:.60}, which is not of a data set")
        return PERMITTED[module, name]


def read(file: Path) -> dict[str, Any]:
    """The dictionary in a pickle of Python 2 or 3, with str for keys, and NumPy arrays for values that are arrays.

    Raises ValueError, naming the file, for anything else and for a broken file; OSError if there is none.
    """
    with file.open("rb") as stream:
        try:
            content = _Unpickler(stream, encoding="latin1").load()
        except Exception as error:  # a broken pickle can raise anything, running out of memory included
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{file}: refused as a pickle: {reason}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{file}: must be the pickle of a dictionary, not of a {type(content).__name__}")
    return {_text(key): value.value if isinstance(value, _Array) else value for key, value in content.items()}


def _text(key: Any) -> Any:
    return key.decode("latin1") if isinstance(key, bytes) else key
