"""The columns of a SCALE-Sim topology: what a header says, and what it leaves to the order of the columns.

SCALE-Sim skips the words of a header: it reads columns by their order, and its command says what a list is of. Here
- a header that names M, N and K is one of GEMMs, with these columns where it names them;
- any other with one of SCALE-Sim's names for a convolution's column, or with 8 columns or more, is one of convolutions;
- any other is one of GEMMs.
Both are read in SCALE-Sim's order, however their columns are spelt; of two columns for a height and a width the first
is the height. A header that gives one of SCALE-Sim's names to another's column is refused.

Further columns are known by their names, `Sparsity`, `Batch` and, for a convolution, the second `Stride`. Without
a name N:M is the sparsity, and a number what SCALE-Sim takes it for: a convolution's ninth is its second stride
(version 2), a GEMM's fifth or sixth its batch (version 3). Words in any other column are a remark, as in SCALE-Sim;
numbers are refused, for they may be a padding or so many groups.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SPARSITY, BATCH, STRIDE = "sparsity", "batch", "stride"
_DIGIT, _LETTER = re.compile(r"\d"), re.compile("[a-z]", re.IGNORECASE)
_NM = re.compile(r"\d+ *: *\d+")


@dataclass(frozen=True)
class Kind:
    """What a list is of.

    sizes    the numbers of a layer, in SCALE-Sim's order
    further  what the columns after them may be
    unnamed  what a number is in a further column without a name, by the column's place from 0
    """

    sizes: tuple[str, ...]
    further: tuple[str, ...]
    unnamed: Mapping[int, str]


CONVOLUTIONS = Kind(
    ("ifmap height", "ifmap width", "filter height", "filter width", "channels", "num filter", "strides"),
    (SPARSITY, BATCH, STRIDE),
    {8: STRIDE},
)
GEMMS = Kind(("m", "n", "k"), (SPARSITY, BATCH), {4: BATCH, 5: BATCH})
FEWEST = 1 + len(GEMMS.sizes)  # columns of a header: the name and the sizes


@dataclass(frozen=True)
class Columns:
    """The columns below a header: places[i] is that of kind.sizes[i], from 0; place 0 is the layer's name."""

    kind: Kind
    places: tuple[int, ...]
    header: tuple[str, ...]

    def further(self, fields: Sequence[str]) -> dict[str, str]:
        """What a row says of SPARSITY, BATCH and STRIDE. Raises ValueError for a number that may be anything else."""
        said: dict[str, str] = {}
        for place, field in enumerate(fields):
            if not field or place in (0, *self.places):
                continue
            what = self._what(place, field)
            if what in said:
                raise ValueError(f"must have one {what}, not {said[what]!r} and {field!r}")
            if what:
                said[what] = field
        return said

    def _what(self, place: int, field: str) -> str:
        """What a field of a further column is; '' for a remark."""
        name = self.header[place] if place < len(self.header) else ""
        if (named := _further(name)) in self.kind.further:
            return named
        if _NM.fullmatch(field):
            return SPARSITY
        if not is_number(field):
            return ""
        if not name and place in self.kind.unnamed:
            return self.kind.unnamed[place]
        raise ValueError(
            f"column {place + 1} must be named {' or '.join(self.kind.further)} to have a number, "
            f"not {name!r} with {field!r}"
        )


def is_number(field: str) -> bool:
    """Whether a field is meant as a number, be it a broken one: with a digit, and without a letter."""
    return bool(_DIGIT.search(field)) and not _LETTER.search(field)


def is_header(fields: Sequence[str], above: Columns | None) -> bool:
    """Whether a row without numbers is a header: the first that has enough columns, and each further one that names
    what SCALE-Sim does or repeats the one above it. Any other may be a layer's template, with letters for numbers."""
    if len(fields) < FEWEST or above is None:
        return len(fields) >= FEWEST
    repeated = [name.lower() for name in fields[1:]] == [name.lower() for name in above.header[1:]]
    return repeated or any(map(_of_convolution, fields[1:])) or _gemm_places(fields) is not None


def columns_of(fields: Sequence[str]) -> Columns:
    """The columns below a header. Raises ValueError for one with too few of them, or with SCALE-Sim's in disorder."""
    convolution = ["", *map(_of_convolution, fields[1:])]
    if not any(convolution) and (places := _gemm_places(fields)):
        return Columns(GEMMS, places, tuple(fields))
    kind = CONVOLUTIONS if any(convolution) or len(fields) > len(CONVOLUTIONS.sizes) else GEMMS
    if len(fields) <= len(kind.sizes):
        raise ValueError(f"a header must name the layer, {', '.join(kind.sizes)}, not {', '.join(fields)!r}")
    said = convolution if kind is CONVOLUTIONS else list(map(_of_gemm, fields))
    for place, size in enumerate(kind.sizes, 1):
        if said[place] not in ("", _side(size)):
            raise ValueError(f"column {place + 1} must be {size}, not {fields[place]!r}")
    return Columns(kind, tuple(range(1, len(kind.sizes) + 1)), tuple(fields))


def _gemm_places(fields: Sequence[str]) -> tuple[int, ...] | None:
    names = ["", *map(_of_gemm, fields[1:])]
    return tuple(map(names.index, GEMMS.sizes)) if all(names.count(size) == 1 for size in GEMMS.sizes) else None


def _of_gemm(name: str) -> str:
    letters = set(_words(name)) & set(GEMMS.sizes)
    return letters.pop() if len(letters) == 1 and not _further(name) else ""


def _of_convolution(name: str) -> str:
    """The size that SCALE-Sim calls so, without its side; '' for any other name."""
    return _side(name) if " ".join(_words(name)) in _SCALE_SIM_NAMES else ""


def _side(name: str) -> str:
    return " ".join(word for word in _words(name) if word not in ("height", "width"))


def _further(name: str) -> str:
    return next((what for what in CONVOLUTIONS.further if any(word.startswith(what) for word in _words(name))), "")


def _words(name: str) -> list[str]:
    return [word.removesuffix("s") for word in re.findall("[a-z]+", name.lower())]


_SCALE_SIM_NAMES = {" ".join(_words(size)) for size in (*CONVOLUTIONS.sizes, "stride height", "stride width")}
