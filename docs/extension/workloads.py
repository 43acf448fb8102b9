"""Networks, training methods and data sets, from the tables that the commands read."""

import torch

from docs.extension.text import table
from tlm.workload.methods import METHODS, STAGES, SUMMED
from tlm.workload.networks import NETWORKS, layers
from training import models
from training.data.catalogue import DIGITS, PICTURES
from training.data.digits import digits


def pages() -> dict[str, str]:
    """{path of the page: Markdown}."""
    return {
        "workloads": "\n".join(
            [
                "# Networks, methods, data sets\n",
                "## Networks\n",
                "Their own image, classes and dense layers unless one chooses others.\n",
                table(
                    ("network", "image", "classes", "parameters", "multiply-adds an image", "dense layers"), _networks()
                ),
                "## Methods\n",
                "What a stage prunes N:M, in groups along which channels; the weight gradient (wu) is dense in all. "
                "The array skips zeros that lie along the sums of its second operand.\n",
                table(("method", *STAGES, "decay"), _methods()),
                "## Data sets\n",
                "Nothing is downloaded: `--data-path` is a folder that is, or holds, one of these forms.\n",
                table(("data", "image", "files", "training views"), _data()),
            ]
        )
    }


def _networks():
    for name, network in NETWORKS.items():
        for image in sorted(network.images, key=lambda image: (image != network.image, image)):
            with torch.device("meta"):  # shapes alone
                count = sum(weight.numel() for weight in models.build(name, 0, image).parameters())
            macs = sum(layer.macs for layer in layers(name, image))
            dense = ", ".join(f"`{layer}`" for layer in network.dense)
            label = f"`{name}`" if image == network.image else ""
            yield label, f"{image} x {image}", str(network.classes), f"{count:,}", f"{macs:,}", dense if label else ""


def _methods():
    for name, method in METHODS.items():
        cells = [_rule(stage, method.rules.get(stage)) for stage in STAGES]
        yield f"`{name}`", *cells, f"{method.decay:g}"


def _rule(stage, rule):
    if rule is None:
        return "dense"
    skipped = "skipped" if rule.along == SUMMED[stage] else "not skipped"
    return f"{rule.operand}, along {rule.along[:-1]} channels, {skipped}"


def _data():
    data = digits(0)
    sizes = f"none: scikit-learn carries {data.train_size:,} + {data.test_size:,} images"
    yield f"`{DIGITS}`", " x ".join(map(str, data.image_shape[1:])), sizes, "as they are"
    for name, kind in PICTURES.items():
        files = "<br>".join(
            f"`{form.folder}/`: " + ", ".join(f"`{file}`" for file in form.files) for form in kind.forms
        )
        yield f"`{name}`", f"{kind.side} x {kind.side}", files, kind.views.train.__doc__.strip().splitlines()[0]
