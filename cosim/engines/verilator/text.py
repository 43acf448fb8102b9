"""The text around Verilator's two models: the top module of the rest, an empty cell, and the wiring in C++."""

from collections.abc import Iterable

from cosim.engines.verilator.netlist import Module
from cosim.engines.verilator.partition import CLOCK, Partition

DUT = "dut"  # the harness, as in the engine icarus
NO_CELL = """\
// A design without cells.
class VerilatedVcdC;
struct VCell {
    CData clk = 0;
    VCell(VerilatedContext*, const char*) {}
    void eval() {}
    void final() {}
    void trace(VerilatedVcdC*, int) {}
};
"""

WIRING = """\
// How the cells are connected: written for one hardware by cosim/engines/verilator/text.py.
#include <type_traits>

#include "VCell.h"
#include "VRest.h"
using Cell = VCell;
using Rest = VRest;
{evaluate}

enum {{ {constants} }};
const int ORDER[CELLS] = {{{order}}};
const char* const NAMES[CELLS] = {{{names}}};

struct Inputs {{
{inputs}
}};

// Of each cell and input: an output of a cell, as number * OUTPUTS + port, or below 0 that of the rest, as -1 - port.
const int LINKS[CELLS][{width}] = {{
{links}
}};

inline const void* given(Rest& rest, int port) {{
    switch (port) {{
{given}
    }}
    return nullptr;
}}

inline const void* output(Cell& cell, int port) {{
    switch (port) {{
{output}
    }}
    return nullptr;
}}

template <class Cells> Inputs connected(Cells& cells, Rest& rest, int number) {{
    const auto source = [&](int port) {{
        const int link = LINKS[number][port];
        return link < 0 ? given(rest, -1 - link) : output(*cells[link / OUTPUTS], link % OUTPUTS);
    }};
    return Inputs{{
{connected}
    }};
}}

inline void take(Cell& cell, const Inputs& from) {{
{take_cell}
}}

template <class Cells> void take(Rest& rest, Cells& cells) {{
{take_rest}
}}

inline void set_update_clock(Rest& rest, bool high) {{{update_clock}}}

inline void set_constants(Rest& rest, const char* bytes) {{{rates}}}
"""


def top(partition: Partition, name: str) -> str:
    """A module around the rest: the harness's own ports, and those of the wires between rest and cells."""
    module = partition.hierarchy.top.module
    ports = [
        *((kind, module.widths[port], port) for port, kind in module.ports.items()),
        *(("output", width, f"given_{i}") for i, (_, width) in enumerate(partition.given)),
        *(("input", _width(partition, port), f"taken_{i}") for i, (_, port) in enumerate(partition.taken)),
    ]
    wires = [f"assign given_{i} = {DUT}.{net};" for i, (net, _) in enumerate(partition.given)]
    for i, (cell, port) in enumerate(partition.taken):
        wires.append(f"assign {DUT}.{partition.cells[cell].path}.{partition.outputs[port]} = taken_{i};")
    return "\n".join(
        [
            "`timescale 1ns/1ns",
            f"module {name} ({', '.join(port for _, _, port in ports)});",
            *(f"{kind} [{width - 1}:0] {port};" for kind, width, port in ports),
            f"{module.name} {DUT} ({', '.join(f'.{port}({port})' for port in module.ports)});",
            *wires,
            "endmodule\n",
        ]
    )


def _width(partition: Partition, port: int) -> int:
    return partition.cell.widths[partition.outputs[port]]


def empty(module: Module) -> str:
    """The module with its ports, and nothing that drives them."""
    ports = [f"{kind} [{module.widths[port] - 1}:0] {port};" for port, kind in module.ports.items()]
    return "\n".join([f"module {module.name} ({', '.join(module.ports)});", *ports, "endmodule\n"])


def on_both_edges(verilog: str) -> str:
    """The cell's Verilog with registers that act whenever the clock changes."""
    return verilog.replace(f"always @(posedge {CLOCK})", f"always @(posedge {CLOCK}, negedge {CLOCK})")


def wiring(partition: Partition, constants: dict[str, int]) -> str:
    """The C++ that connects both models."""
    outputs, ports = max(1, len(partition.outputs)), partition.hierarchy.top.module.ports
    numbers = {"CELLS": len(partition.cells), "OUTPUTS": outputs, **constants}
    links = (
        ", ".join(str(-1 - link.port if link.cell is None else link.cell * outputs + link.port) for link in row)
        for row in partition.links
    )
    return WIRING.format(
        constants=", ".join(f"{name} = {value}" for name, value in numbers.items()),
        evaluate=EVALUATE if partition.cells else NO_EVALUATE,
        order=", ".join(map(str, partition.order)),
        names=", ".join(f'"{cell.path}"' for cell in partition.cells),
        inputs=_lines(f"const std::remove_reference_t<decltype(Cell::{port})>* {port};" for port in partition.inputs),
        width=len(partition.inputs),
        links=_lines(f"{{{row}}}," for row in links),
        given=_lines(f"    case {i}: return &rest.given_{i};" for i in range(len(partition.given))),
        output=_lines(f"    case {i}: return &cell.{port};" for i, port in enumerate(partition.outputs)),
        connected=_lines(
            f"    static_cast<decltype(Inputs::{port})>(source({i}))," for i, port in enumerate(partition.inputs)
        ),
        take_cell=_lines(f"cell.{port} = *from.{port};" for port in partition.inputs),
        take_rest=_lines(
            f"rest.taken_{i} = cells[{cell}]->{partition.outputs[port]};"
            for i, (cell, port) in enumerate(partition.taken)
        ),
        update_clock=" rest.update_clk = high; " if "update_clk" in ports else "",
        rates=" memcpy(&rest.host_rates, bytes, CONSTANTS_BYTES); " if "host_rates" in ports else "",
    )


# A model's `eval` without what it does for threads and messages, which takes a cell a tenth of its time; waves need it.
EVALUATE = """\
#ifdef WAVES
inline void evaluate(Cell& cell) { cell.eval(); }
#else
void VCell___024root___eval(VCell___024root*);
inline void evaluate(Cell& cell) { VCell___024root___eval(cell.rootp); }
#endif"""
NO_EVALUATE = "inline void evaluate(Cell&) {}"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
