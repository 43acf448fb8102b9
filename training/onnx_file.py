"""A plain network as an ONNX file, for other runtimes."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn
from torch.onnx import TrainingMode

OPSET = 17  # of 2022, which runtimes know
INPUT, OUTPUT = "images", "scores"


def onnx_file(network: nn.Module, image: tuple[int, ...]) -> tuple[bytes, bool]:
    """The content of an ONNX file of a plain network in evaluation mode, and whether it takes any number of images.

    image    shape of one image; the network's input is (B, *image) float32, named 'images', its output 'scores'
    Weights keep their names and their bits: no layers are joined. Where the network's code reads the batch as a number
    of Python, the file takes one image at a time.
    Raises ValueError where PyTorch cannot write it, such as for an operation that ONNX lacks.
    """
    one, two = (torch.zeros(count, *image) for count in (1, 2))
    batch = {name: {0: "batch"} for name in (INPUT, OUTPUT)}
    try:
        content = _written(network, one, batch)
        if content == _written(network, two, batch):  # nothing in it is of the batch that it was made with
            return content, True
        return _written(network, one, {}), False
    except RuntimeError as error:  # of the exporter, and of the tracer
        raise ValueError(f"PyTorch cannot write it: {str(error).partition(chr(10))[0]}") from None


def _written(network: nn.Module, x: Tensor, free: dict[str, dict[int, str]]) -> bytes:
    """The file's content.

    free  the dimensions of input and output that may have any size
    """
    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # that tracing may fix numbers: this is compared; and that there is a newer way
        file = Path(folder) / "model.onnx"
        # The newer exporter needs a package more, onnxscript.
        torch.onnx.export(
            network,
            (x,),
            file,
            dynamo=False,
            opset_version=OPSET,
            training=TrainingMode.PRESERVE,  # else batch norm is multiplied into weights, and FP16's values are lost
            do_constant_folding=False,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes=free,
        )
        return file.read_bytes()
