"""The engine and plan of one layer, and the GEMMs that the layer runs by them."""

from math import prod

import numpy as np
from torch import nn

from cosim import Engine, Weights
from cosim.kernel.kernel import prune
from tlm import Gemm, Program
from tlm.accelerator import StepPlan, check_plan
from tlm.feature_map import HeightWidth
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
        self._lowerings: dict[Shape, Lowering] = {}
        self._products: dict[tuple[Shape, Shape], dict[str, Gemm]] = {}
        self.use(engine, plan)

    def use(self, engine: Engine, plan: StepPlan | None) -> None:
        """Run by these from now on. Raises ValueError as `check_engine` does, and changes nothing then."""
        check_engine(engine, plan)
        self.engine, self.plan = engine, plan
        self._programs: dict[Gemm, Program] = {}

    def __deepcopy__(self, memo) -> "Offload":
        return Offload(self.layer, self.scheme, self.engine, self.plan)  # a copy of a layer uses the same hardware

    def lowering(self, layer: nn.Linear | nn.Conv2d, shape: Shape) -> Lowering:
        """The layer's GEMMs on an input of that shape. Raises ValueError for one that does not fit."""
        if shape not in self._lowerings:
            self._lowerings[shape] = lowered(*described(self.layer, layer, shape), self.scheme)
        return self._lowerings[shape]

    def run(self, gemm: Gemm, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The product of a stage's operands, (M, N) in the dtype in which it leaves the array."""
        self.stages.add(gemm.stage)
        if self.engine.programs_depend_on_zeros:
            return self.engine.execute(gemm, a, b).c
        return self.engine.product(self._program(gemm), a, b)

    def _program(self, gemm: Gemm) -> Program:
        """The GEMM's program: the same object in each step, whose cycles the engine then knows."""
        if (program := self._programs.get(gemm)) is None:
            program = self.engine.schedule(gemm, self.plan.mapping(gemm) if self.plan else None)
            self._programs[gemm] = program
        return program

    def products(self, a: Shape, b: Shape) -> dict[str, Gemm]:
        """The GEMMs of products of operands of these shapes. Raises ValueError for ones that do not fit."""
        if (a, b) not in self._products:
            if len(a) < 2 or a[:-2] != b[:-2] or a[-1] != b[-2]:
                raise ValueError(
                    f"layer {self.layer}: operands must be (..., M, K) and (..., K, N), not {tuple(a)} and {tuple(b)}"
                )
            self._products[a, b] = product_gemms(Product(self.layer, a[-2], a[-1], b[-1]), prod(a[:-2]))
        return self._products[a, b]

    def run_products(self, gemm: Gemm, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Products (count, M, K) @ (count, K, N), float16."""
        return self.run(gemm, a, b) if gemm.count > 1 else self.run(gemm, a[0], b[0])

    def pruned_gradients(self, lowering: Lowering, dy: np.ndarray) -> np.ndarray:
        """dy (B, Ho, Wo, Co) float16 with zeros for the elements that 'bp' skips.

        The zeros are those of the compact copy that the accelerator's SORE makes of dy. The host prunes by itself where
        the engine is the reference, which needs no copy, and where the accelerator has no SORE: the bits are the same.
        Raises ValueError for a lowering whose gradients are not pruned.
        """
        reduction, pattern = lowering.reduction(), lowering.scheme.sparsity
        if reduction is None or pattern is None:
            raise ValueError(f"layer {self.layer}: method {lowering.scheme.method} prunes no gradients of it")
        if self.engine.is_reference or not self.engine.updates:
            # Channels last again, as a product reads them soonest.
            return np.ascontiguousarray(prune(dy, pattern.n, pattern.m, axis=3))
        program = self.engine.schedule_update(reduction)
        updated, _ = self.engine.run(program, Weights(dy.reshape(reduction.k, reduction.n).astype(np.float32)))
        values, indices = updated.backward.values, updated.backward.indices  # (groups, N, pixels)
        dense = np.zeros((len(values), pattern.m, reduction.k), np.float16)
        np.put_along_axis(dense, indices.astype(np.intp), values, axis=1)
        return np.ascontiguousarray(dense.reshape(-1, reduction.k)[: reduction.n].T).reshape(dy.shape)


def check_engine(engine: Engine, plan: StepPlan | None) -> None:
    """Raise ValueError, naming the field, for operands that are not FP16, and for a plan of another configuration or
    accelerator than the engine's."""
    if not isinstance(engine, Engine):
        raise ValueError(f"an engine must be one such as cosim.engine gives, not {engine!r}")
    if engine.operand_format != "fp16":
        raise ValueError(f"training runs on fp16 operands, not on {engine.operand_format} of {engine.config.name}")
    if plan is not None:
        check_plan(plan, engine.config)


def described(name: str, layer: nn.Linear | nn.Conv2d, shape: Shape) -> tuple[Conv, int]:
    """A layer as the model knows it, and the batch, for an input (B, ..., Ci) of Linear, whose other dimensions are the
    rows of an image, or (B, Ci, H, W) or (Ci, H, W) of Conv2d.

    Raises ValueError for an input that does not fit the layer.
    """
    biased = layer.bias is not None
    if isinstance(layer, nn.Linear):
        _check_channels(layer.in_features, shape[-1], shape)
        image, batch = shape[1:-1], prod(shape[:-1][:1])
        return Conv(name, layer.in_features, layer.out_features, prod(image), 1, bias=biased), batch
    if len(shape) not in (3, 4):
        raise ValueError(f"the input of a convolution must have 3 or 4 dimensions, not {tuple(shape)}")
    batch, channels, height, width = (1, *shape)[-4:]
    _check_channels(layer.in_channels, channels, shape)
    kernel, stride, padding, dilation = map(_pair, (layer.kernel_size, layer.stride, layer.padding, layer.dilation))
    return Conv(name, channels, layer.out_channels, height, width, kernel, stride, padding, dilation, biased), batch


def _check_channels(expected: int, channels: int, shape: Shape) -> None:
    if channels != expected:
        raise ValueError(f"the layer takes {expected} input channels, not {channels} of an input {tuple(shape)}")


def _pair(sizes: str | tuple[int, ...]) -> HeightWidth:
    """(height, width) of a convolution's attribute."""
    assert not isinstance(sizes, str), "check_convolution refuses a padding by a word"
    height, width = sizes
    return height, width
