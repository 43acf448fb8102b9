"""The keys of `sat compare --json`, with their definitions, and the columns of its table."""

from sat.columns import Column, counted, named, numbered, shared, timed, worded
from sat.compare import paper
from tlm.accelerator import extended
from tlm.accelerators import TABLE

_KEYS = {
    "layer": "of a single GEMM: its name",
    "m": "rows of a and of the result: c (m, n) = a (m, k) @ b (k, n)",
    "k": "length of the sums",
    "n": "columns of b and of the result",
    "sparsity": "N:M pattern of b along k; else dense",
    "density_a": "share of a's values that are not zero, spread evenly",
    "density_b": "the same of b",
    "model": "of a training step: the network",
    "method": "how it is trained",
    "batch": "images in the step",
    "gemms": "how many GEMMs it has; weight updates are left out, for which not every accelerator has a unit",
    "cycles": "clock cycles of the GEMMs one after another, with their memory, by the models that the RTL equals",
    "fastest": "in the table: the accelerator with the fewest cycles, of equal ones the first",
    "utilisation": "products of two values that are not zero, in cycles x multipliers",
    "tflops": "those products and their additions a second, in 10^12: utilisation x the peak, which is below the table",
    "bytes": "moved to and from memory",
    "mapping": "of a single GEMM: dataflow, sizes of tiles, and their order",
    "steps": "cycles in which the multipliers are in use",
    "loads": "cycles in which the read channel is",
    "stores": "cycles in which the write channel is",
    "bound": "which of these takes most cycles; latency, where none takes two thirds of them",
}
_CASE = (
    ("layer", named, 0),
    ("model", named, 0),
    ("method", worded, 0),
    ("m", counted, 2),
    ("n", counted, 2),
    ("k", counted, 2),
    ("batch", counted, 3),
    ("gemms", counted, 3),
    ("density_a", numbered, 0),
    ("density_b", numbered, 0),
    ("sparsity", worded, 1),
)
_EACH = (  # keys of an accelerator's cost that are columns
    ("cycles", counted, 0),
    ("formula_cycles", counted, 5),
    ("utilisation", shared, 3),
    ("tflops", numbered, 7),
    ("bytes", counted, 7),
    ("steps", counted, 8),
    ("loads", counted, 8),
    ("stores", counted, 8),
    ("bound", worded, 4),
)


def keys() -> dict[str, str]:
    """Key -> definition, with the additions of the accelerators of the table."""
    rows = TABLE.values()
    found = {row.name: f"the cost on {row.title}: {row.summary}" for row in rows} | _KEYS
    for row in rows:
        found = extended(found, f"of {row.name}", row.compared)
    formulas = [f"of {row.name}, by {row.formula.text}" for row in rows if row.formula and row.formula.compared]
    if formulas:
        found["formula_cycles"] = "; ".join(formulas)
    found |= paper.KEYS
    for row in rows:
        if row.challenger:
            others = " and as ".join(name for name in TABLE if name != row.name)
            found[f"{row.name}_gain"] = f"how many times as fast as {others} {row.title} is: their cycles / its own"
    return found | {"area": "with --area, of each: LUT, FF, BRAM36 and DSP, without AXI ports and weight update"}


def columns() -> list[Column]:
    """The columns of the table. A part of what is a key as a whole, as 'sat.cycles', has no definition of its own."""
    means = keys()
    each = [make(f"{name}.{key}", "", priority) for key, make, priority in _EACH for name in TABLE]
    challengers = [row.name for row in TABLE.values() if row.challenger]
    gains = [timed(f"{one}_gain.{name}", "", 6) for one in challengers for name in TABLE if name != one]
    return [
        *(make(key, means[key], priority) for key, make, priority in _CASE),
        *each,
        *(counted(f"published.{name}", "", 4) for name in paper.PUBLISHED),
        *gains,
        worded("fastest", means["fastest"], 1),
    ]
