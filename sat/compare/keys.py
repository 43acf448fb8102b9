"""The keys of `sat compare --json`, with their definitions."""

from sat.compare import paper
from tlm.accelerator import extended
from tlm.accelerators import TABLE

_KEYS = {
    "layer, m, k, n": "c (m, n) = a (m, k) @ b (k, n); in the table with its name as m-n-k",
    "sparsity": "N:M pattern of b along k; else dense",
    "density_a, density_b": "shares of values that are not zero, spread evenly; in the table densities, or N:M of b",
    "model, method, batch, gemms": "a training step's GEMMs, and how many; weight updates are left out, for which not "
    "every accelerator has a unit",
    "cycles": "clock cycles of the GEMMs one after another, with their memory, by the models that the RTL equals; "
    "fastest has the fewest, of equal ones the first",
    "utilisation": "products of two values that are not zero, in cycles x multipliers; in the table used",
    "tflops": "those products and their additions a second, in 10^12: utilisation x the peak, which is below the table",
    "bytes": "moved to and from memory",
    "mapping": "of a single GEMM: dataflow, sizes of tiles, and their order",
    "steps, loads, stores": "cycles in which the multipliers, the read channel and the write channel are in use",
    "bound": "which of these takes most cycles; latency, where none takes two thirds of them",
}


def keys() -> dict[str, str]:
    """Key -> definition, with the additions of the accelerators of the table."""
    rows = TABLE.values()
    found = {
        ", ".join(TABLE): "the cost on each accelerator. " + "; ".join(f"{row.title}: {row.summary}" for row in rows)
    }
    found |= _KEYS
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
