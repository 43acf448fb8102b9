"""Data sets: the built-in digits, and those in files that are already on this computer. Nothing is ever downloaded.

data = load("cifar10", seed=0, path="cifar-10-batches-bin")
for x, y in data.batches(32, seed=0, epoch=3, start=10): ...      # (32, 3, 32, 32) float32, (32,) int64
for x, y in data.test_batches(120): ...
"""

from training.data.base import DataSet
from training.data.catalogue import NAMES, load
from training.data.digits import digits
from training.data.pictures import Pictures
from training.data.tensors import Data, Enlarged

__all__ = ["NAMES", "Data", "DataSet", "Enlarged", "Pictures", "digits", "load"]
