"""What the tests of the data share."""
import hashlib


def fingerprint(*tensors):
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in tensors)).hexdigest()[:16]
