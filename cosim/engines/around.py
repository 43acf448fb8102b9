"""What engines that run on another one have in common."""

from cosim.engines.engine import Engine


class EngineAround(Engine):
    """Runs on `inner`, by its configuration, its memory and under its name. Raises ValueError for no engine."""

    def __init__(self, inner: Engine):
        if not isinstance(inner, Engine):
            raise ValueError(f"{type(self).__name__} must be around a cosim.Engine, not {inner!r}")
        super().__init__(inner.config, inner.memory)
        self.inner, self.name = inner, inner.name
