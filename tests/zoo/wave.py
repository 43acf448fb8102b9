"""M5 (2016) on waveforms, as in torchaudio's tutorial of speech commands."""

from functools import partial

from torch import nn

from tests.zoo.blocks import conv


def m5(classes: int = 35) -> nn.Module:
    """Log-probabilities of classes for waves of (batch, 1, samples), some 8,000 samples."""
    layer = partial(conv, kind=nn.Conv1d, norm=nn.BatchNorm1d, bias=True, padding=0)
    layers: list[nn.Module] = []
    for inputs, outputs, kernel, stride in ((1, 32, 80, 16), (32, 32, 3, 1), (32, 64, 3, 1), (64, 64, 3, 1)):
        layers += [layer(inputs, outputs, kernel, stride), nn.MaxPool1d(4)]
    head = [nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, classes), nn.LogSoftmax(dim=-1)]
    return nn.Sequential(*layers, *head)
