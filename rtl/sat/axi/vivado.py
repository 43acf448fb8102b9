"""For Vivado, beside the Verilog: constraints for the clock, and a script that makes project, IP and netlist."""

from collections.abc import Iterable
from pathlib import Path

from rtl.hdl.hierarchy import flat_ports
from rtl.hdl.stream import Interface
from rtl.sat.axi import sat_axi
from rtl.sat.axi.registers import ACCESS, ADDRESS_BITS, REGISTERS, VERSION, WIDTH, Register
from rtl.sat.config import SatConfig

PART = "xcvu9p-fsgd2104-2L-e"  # of a VCU1525
SCRIPT, CLOCK = "vivado.tcl", "clock.xdc"
BUSES = {sat_axi.AxiLite: "xilinx.com:interface:aximm_rtl:1.0", sat_axi.AxiStream: "xilinx.com:interface:axis_rtl:1.0"}
SIGNALS = {"aclk": "xilinx.com:signal:clock_rtl:1.0", "aresetn": "xilinx.com:signal:reset_rtl:1.0"}

CONSTRAINTS = """\
# {mhz:g} MHz: the configuration's clock_mhz.
create_clock -name aclk -period {period:.3f} [get_ports aclk]
"""

TEMPLATE = """\
# {top} of configuration {name}, {rows} x {columns}: makes a project, packages the IP, and synthesises it.
#     vivado -mode batch -source {script}
# Written by `sat verilog`. It may be called from any folder; what it makes is beside this file.

set part {part}
set top {top}
set here [file dirname [file normalize [info script]]]
set clock [file join $here {clock}]
set sources [list]
foreach name {{
{sources}
}} {{
    lappend sources [file join $here $name]
}}

# Project
create_project $top [file join $here project] -part $part -force
add_files -norecurse $sources
add_files -fileset constrs_1 -norecurse [list $clock]
# A block design that holds the IP has a clock of its own.
set_property USED_IN {{synthesis implementation out_of_context}} [get_files [list $clock]]
set_property top $top [current_fileset]
update_compile_order -fileset sources_1

# IP
proc sat_interface {{core name kind ports}} {{
    if {{[llength [ipx::get_bus_interfaces -quiet $name -of_objects $core]] == 0}} {{
        ipx::infer_bus_interface $ports $kind $core
    }}
}}

proc sat_register {{block name offset access meaning}} {{
    set register [ipx::add_register $name $block]
    set_property address_offset $offset $register
    set_property size {width} $register
    set_property access $access $register
    set_property description $meaning $register
    return $register
}}

proc sat_field {{register name low bits access meaning}} {{
    set field [ipx::add_field $name $register]
    set_property bit_offset $low $field
    set_property bit_width $bits $field
    set_property access $access $field
    set_property description $meaning $field
}}

ipx::package_project -root_dir [file join $here ip] -vendor sat -library user -taxonomy /UserIP \\
    -import_files -set_current true -force
set core [ipx::current_core]
set_property name $top $core
set_property version {version} $core
set_property display_name {{SAT {rows} x {columns}}} $core
set_property description {{Accelerator for N:M sparse training, configuration {name}}} $core
{interfaces}
foreach bus {{{buses}}} {{
    ipx::associate_bus_interfaces -busif $bus -clock aclk $core
}}
ipx::associate_bus_interfaces -clock aclk -reset aresetn $core

ipx::remove_all_memory_map $core
set map [ipx::add_memory_map s_axi $core]
set_property slave_memory_map_ref s_axi [ipx::get_bus_interfaces s_axi -of_objects $core]
set block [ipx::add_address_block reg0 $map]
set_property usage register $block
set_property range {range} $block
set_property width {width} $block
{registers}

ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity $core
ipx::save_core $core

# Synthesis: out of context, because the ports are no pins.
synth_design -top $top -part $part -mode out_of_context
write_checkpoint -force [file join $here $top.dcp]
report_utilization -hierarchical -file [file join $here utilisation.rpt]
report_timing_summary -file [file join $here timing.rpt]
"""


def write(config: SatConfig, folder: Path, files: Iterable[Path]) -> list[Path]:
    """Write script and constraints beside the Verilog `files` of sat_axi, the top last. Returns both."""
    script, clock = folder / SCRIPT, folder / CLOCK
    clock.write_text(CONSTRAINTS.format(mhz=config.clock_mhz, period=1000 / config.clock_mhz))
    script.write_text(_script(config, list(files)))
    return [script, clock]


def _script(config: SatConfig, files: list[Path]) -> str:
    ports = sat_axi.ports(config)
    buses = [name for name, port in ports.items() if isinstance(port, Interface)]
    return TEMPLATE.format(
        top=files[-1].stem,
        name=_braced(config.name),
        rows=config.rows,
        columns=config.columns,
        script=SCRIPT,
        part=PART,
        clock=CLOCK,
        sources="\n".join(f"    {file.name}" for file in files),
        width=WIDTH,
        range=1 << ADDRESS_BITS,
        version=".".join(map(str, VERSION)),
        buses=" ".join(buses),
        interfaces="\n".join(_interface(name, port) for name, port in ports.items()),
        registers="\n".join(line for register in REGISTERS for line in _register(register, config)),
    )


def _interface(name: str, port) -> str:
    kind = SIGNALS.get(name) or BUSES[type(port)]
    return f"sat_interface $core {name} {kind} {{{' '.join(dict(flat_ports({name: port})))}}}"


def _register(register: Register, config: SatConfig) -> list[str]:
    meaning = f"{register.meaning}; after reset {register.value(config):#x}"
    return [
        f"set register [sat_register $block {register.name} {register.offset:#04x} {ACCESS[register.access]} "
        f"{{{_braced(meaning)}}}]",
        *(
            f"sat_field $register {field.name} {field.low} {field.bits} {ACCESS[field.access]} "
            f"{{{_braced(field.meaning)}}}"
            for field in register.fields
        ),
    ]


def _braced(text: str) -> str:
    """Text as it may stand between braces."""
    return "".join(character if character.isprintable() and character not in "{}\\" else "_" for character in text)
