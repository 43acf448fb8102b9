"""TensorBoard, where it is installed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Board:
    """Scalars of a run for TensorBoard, in a folder. Raises ValueError where tensorboard is not installed.

    lines  the log so far, in place of the folder's scalars: a run that was killed may have left more, or fewer
    """

    def __init__(self, folder: Path, lines: Iterable[dict[str, Any]] = ()):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ValueError("TensorBoard is not installed: pip install tensorboard") from None
        self._writer = SummaryWriter(str(folder), purge_step=0)
        for line in lines:
            self.show(line)

    def show(self, line: dict[str, Any]) -> None:
        """The numbers of an epoch's line in the log, over its steps."""
        for name, value in line.items():
            if name not in ("epoch", "steps") and value is not None:
                self._writer.add_scalar(name, value, line["steps"])
        self._writer.flush()
