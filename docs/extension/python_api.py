"""The public doors of the Python packages: a page each, whose text autodoc takes from the docstrings."""

import importlib
import inspect
from typing import Any

# Page -> title and modules. A module's public names are its __all__, or else what it defines.
DOORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "training": ("training: PyTorch on the accelerators", ("training", "training.models")),
    "cosim": ("cosim: engines", ("cosim", "cosim.exchange")),
    "tlm": ("tlm: cycles without values", ("tlm", "tlm.accelerators", "tlm.report", "tlm.compare")),
    "workload": (
        "tlm.workload: what there is to compute",
        tuple(f"tlm.workload.{name}" for name in ("methods", "networks", "layer", "step", "topology", "gemm_list")),
    ),
    "golden": (
        "rtl.golden: golden models",
        ("rtl.golden", "rtl.golden.benes", "rtl.golden.fan", "rtl.golden.sigma", "rtl.sparsity"),
    ),
    "hardware": (
        "rtl: configurations, and Verilog of any block",
        (
            "rtl.sat.config",
            "rtl.sigma.config",
            "rtl.hdl.hierarchy",
            "rtl.hdl.stream",
            "rtl.hdl.layout",
            "rtl.hdl.lanes",
        ),
    ),
    "sigma": (
        "tlm.sigma: mappings, zeros and the controller",
        tuple(f"tlm.sigma.{name}" for name in ("mapping", "zeros", "controller", "packing")),
    ),
    "published": ("tlm.published: others' latency models", ("tlm.published.sigma", "tlm.published.tpu")),
}


def pages() -> dict[str, str]:
    """{path of the page: Markdown}."""
    listed = "\n".join(DOORS)
    found = {
        "python/index": "# Python API\n\nWhat each package offers. Shapes, dtypes and units stand beside the names.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    }
    described: set[int] = set()
    for page, (title, modules) in DOORS.items():
        parts = [f"# {title}\n", *(_module(name, described) for name in modules)]
        found[f"python/{page}"] = "\n".join(parts)
    return found


def public(module: Any) -> list[str]:
    """Names of a module's public functions and classes, in its order."""
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    return [
        name for name in names if inspect.isfunction(getattr(module, name)) or inspect.isclass(getattr(module, name))
    ]


def _module(name, described):
    module = importlib.import_module(name)
    parts = [f"## `{name}`\n", f"{(module.__doc__ or '').strip().splitlines()[0]}\n", "```{eval-rst}"]
    parts.append(f".. currentmodule:: {name}\n")
    for one in public(module):
        value = getattr(module, one)
        if id(value) not in described:  # a name handed on is described once
            described.add(id(value))
            kind = "class" if inspect.isclass(value) else "function"
            parts.append(
                f".. auto{kind}:: {name}.{one}\n"
                + ("   :members:\n   :exclude-members: model_config\n" if kind == "class" else "")
            )
    return "\n".join([*parts, "```\n"])
