"""What is to be proven of a block beside its handshakes, as data; Verilog expressions over its ports and insides.

A name that begins with `dut.` is a signal inside: `dut.bank`, or of a module below, `dut.drain_0.pending`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rtl.hdl.layout import Layout


@dataclass(frozen=True)
class Ghost:
    """A register that only the proof has: so many bits, 0 after a reset, and its next value."""

    bits: int
    following: str

    def text(self, name: str) -> str:
        """Its Verilog."""
        return f"reg [{self.bits - 1}:0] {name};\nalways @(posedge clk) {name} <= rst ? 0 : ({self.following});\n"


@dataclass(frozen=True)
class Path:
    """Words that enter and leave: nothing is lost, nothing is made, the order is kept.

    enters, word   a word enters in this cycle, and which
    leaves, shows  a word leaves in this cycle, and which
    offered        a word is at the exit, or the block waits for its surroundings; where none is said, it leaves
    bits           of a word
    room           words that may be under way
    delay          cycles in which a word is under way, and none is offered
    restart        what is under way is thrown away
    helped         what makes induction close, over `inside`, the words under way, `tagged`, one of them is watched,
                   `ahead`, the words before it, and `chosen`, that word

    The watched word is any word that enters at any time: what holds for it holds for all.
    """

    enters: str
    word: str
    leaves: str
    shows: str
    bits: int
    room: int = 1
    delay: int = 0
    offered: str = ""
    restart: str = "rst"
    helped: tuple[str, ...] = ()

    def local(self, text: str, name: str) -> str:
        """Text over the path's own signals."""
        return re.sub(r"(?<![\w.])(inside|tagged|ahead|chosen|late)\b", rf"{name}_\1", text)

    def text(self, name: str) -> str:
        """The Verilog that follows the words."""
        return self.local(
            f"""\
wire {name}_enters = {self.enters}, {name}_leaves = {self.leaves};
wire {name}_offered = {self.offered or self.leaves};
wire [{self.bits - 1}:0] {name}_word = {self.word}, {name}_shows = {self.shows};
(* anyconst *) reg [{self.bits - 1}:0] chosen;
(* anyseq *) reg {name}_tag;
reg [3:0] inside, ahead, late;
reg tagged;
always @(posedge clk) begin
    inside <= inside + {name}_enters - {name}_leaves;
    late <= {name}_offered || inside == 0 ? 0 : late + 1;
    if (tagged && {name}_leaves) begin
        tagged <= ahead != 0;
        ahead <= ahead - 1;
    end else if (!tagged && {name}_enters && {name}_tag && {name}_word == chosen) begin
        tagged <= inside != 0 || !{name}_leaves;
        ahead <= inside - {name}_leaves;
    end
    if ({self.restart}) begin
        inside <= 0;
        late <= 0;
        tagged <= 0;
    end
end
""",
            name,
        )

    def shown(self, name: str) -> dict[str, str]:
        """Its properties: sentence -> Verilog."""
        passing = f"({name}_enters && {name}_leaves && inside == 0)"
        texts = {
            "nothing made": f"!{name}_leaves || inside != 0" + ("" if self.room else f" || {name}_enters"),
            "nothing lost": f"inside <= {self.room} && late <= {self.delay}",
            "order kept": f"!({name}_leaves && tagged && ahead == 0) || {name}_shows == chosen",
            "word kept": f"!{passing} || {name}_shows == {name}_word",
        }
        del texts["word kept" if self.room else "order kept"]  # through registers, and through wires
        return {f"{name}: {what}": self.local(text, name) for what, text in texts.items()}

    def invariants(self, name: str) -> list[str]:
        """What holds beside the properties."""
        return [self.local(text, name) for text in ("!tagged || ahead < inside", *self.helped)]


@dataclass(frozen=True)
class Proof:
    """Of a block.

    depth      cycles of the base case, and the most of the induction
    reach      cycles in which each word can leave, for what never happens is proven too easily, and faults are seen
    cut        blocks below that are left out: their outputs take any value at any time
    unassumed  input channels of which not even the handshake is assumed
    moved      output channels whose word may leave in another way too: when it does
    given      what is assumed of the surroundings: sentence -> Verilog
    ghosts     registers of the proof, by name
    paths      of words, by name
    shown      what is to be proven: sentence -> Verilog
    helped     what holds beside it, and makes induction close
    """

    depth: int = 6
    reach: int = 8
    cut: tuple[str, ...] = ()
    unassumed: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    ghosts: Mapping[str, Ghost] = field(default_factory=dict)
    paths: Mapping[str, Path] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    helped: tuple[str, ...] = ()


def part(word: str, layout: Layout, name: str) -> str:
    """Verilog: a field of a word."""
    high, low = layout[name]
    return f"{word}[{high - 1}:{low}]"
