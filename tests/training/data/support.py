"""Small data sets, written in the very forms of the real ones."""

import hashlib
import pickle
import struct

import numpy as np
from PIL import Image

from training.data import load


def fingerprint(*tensors):
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in tensors)).hexdigest()[:16]


def sight(data, size=3, seed=5, epoch=2, start=0):
    """The images of an epoch's batches, as one array, and their labels."""
    batches = list(data.batches(size, seed, epoch, start))
    return np.concatenate([x.numpy() for x, _ in batches]), [label for _, y in batches for label in y.tolist()]


def random_bytes(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).integers(0, 256, shape, dtype=np.uint8)


def cifar_pictures(labels):
    """(pictures, 3072) uint8: its pixels tell them apart."""
    return random_bytes(len(labels), 3072, seed=sum(labels))


CIFAR10_LABELS = {**{f"data_batch_{i}": [i, 9, 0, 3] for i in range(1, 6)}, "test_batch": [7, 8]}
CIFAR100_LABELS = {"train": [99, 0, 42], "test": [5, 57]}


def write_binary(folder, labels_of_files, coarse=()):
    """Records of labels and pixels, as in cifar-10-batches-bin and, with a coarse label, in cifar-100-binary."""
    folder.mkdir(parents=True)
    for name, labels in labels_of_files.items():
        records = [
            bytes([*coarse, label]) + pixels.tobytes()
            for label, pixels in zip(labels, cifar_pictures(labels), strict=True)
        ]
        (folder / f"{name}.bin").write_bytes(b"".join(records))
    return folder


def write_pickled(folder, labels_of_files, key, dump):
    folder.mkdir(parents=True)
    for name, labels in labels_of_files.items():
        (folder / name).write_bytes(dump({key: labels, "data": cifar_pictures(labels), "batch_label": f"{name} of 5"}))
    return folder


def python2_pickle(value):
    """Protocol 2 as Python 2 and the NumPy of its time wrote it: one type of string, and no bytes."""
    return b"\x80\x02" + _python2(value) + b"."


def _python2(value):
    if isinstance(value, np.ndarray):
        code = value.dtype.str[1:].encode()
        dtype = b"cnumpy\ndtype\nU" + bytes([len(code)]) + code + b"K\0K\1\x87R"
        order = value.dtype.str[:1].encode()
        dtype += b"(K\3U\1" + order + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        raw = value.tobytes()
        return (
            b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\1b\x87R(K\1"
            + _python2(value.shape)
            + dtype
            + b"\x89T"
            + struct.pack("<I", len(raw))
            + raw
            + b"tb"
        )
    if isinstance(value, str):
        return b"U" + bytes([len(value)]) + value.encode("latin1")
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, tuple):
        return b"(" + b"".join(map(_python2, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(_python2, value)) + b"e"
    return b"}(" + b"".join(_python2(part) for item in value.items() for part in item) + b"u"


def python3_pickle(value):
    """Protocol 2 as Python 3 writes it, with bytes for keys, and the modules' names before NumPy 2."""
    content = {key.encode(): part for key, part in value.items()}
    return pickle.dumps(content, 2).replace(b"cnumpy._core.", b"cnumpy.core.")


def new_pickle(value):
    """Protocol 4, the default of Python 3 until 3.14, and the modules' names of this NumPy."""
    return pickle.dumps(value, 4)


def write_jpeg(file, size=(64, 64), mode="RGB", format="JPEG", seed=0):
    """A smooth picture, different for each seed: JPEG would blur noise."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    picture = Image.frombytes(mode, (4, 4), random_bytes(4, 4, channels, seed=seed).tobytes())
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.resize(size, Image.Resampling.BICUBIC).save(file, format)
    return file


def write_tiny(folder, classes=("n02", "n01"), train=3, val=4):
    """tiny-imagenet-200 with fewer classes and pictures."""
    for i, name in enumerate(classes):
        for j in range(train):
            write_jpeg(folder / "train" / name / "images" / f"{name}_{j}.JPEG", seed=10 * i + j)
        (folder / "train" / name / f"{name}_boxes.txt").write_text("")
    for j in range(val):
        write_jpeg(folder / "val/images" / f"val_{j}.JPEG", seed=100 + j)
    lines = [f"val_{j}.JPEG\t{classes[j % len(classes)]}\t0\t32\t44\t62\n" for j in range(val)]
    (folder / "val/val_annotations.txt").write_text("".join(lines))
    (folder / "wnids.txt").write_text("".join(f"{name}\n" for name in classes))
    return folder


def write_imagenet(folder, classes=("n02", "n01"), train=3, val=2, size=(90, 70)):
    for split, number in (("train", train), ("val", val)):
        for i, name in enumerate(classes):
            for j in range(number):
                write_jpeg(folder / split / name / f"{name}_{j}.JPEG", size, seed=10 * i + j + 100 * (split == "val"))
    return folder


def written(tmp_path, name):
    """The folder of a small data set of that name, ready to be loaded."""
    make = {
        "cifar10": lambda folder: write_binary(folder, CIFAR10_LABELS),
        "cifar100": lambda folder: write_binary(folder, CIFAR100_LABELS, coarse=[3]),
        "tinyimagenet": write_tiny,
        "imagenet": write_imagenet,
    }
    return make[name](tmp_path / name)


def opened(tmp_path, name, **options):
    return load(name, 0, written(tmp_path, name), **options)
