"""The data sets by name."""

from dataclasses import dataclass
from pathlib import Path

from training.data import augmentation, cifar, folders
from training.data.augmentation import Views
from training.data.base import DataSet
from training.data.digits import digits
from training.data.forms import Form, expected, read
from training.data.pictures import Pictures

DIGITS = "digits"


@dataclass(frozen=True)
class PictureSet:
    """A set of pictures: forms of its files, usual side in pixels, views, mean and deviation, threads that decode."""

    forms: tuple[Form, ...]
    side: int
    views: Views
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    workers: int = 1


PICTURES = {
    "cifar10": PictureSet(cifar.CIFAR10, 32, augmentation.SMALL, (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": PictureSet(cifar.CIFAR100, 32, augmentation.SMALL, (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
    "tinyimagenet": PictureSet(
        folders.TINY_IMAGENET, 64, augmentation.SMALL, (0.4802, 0.4481, 0.3975), (0.2770, 0.2691, 0.2821), workers=4
    ),
    "imagenet": PictureSet(
        folders.IMAGENET, 224, augmentation.LARGE, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), workers=4
    ),
}
NAMES = (DIGITS, *PICTURES)


def load(
    name: str,
    seed: int,
    path: str | Path | None = None,
    image: tuple[int, int, int] | None = None,
    augment: bool = True,
) -> DataSet:
    """The data set of that name.

    seed     splits the digits; the others come split
    path     the folder of its files, or the one above; the digits have none
    image    (channels, height, width) of the images in a batch; without it, as usual for this set
    augment  whether to train on random views; of the digits there are none
    Raises ValueError for an unknown name, an image that is not possible, and files that are missing or broken; pictures
    in files of their own are checked when they are decoded.
    """
    if name not in NAMES:
        raise ValueError(f"data must be one of {', '.join(NAMES)}, not {name!r}")
    if name == DIGITS:
        if path is not None:
            raise ValueError(f"data digits are built in and have no --data-path, not {path}")
        return digits(seed, image)
    kind = PICTURES[name]
    side = kind.side if image is None else _side(name, image)
    if path is None:
        raise ValueError(f"data {name} needs --data-path, a folder that is, or holds, {expected(kind.forms)}")
    return Pictures(name, read(Path(path), kind.forms), side, kind.views, kind.mean, kind.std, augment, kind.workers)


def _side(name: str, image: tuple[int, ...]) -> int:
    if len(image) != 3 or image[0] != 3 or image[1] != image[2] or image[1] < 1:
        raise ValueError(f"image of {name} must be 3 x side x side, not {' x '.join(map(str, image))}")
    return image[1]
