"""`sat compare`: the same GEMMs on SAT, SIGMA and a plain systolic array."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cosim.synthesis import yosys
from rtl.sparsity import Sparsity
from sat import options, terminal
from sat.areas import areas_of, print_areas
from sat.compare import heatmap
from sat.options import Batch, Json
from tlm import Gemm
from tlm.accelerators import TABLE
from tlm.compare import Case, GemmCost, Setup, compare, setups
from tlm.sigma.published import GEMMS, PublishedGemm, sigma_cycles
from tlm.systolic import systolic_cycles
from tlm.workload.gemm_list import read_gemm_list
from tlm.workload.methods import Scheme
from tlm.workload.networks import NETWORKS, layers
from tlm.workload.step import calls_of, whole_step

Paper = Annotated[
    bool,
    typer.Option(
        "--paper",
        help="The ten GEMMs of SIGMA's paper, over a grid of densities of both "
        "operands, beside the counts of the paper's latency model.",
    ),
]
Gemms = Annotated[Path | None, typer.Option(help="A CSV file of GEMMs: layer,M,N,K,density_a,density_b.")]
Models = Annotated[
    str, typer.Option(metavar="NAMES", help="Networks whose training steps are compared, with commas between.")
]
SETUPS = setups()
CHALLENGER = next(row for row in TABLE.values() if row.challenger)

Setups = Annotated[
    str | None,
    typer.Option(
        "--config",
        help=f"One of {', '.join(SETUPS)}: as many multipliers, the "
        "same memory and clock for all three. By default vcu1525; "
        "with --paper paper.",
    ),
]
Grid = Annotated[
    str, typer.Option(help="Shares of values that are not zero, of either operand, with commas between, for --paper.")
]
Picture = Annotated[Path | None, typer.Option("--heatmap", help="Draw where each wins: a PNG or SVG file.")]
Synthesised = Annotated[bool, typer.Option("--area", help="Synthesise all three with Yosys, too: a few minutes.")]

NOT_FOR = {
    "--paper": ("gemms", "models", "batch"),
    "--gemms": ("models", "batch", "densities"),
    "training steps": ("densities",),
}
FIVE = "resnet9,vit,vgg19,resnet18,resnet50"
NM = Sparsity(2, 8)
METHODS = (("dense", Scheme()), (f"bdwp {NM}", Scheme.of("bdwp", NM.n, NM.m)))
KEYS = {  # of --json -> definition
    "layer, m, k, n": "c (m, n) = a (m, k) @ b (k, n); in the table with its name as m-n-k, as in SIGMA's paper",
    "sparsity": "N:M pattern of b along k, which SAT skips; else dense",
    "density_a, density_b": "shares of values that are not zero, spread evenly; in the table densities, or N:M of b",
    "model, method, batch, gemms": "a training step's GEMMs, and how many; weight updates are left out, which only SAT "
    "has a unit for",
    "cycles": "clock cycles of the GEMMs one after another, with their memory, by the models that the RTL equals; "
    "fastest has the fewest, of equal ones the first",
    "utilisation": "products of two values that are not zero, in cycles x multipliers; in the table used",
    "tflops": "those products and their additions a second, in 10^12: utilisation x the peak, which is below the table",
    "bytes": "moved to and from memory; where zeros come by chance those of sigma are, as its cycles, of two standard "
    "deviations above the mean",
    "mapping": "of a single GEMM: dataflow, or sigma's stationary operand; sizes of tiles, or blocks; their order",
    "steps, loads, stores": "cycles in which the multipliers, the read channel and the write channel are in use",
    "bound": "which of these takes most cycles, in the table of sigma; latency, where none takes two thirds of them",
    "formula_cycles": "of systolic, by the formula for a TPU's array of its size, which counts no memory",
    "published": "cycles by the formulas of SIGMA's paper for its 16,384 multipliers, whatever --config: sigma, which "
    "keeps a, at its density, and tpu",
    "sigma_gain": "how many times as fast as sat and as systolic SIGMA is: their cycles / its own",
    "area": "with --area, of each: LUT, FF, BRAM36 and DSP, without AXI ports and weight update",
}


@dataclass(frozen=True)
class Row:
    """What is compared, and what each accelerator takes for it.

    group, kind  its place in the heat map
    published    by the formulas of SIGMA's paper: cycles of SIGMA, and of a TPU
    """

    group: str
    kind: str
    what: dict[str, Any]
    taken: dict[str, GemmCost]
    published: dict[str, int] = field(default_factory=dict)

    @property
    def gains(self) -> dict[str, float]:
        """How many times as fast the challenger is as each of the others."""
        own = self.taken[CHALLENGER.name].cycles
        return {name: cost.cycles / own for name, cost in self.taken.items() if name != CHALLENGER.name}

    @property
    def panels(self) -> dict[str, float]:
        """The same for the heat map, by title; and what SIGMA's paper would say."""
        found = {f"SIGMA against {name}": gain for name, gain in self.gains.items()}
        if self.published:
            found["SIGMA against a TPU, by the paper"] = self.published["tpu"] / self.published["sigma"]
        return found


def compare_command(
    context: typer.Context,
    paper: Paper = False,
    gemms: Gemms = None,
    models: Models = FIVE,
    batch: Batch = 64,
    config: Setups = None,
    densities: Grid = "1,0.5,0.2,0.1",
    picture: Picture = None,
    synthesised: Synthesised = False,
    json_file: Json = None,
) -> None:
    """Compare SAT, SIGMA and a systolic array at equal multipliers, memory and clock: on the training steps of networks
    (the default), on the GEMMs of SIGMA's paper, or on a list of your own.

    Each GEMM is mapped for the fewest cycles of each accelerator. SAT skips what N:M leaves out of weights, SIGMA zeros
    of both operands, the systolic array, which is SAT's with sparsity off, nothing.
    """
    with terminal.reading_input():
        heatmap.check(picture)
        terminal.writable(json_file, picture)
        which = "--paper" if paper else "--gemms" if gemms else "training steps"
        options.refuse(context, which, NOT_FOR[which])
        if synthesised:
            yosys()
        name = config or ("paper" if paper else "vcu1525")
        if name not in SETUPS:
            raise ValueError(f"config must be one of {', '.join(SETUPS)}, not {name!r}")
        setup = SETUPS[name]
        if paper:
            jobs = _of_paper(_densities(densities), setup)
        else:
            jobs = _of_list(gemms, setup) if gemms else _of_networks(models, batch, setup)
        rows = _done(jobs)
    areas = areas_of(setup) if synthesised else {}
    content = dict(
        config={name: one.model_dump() for name, one in setup.configs.items()},
        rows=list(map(_data, rows)),
        **(dict(area=areas) if areas else {}),
    )
    terminal.write_json(json_file, content)
    if picture:
        heatmap.draw(
            picture,
            [
                (f"{row.group}: {row.kind}", "", row.panels) if gemms else (row.group, row.kind, row.panels)
                for row in rows
            ],
        )
    console = terminal.console()
    _print(
        console,
        rows,
        heading(name, setup),
    )
    if areas:
        print_areas(console, areas)
    if picture:
        console.print(f"heat map in {picture}")


def _densities(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < density <= 1 for density in found):
        raise ValueError(f"--densities must be numbers above 0 and up to 1 with commas between, not {text!r}")
    return found


Job = tuple[str, Callable[[], Row]]


def _of_paper(densities: Sequence[float], setup: Setup) -> list[Job]:
    """The paper's GEMMs over the grid, and with a b that is 2:8 sparse."""
    grid = [(a, b, None) for a in densities for b in densities] + [(1.0, 1.0, NM)]
    return [
        (gemm.name, lambda gemm=gemm, point=point: _paper_row(gemm, *point, setup)) for gemm in GEMMS for point in grid
    ]


def _paper_row(gemm: PublishedGemm, density_a: float, density_b: float, pattern: Sparsity | None, setup: Setup) -> Row:
    """A GEMM of the paper. Its model streams b whatever its density, and keeps a."""
    product = Gemm(gemm.m, gemm.k, gemm.n, pattern, layer=gemm.name)
    case = Case.trained(product) if pattern else Case(product, density_a, density_b)
    sizes = dict(m=gemm.m, n=gemm.n, k=gemm.k)
    published = dict(sigma=sigma_cycles(**sizes, density=density_a).total, tpu=systolic_cycles(**sizes).cycles)
    kind = f"{density_a:g}, {pattern or f'{density_b:g}'}"
    return Row(gemm.name, kind, _what(case), compare([case], setup), published)


def _of_list(file: Path, setup: Setup) -> list[Job]:
    """The GEMMs of a file."""
    return [(case.gemm.layer, lambda case=case: _list_row(case, setup)) for case in map(Case.of, read_gemm_list(file))]


def _list_row(case: Case, setup: Setup) -> Row:
    """A GEMM of a file, in which several may have the same name."""
    gemm = case.gemm
    return Row(
        f"{gemm.layer} {gemm.m}-{gemm.n}-{gemm.k}",
        f"{case.density_a:g}, {case.density_b:g}",
        _what(case),
        compare([case], setup),
    )


def _what(case: Case) -> dict[str, Any]:
    m, k, n = case.gemm.shape
    return dict(
        layer=case.gemm.layer,
        m=m,
        k=k,
        n=n,
        sparsity=str(case.gemm.sparsity or "dense"),
        density_a=case.density_a,
        density_b=case.density_b,
    )


def _of_networks(models: str, batch: int, setup: Setup) -> list[Job]:
    """The training steps of networks, dense and BDWP 2:8."""
    names = [name.strip() for name in models.split(",")]
    for name in names:
        if name not in NETWORKS:
            raise ValueError(f"model must be one of {', '.join(NETWORKS)}, not {name!r}")
    return [
        (name, lambda name=name, kind=kind, scheme=scheme: _network_row(name, kind, scheme, batch, setup))
        for name in names
        for kind, scheme in METHODS
    ]


def _network_row(name: str, kind: str, scheme: Scheme, batch: int, setup: Setup) -> Row:
    """A training step's GEMMs; weight updates are left out, which only SAT has a unit for."""
    scheme = Scheme(scheme.method, scheme.sparsity, dense=NETWORKS[name].dense if scheme.sparsity else ())
    work = whole_step(calls_of(layers(name), batch), scheme)
    cases = [Case.trained(one) for one in work if isinstance(one, Gemm)]
    return Row(name, kind, dict(model=name, method=kind, batch=batch, gemms=len(cases)), compare(cases, setup))


def _done(jobs: list[Job]) -> list[Row]:
    """The rows, behind a progress bar."""
    rows = []
    with terminal.progress() as bar:
        task = bar.add_task("comparing", total=len(jobs))
        for name, make in jobs:
            bar.update(task, description=f"comparing {name}")
            rows.append(make())
            bar.advance(task)
    return rows


def _data(row: Row) -> dict[str, Any]:
    """A row as data."""
    of = {
        name: dict(
            cycles=one.cycles,
            utilisation=one.utilisation,
            tflops=one.tflops,
            bytes=round(one.bytes),
            steps=one.steps,
            loads=one.loads,
            stores=one.stores,
            bound=one.bound,
            **(dict(mapping=vars(one.mapping)) if one.mapping and "layer" in row.what else {}),
        )
        for name, one in row.taken.items()
    }
    for name, one in row.taken.items():
        if one.formula is not None:
            of[name]["formula_cycles"] = one.formula
    published = dict(published=row.published) if row.published else {}
    return row.what | of | published | {f"{CHALLENGER.name}_gain": row.gains}


def heading(name: str, setup: Setup) -> str:
    """The title of a comparison: accelerators, setup, multipliers and clock."""
    config = next(iter(setup.configs.values()))
    titles = ", ".join(TABLE[one].title for one in setup.configs)
    return f"{titles}: {name}, {config.elements:,} multipliers, {config.clock_mhz:g} MHz"


def _print(to: Console, rows: Sequence[Row], heading: str) -> None:
    """A line for each row: cycles and utilisation of each accelerator, and which is fastest; the rest is in --json."""
    names = list(rows[0].taken)
    formulas = [name for name in names if rows[0].taken[name].formula is not None]
    published = ["paper's\nsigma", "paper's\ntpu"] if rows[0].published else []
    columns = [
        "case",
        "method" if "method" in rows[0].what else "densities",
        *(f"{name}\ncycles" for name in names),
        *(f"{name}\nformula" for name in formulas),
        *published,
        *(f"{name}\nused" for name in names),
        f"{CHALLENGER.name}\nbound by",
        "fastest",
    ]
    table = terminal.table(heading, columns)
    for row in rows:
        by_formula = [row.taken[name].formula for name in formulas]
        cycles = [*(row.taken[name].cycles for name in names), *by_formula, *row.published.values()]
        table.add_row(
            row.group,
            row.kind,
            *(f"{count:,}" for count in cycles),
            *(f"{row.taken[name].utilisation:.1%}" for name in names),
            row.taken[CHALLENGER.name].bound,
            min(row.taken, key=lambda name, row=row: row.taken[name].cycles),
        )
    to.print(table)
    config = next(iter(rows[0].taken.values())).config
    to.print(
        f"used: products of two values that are not zero; 100% of them are "
        f"{2e-6 * config.elements * config.clock_mhz:.3g} TFLOP/s"
    )
    if published:
        to.print(
            "the paper's counts are of steps and stationary values alone. Ours are above them where loads with "
            "bitmaps and settings,\nstores of results, latencies, or Flex-DPEs that a block leaves empty cost "
            "cycles; below where b stays, or its zeros\nsave loads"
        )
