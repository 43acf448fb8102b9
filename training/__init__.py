"""PyTorch training whose GEMMs run on an engine of cosim.

    import cosim, training
    converted = training.convert(module, "bdwp", 2, 8, cosim.engine("functional"))    # any nn.Module
    gemms = training.training_step(module, (32, 1, 8, 8), "bdwp", 2, 8)               # its GEMMs, without values
    updates = training.update_step(module, (32, 64), "bdwp", 2, 8)                     # and its weight updates
    mask = training.nm_mask(module.weight.half(), 2, 8, dim=1)                        # True: kept of its group
    trainer = training.Trainer("cnn", training.digits(seed=0), cosim.engine("functional"), "bdwp", "2:8")
    trainer.train(epochs=10); trainer.evaluate()
    training.Run(trainer, folder).go()              # all epochs of its settings, with checkpoints and a log

A converted module is trained in any loop. One with the hardware's update, loss scaling and SR-STE's decay is

    optimizer = training.SGD(converted.parameters(), lr=0.05, momentum=0.9, updates=training.Updates(converted))
    loss_scale, decay = training.LossScale(), training.Decay(converted)
    for x, y in batches:
        optimizer.zero_grad()
        (cross_entropy(converted(x), y) * loss_scale.scale).backward()
        decay.add(loss_scale.scale)
        loss_scale.step(optimizer)
"""

from tlm.workload.methods import METHODS, Scheme
from training.conversion import convert
from training.data import Data, DataSet, digits
from training.decay import Decay
from training.export import pruned_state_dict
from training.first_look import HostProductsWarning, on_host
from training.masks import nm_mask
from training.matmul import MatMul
from training.models import MODELS
from training.offload import Offload
from training.optimizer import SGD, LossScale
from training.run import Run
from training.settings import Settings
from training.tracing import Input, trace
from training.trainer import Trainer
from training.updates import Updates
from training.workload import training_step, update_step, whole_step

__all__ = [
    "METHODS",
    "MODELS",
    "SGD",
    "Data",
    "DataSet",
    "Decay",
    "HostProductsWarning",
    "Input",
    "LossScale",
    "MatMul",
    "Offload",
    "Run",
    "Scheme",
    "Settings",
    "Trainer",
    "Updates",
    "convert",
    "digits",
    "nm_mask",
    "on_host",
    "pruned_state_dict",
    "trace",
    "training_step",
    "update_step",
    "whole_step",
]
