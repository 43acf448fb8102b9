"""Data sets: the built-in digits."""
from training.data.base import Data
from training.data.catalogue import NAMES, load
from training.data.digits import digits
from training.data.tensors import Enlarged, TensorData

__all__ = ["NAMES", "Data", "Enlarged", "TensorData", "digits", "load"]
