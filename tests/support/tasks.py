"""Trainings that several tests check."""

from sat.task import Task
from sat.verify.step_checks import Training
from tlm.workload.methods import Scheme
from training import Settings

CNN = Training(Task("cnn", "digits"), Scheme.of("bdwp", 2, 8), Settings(batch=2))
