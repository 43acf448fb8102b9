"""The data sets by name."""
from training.data.base import Data
from training.data.digits import digits

NAMES = ("digits",)


def load(name: str, seed: int, image: tuple[int, int, int] | None = None) -> Data:
    """The data set of that name, split by `seed`, enlarged to `image`. Raises ValueError."""
    if name not in NAMES:
        raise ValueError(f"data must be one of {', '.join(NAMES)}, not {name!r}")
    return digits(seed, image)
