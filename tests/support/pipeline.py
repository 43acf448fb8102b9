"""A vector each cycle through a pipeline without handshakes: inputs, then outputs, and a fixed latency.

In Icarus the vectors come from a file and never cross MyHDL's pipe, so a hundred thousand of them take seconds.
"""

from cosim.engines.icarus import simulation
from cosim.tools import call, tool
from rtl.hdl.hierarchy import flat_ports
from tests.support.verilog import connect, converted, declare

BENCH = """\
`timescale 1ns/1ns
module bench;
{declarations}
  reg [{last_bit}:0] vectors [0:{count}-1];
  integer i, file;

  {name} dut (
{connections});

  initial begin
    $readmemh("vectors.hex", vectors);
    file = $fopen("results.hex");
    for (i = 0; i < {count} + {latency}; i = i + 1) begin
      {{{inputs}}} = vectors[i < {count} ? i : {count} - 1];
      #5 if (i >= {latency}) $fdisplay(file, "{formats}", {outputs});
      {clock}
      #5;
    end
    $finish;
  end
endmodule
"""


def in_icarus(folder, deco, ports, vectors, latency, **parameters) -> list:
    """The answers to vectors (tuples of input values, in the order of `ports`, without the clock).

    An answer is the value of the output, or a tuple of them where there are several.
    """
    name, outputs = converted(folder / "verilog", deco, {**ports, **parameters})
    signals = dict(flat_ports(ports))
    outputs = [port for port in signals if port in outputs]
    inputs = [port for port in signals if port not in [*outputs, "clk"]]
    widths = [len(signals[name]) for name in inputs]
    (folder / "vectors.hex").write_text("".join(f"{_packed(vector, widths):x}\n" for vector in vectors))
    (folder / "bench.v").write_text(
        BENCH.format(
            name=name,
            declarations=declare(signals, outputs),
            connections=connect(signals),
            last_bit=sum(widths) - 1,
            count=len(vectors),
            latency=latency,
            inputs=", ".join(inputs),
            formats=" ".join(["%h"] * len(outputs)),
            outputs=", ".join(outputs),
            clock="clk = 1; #5 clk = 0;" if "clk" in signals else "",
        )
    )
    image = simulation("bench", [folder / "bench.v", *sorted((folder / "verilog").glob("*.v"))])
    call(tool("vvp"), "-n", image, cwd=folder)
    lines = (folder / "results.hex").read_text().splitlines()
    unknown = [line for line in lines if set(line.lower()) & set("xz")]
    assert not unknown, f"{len(unknown)} of {len(lines)} answers of {name} are unknown, the first is {unknown[0]}"
    return [_answer(int(word, 16) for word in line.split()) for line in lines]


def in_myhdl(build, deco, ports, vectors, latency, **parameters) -> list:
    """The same, in MyHDL's simulator."""
    dut, answers = build(deco, **ports, **parameters), []
    signals = [signal for name, signal in dut.ports.items() if name != "clk"]
    inputs, outputs = signals[: len(vectors[0])], signals[len(vectors[0]) :]

    def feed(cycle):
        if cycle > latency:
            answers.append(_answer(map(dut.read, outputs)))
        for signal, value in zip(inputs, vectors[min(cycle, len(vectors) - 1)], strict=True):
            signal.next = value

    dut.run(feed, until=lambda: len(answers) == len(vectors), limit=len(vectors) + latency + 2)
    return answers


def _answer(values):
    first, *others = values
    return (first, *others) if others else first


def _packed(vector, widths):
    word = 0
    for value, width in zip(vector, widths, strict=True):
        word = word << width | value
    return word
