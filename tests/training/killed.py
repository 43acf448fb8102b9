"""Training that is killed with SIGKILL again and again: python -m tests.training.killed FOLDER MANNER

MANNER 'writing': the n-th attempt is killed before its n-th fsync or renaming; 'anywhere': each after another time.
Attempts are forks of one process, which has loaded everything that a step needs. Prints how many were killed before one
came to its end.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import torch
from torch import nn

import cosim
from training import Data, Run, Settings, Trainer

STEPS, MOST = 26, 80


def trainer() -> Trainer:
    """A small module with all that has a state: masters, velocities, buffers, draws, decay, schedule, loss scale."""
    torch.manual_seed(1)
    module = nn.Sequential(nn.Linear(16, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.3), nn.Linear(24, 5))
    x, y = torch.randn(60, 16), torch.randint(5, (60,))
    settings = Settings(batch=8, schedule="cosine", warm_up=0.5, steps=STEPS, label_smoothing=0.1)
    result = Trainer(module, Data(x[:45], y[:45], x[45:], y[45:]), cosim.engine("functional"), "srste", "2:8", settings)
    result.loss_scale.scale = 2.0**24  # so that some steps overflow
    return result


def attempt(folder: Path) -> None:
    """Go on in the folder, or begin, with a checkpoint after each step."""
    resume = (folder / "checkpoint.pt").exists()
    Run(trainer(), folder, resume=resume, checkpoint_every=1).go()


def killed_at(number: int) -> None:
    """End this process by SIGKILL before its fsync or renaming of that number."""
    left = [number]

    def counted(function):
        def call(*words):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*words)

        return call

    os.fsync, Path.replace = counted(os.fsync), counted(Path.replace)


def main(folder: Path, manner: str) -> None:
    """Attempts until one comes to its end."""
    random.seed(1)
    Run(trainer()).go()
    for kills in range(MOST):
        child = os.fork()
        if not child:
            run_child(folder, kills + 1 if manner == "writing" else 0)
        if manner == "anywhere":
            time.sleep(random.uniform(0.02, 0.2))
            if os.waitpid(child, os.WNOHANG) == (0, 0):
                os.kill(child, signal.SIGKILL)
            else:
                break
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            break
    else:
        sys.exit(f"still not done after {MOST} attempts")
    print(kills)


def run_child(folder: Path, number: int) -> NoReturn:
    """The forked process."""
    try:
        if number:
            killed_at(number)
        attempt(folder)
        os._exit(0)
    finally:
        os._exit(1)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), sys.argv[2])
