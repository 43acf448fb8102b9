"""TensorBoard, where it is installed."""
from pathlib import Path
from typing import Any


class Board:
    """Scalars of a run for TensorBoard, in a folder. Raises ValueError where tensorboard is not installed.

    steps  those after so many steps are written anew: a run that was stopped may have come further
    """

    def __init__(self, folder: Path, steps: int = 0):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ValueError("TensorBoard is not installed: pip install tensorboard") from None
        self._writer = SummaryWriter(str(folder), purge_step=steps + 1)

    def show(self, line: dict[str, Any]) -> None:
        """The numbers of an epoch's line in the log, over its steps."""
        for name, value in line.items():
            if name not in ("epoch", "steps") and value is not None:
                self._writer.add_scalar(name, value, line["steps"])
        self._writer.flush()
