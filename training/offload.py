"""The engine and plan of one layer, and the GEMMs that the layer runs by them."""

from math import prod

import numpy as np

from cosim import Engine, Weights
from cosim.kernel.kernel import prune
from tlm import Gemm, Program, Update
from tlm.accelerator import StepPlan, check_plan
from tlm.workload.layer import Conv, Product
from tlm.workload.lowering import Lowering, lowered, product_gemms
from tlm.workload.methods import Scheme

Shape = tuple[int, ...]


class Offload:
    """A layer's name in reports, its scheme, the engine and plan by which its GEMMs run, and which stages have run.

    scheme  that for all layers, of which some may stay dense by their names
    Raises ValueError as `check_engine` does.
    """

    def __init__(self, layer: str, scheme: Scheme, engine: Engine, plan: StepPlan | None = None):
        self.layer, self.scheme = layer, scheme
        self.stages: set[str] = set()
        self._products: dict[tuple[Shape, Shape], dict[str, Gemm]] = {}
        self.use(engine, plan)

    def use(self, engine: Engine, plan: StepPlan | None) -> None:
        """Run by these from now on. Raises ValueError as `check_engine` does, and changes nothing then."""
        check_engine(engine, plan)
        self.engine, self.plan = engine, plan
        self._programs: dict[Gemm | Update, Program] = {}

    def lowering(self, conv: Conv, batch: int) -> Lowering:
        """The GEMMs of a call of the layer."""
        return lowered(conv, batch, self.scheme)

    def run(self, gemm: Gemm, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The products of a stage's operands, (count, M, K) and (count, K, N) or the images of an im2col matrix, one
        for each: (count, M, N) in the dtype in which they leave the array."""
        self.stages.add(gemm.stage)
        if gemm.count == 1:
            a, b = a[0], b[0]
        if self.engine.programs_depend_on_zeros:
            c = self.engine.execute(gemm, a, b).c
        else:
            c = self.engine.product(self._program(gemm), a, b)
        return c if gemm.count > 1 else c[None]

    def _program(self, gemm: Gemm) -> Program:
        """The GEMM's program: the same object in each step, whose cycles the engine then knows."""
        if (program := self._programs.get(gemm)) is None:
            program = self.engine.schedule(gemm, self.plan.mapping(gemm) if self.plan else None)
            self._programs[gemm] = program
        return program

    def products(self, a: Shape, b: Shape) -> dict[str, Gemm]:
        """The GEMMs of products of operands of these shapes, (..., M, K) and (..., K, N)."""
        if (a, b) not in self._products:
            self._products[a, b] = product_gemms(Product(self.layer, a[-2], a[-1], b[-1]), prod(a[:-2]))
        return self._products[a, b]

    def pruned_gradients(self, lowering: Lowering, dy: np.ndarray) -> np.ndarray:
        """dy (G, B, H, W, C) float16 with zeros for the elements that 'bp' skips.

        The zeros are those of the compact copy that the accelerator's SORE makes of dy. The host prunes by itself where
        it would do so for weights, too (`copies_needed`): the bits are the same.
        Raises ValueError for a lowering whose gradients are not pruned.
        """
        reductions, pattern = lowering.reductions(), lowering.scheme.sparsity
        if not reductions or pattern is None:
            raise ValueError(f"layer {self.layer}: method {lowering.scheme.method} prunes no gradients of it")
        if not self.copies_needed:
            # Channels last again, as a product reads them soonest.
            return np.ascontiguousarray(prune(dy, pattern.n, pattern.m, axis=4))
        dense = []
        for one, columns in zip(reductions, _parts(_columns(dy, 4), len(reductions)), strict=True):
            copy = self._reduce(one, columns).backward  # values and indices (groups, N, pixels)
            part = np.zeros((len(copy.values), pattern.m, one.k), np.float16)
            np.put_along_axis(part, copy.indices.astype(np.intp), copy.values, axis=1)
            dense.append(part.reshape(-1, one.k)[: one.n].T)
        groups, *rest = dy.shape
        pixels = np.concatenate(dense, axis=1).reshape(*rest[:3], groups, rest[3])
        return np.ascontiguousarray(np.moveaxis(pixels, 3, 0))

    @property
    def copies_needed(self) -> bool:
        """The accelerator makes compact copies. It does not where the engine is the reference, which needs none, and
        where it has no SORE."""
        return self.engine.updates and not self.engine.is_reference

    def make_copies(self, lowering: Lowering, stage: str, weight: np.ndarray) -> None:
        """Make the copies of weights (G, Kh, Kw, Ci, Co) that a stage reads, where no update has made them."""
        if self.copies_needed and (copies := lowering.copies(stage)):
            for one, columns in zip(copies, _parts(_columns(weight, 4), len(copies)), strict=True):
                self._reduce(one, columns)

    def _reduce(self, update: Update, columns: np.ndarray):
        if (program := self._programs.get(update)) is None:
            program = self._programs[update] = self.engine.schedule_update(update)
        weights = np.ascontiguousarray(columns, np.float32)
        return self.engine.run(program, Weights(weights))[0]


def _columns(array: np.ndarray, last: int) -> np.ndarray:
    """(G, ..., C) as a matrix with the columns G * C of all groups, side by side."""
    return np.moveaxis(array, 0, last - 1).reshape(-1, array.shape[0] * array.shape[last])


def _parts(columns: np.ndarray, parts: int) -> list[np.ndarray]:
    return np.split(columns, parts, axis=1)


def check_engine(engine: Engine, plan: StepPlan | None) -> None:
    """Raise ValueError, naming the field, for operands that are not FP16, and for a plan of another configuration or
    accelerator than the engine's."""
    if not isinstance(engine, Engine):
        raise ValueError(f"an engine must be one such as cosim.engine gives, not {engine!r}")
    if engine.operand_format != "fp16":
        raise ValueError(f"training runs on fp16 operands, not on {engine.operand_format} of {engine.config.name}")
    if plan is not None:
        check_plan(plan, engine.config)
