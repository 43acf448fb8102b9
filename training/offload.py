"""Where a layer's GEMMs run."""

from math import prod

import numpy as np
from torch import nn

from cosim import Engine, Weights
from cosim.functional import Functional
from cosim.kernel import prune
from tlm import Gemm, Plan, Program, schedule, schedule_update
from tlm.workload.layer import Conv, Product
from tlm.workload.lowering import Lowering, lowered, product_gemms
from tlm.workload.methods import Scheme


class Offload:
    """A layer's name in reports, its scheme, the engine and plan by which its GEMMs run, and which stages have run.

    scheme  that for all layers, of which some may stay dense by their names
    """

    def __init__(self, layer: str, scheme: Scheme, engine: Engine, plan: Plan | None = None):
        self.layer, self.scheme = layer, scheme
        self.stages: set[str] = set()
        self._lowerings: dict[tuple[int, ...], Lowering] = {}
        self._products: dict[tuple, dict[str, Gemm]] = {}
        self.use(engine, plan)

    def use(self, engine: Engine, plan: Plan | None) -> None:
        """Run by these from now on."""
        self.engine, self.plan = engine, plan
        self._programs: dict[int, Program] = {}

    def __deepcopy__(self, memo) -> "Offload":
        return Offload(self.layer, self.scheme, self.engine, self.plan)  # a copy of a layer uses the same hardware

    def lowering(self, layer: nn.Module, shape: tuple[int, ...]) -> Lowering:
        """The layer's GEMMs on an input of that shape. Raises ValueError for one that does not fit."""
        if shape not in self._lowerings:
            self._lowerings[shape] = lowered(*described(self.layer, layer, shape), self.scheme)
        return self._lowerings[shape]

    def run(self, gemm: Gemm, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The product of a stage's operands, (M, N) in the dtype in which it leaves the array."""
        self.stages.add(gemm.stage)
        if self.engine.config.accelerator == "sigma":  # whose programs depend on the operands' zeros
            return self.engine.execute(gemm, a, b).c
        key = id(gemm)  # lowerings and products keep theirs
        if key not in self._programs:
            self._programs[key] = schedule(gemm, self.engine.config, self.plan.mapping(gemm) if self.plan else "os")
        return self.engine.perform(self._programs[key], a, b).c

    def products(self, a: tuple[int, ...], b: tuple[int, ...]) -> dict[str, Gemm]:
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
        """dy (B, Ho, Wo, Co) float16 with zeros for what 'bp' skips, out of the copy that the SORE makes.

        The functional engine is the host, which needs no copy; and SIGMA has no SORE.
        """
        reduction = lowering.reduction()
        if type(self.engine) is Functional or not self.engine.updates:
            return prune(dy, reduction.sparsity.n, reduction.sparsity.m, axis=3)
        program = schedule_update(reduction, self.engine.config)
        updated, _ = self.engine.run(program, Weights(dy.reshape(reduction.k, reduction.n).astype(np.float32)))
        values, indices = updated.backward.values, updated.backward.indices  # (groups, N, pixels)
        dense = np.zeros((len(values), reduction.sparsity.m, reduction.k), np.float16)
        np.put_along_axis(dense, indices.astype(np.intp), values, axis=1)
        return np.ascontiguousarray(dense.reshape(-1, reduction.k)[: reduction.n].T).reshape(dy.shape)


def described(name: str, layer: nn.Linear | nn.Conv2d, shape: tuple[int, ...]) -> tuple[Conv, int]:
    """A layer as the model knows it, and the batch, for an input (B, ..., Ci) of Linear, whose other dimensions are the
    rows of an image, or (B, Ci, H, W) or (Ci, H, W) of Conv2d.

    Raises ValueError for an input that does not fit the layer.
    """
    biased = layer.bias is not None
    if isinstance(layer, nn.Linear):
        channels, expected, batch = shape[-1], layer.in_features, prod(shape[:-1][:1])
    elif len(shape) not in (3, 4):
        raise ValueError(f"the input of a convolution must have 3 or 4 dimensions, not {tuple(shape)}")
    else:
        batch, channels, height, width = (1, *shape)[-4:]
        expected = layer.in_channels
    if channels != expected:
        raise ValueError(f"the layer takes {expected} input channels, not {channels} of an input {tuple(shape)}")
    if isinstance(layer, nn.Linear):
        return Conv(name, channels, layer.out_features, prod(shape[1:-1]), 1, bias=biased), batch
    return Conv(
        name,
        channels,
        layer.out_channels,
        height,
        width,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.dilation,
        biased,
    ), batch
