"""VGG19 with batch norm, as torchvision's vgg19_bn; for small images with one linear layer instead of three."""

from collections import OrderedDict

from torch import Tensor, nn

from tlm.workload import architecture
from tlm.workload.architecture import scaled
from training.models.parts import undrawn


class Vgg(nn.Module):
    """3x3 convolutions with batch norm, in stages between 2x2 poolings, and a classifier.

    Attributes have torchvision's names, so its state dicts fit at 224x224; the layer that gives the classes goes by
    the same name at every size, classifier.6.
    """

    def __init__(self, numbers: architecture.Vgg, image: int, classes: int, width: float):
        super().__init__()
        self.features, channels = nn.Sequential(), 3
        for outputs in numbers.features:
            if outputs:
                outputs = scaled(outputs, width)
                self.features.extend(
                    [undrawn(nn.Conv2d, channels, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
                )
                channels = outputs
            else:
                self.features.append(nn.MaxPool2d(2))
        self.avgpool = nn.AdaptiveAvgPool2d(numbers.pooled(image))
        channels *= numbers.pooled(image) ** 2
        classifier: OrderedDict[str, nn.Module] = OrderedDict()
        for place, outputs in zip((0, 3), numbers.hidden(image), strict=False):  # small images have no hidden layers
            outputs = scaled(outputs, width)
            classifier |= {
                f"{place}": undrawn(nn.Linear, channels, outputs),
                f"{place + 1}": nn.ReLU(),
                f"{place + 2}": nn.Dropout(),
            }
            channels = outputs
        self.classifier = nn.Sequential(classifier | {"6": undrawn(nn.Linear, channels, classes)})
        self._draw()

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 3, image, image) -> (B, classes)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))

    def _draw(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
            if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
                nn.init.zeros_(module.bias)
