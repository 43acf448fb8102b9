"""Faults of each kind that the properties are about, seeded into the Verilog: every one must be seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """In the Verilog of `module`, below or at `block`, `new` stands instead of `old`; then `seen` must fail."""

    kind: str
    block: str
    module: str
    old: str
    new: str
    seen: str

    def apply(self, files: Mapping[str, Path]) -> None:
        """Change the file. Raises ValueError unless the text stands there once."""
        text = files[self.module].read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.module} must have {self.old!r} once, not {text.count(self.old)} times")
        files[self.module].write_text(text.replace(self.old, self.new))


SLICE = "register_slice_4"
FAULTS = (
    Fault(
        "valid drops",
        "register_slice",
        SLICE,
        "    end else if (entering_valid) begin\n        filled <= 1'b1;\n",
        "    end else if (entering_valid) begin\n        filled <= 1'b1;\n        leaving_valid <= 1'b0;\n",
        "leaving: valid holds",
    ),
    Fault(
        "data changes while it waits",
        "result_port",
        "result_port",
        "    if (advance) begin\n",
        "    results_data <= word;\n    if (advance) begin\n",
        "results: data holds",
    ),
    Fault(
        "offered after a reset",
        "update_store",
        "update_store",
        "    if (rst) begin\n        results_valid <= 1'b0;\n    end\n",
        "",
        "results: empty after reset",
    ),
    Fault(
        "a word is lost",
        "register_slice",
        SLICE,
        "    end else if (entering_valid) begin\n        filled <= 1'b1;\n",
        "    end else if (entering_valid) begin\n        filled <= 1'b0;\n",
        "words: nothing lost",
    ),
    Fault(
        "a word is doubled",
        "register_slice",
        SLICE,
        "entering_valid);\n        filled <= 1'b0;\n",
        "entering_valid);\n",
        "words: nothing made",
    ),
    Fault(
        "the order is swapped",
        "update_loader",
        "update_loader",
        "(gathered | (operands_data[128-1:0] << (line * 128)))",
        "((gathered << 128) | operands_data)",
        "line0: order kept",
    ),
    Fault(
        "a word changes on its way",
        "router",
        "router",
        "whole_results_data = tile_results_data",
        "whole_results_data = update_results_data",
        "results: word kept",
    ),
    Fault(
        "words are lost on their way to the array",
        "sat_axi",
        "sat_axi",
        "(discarding || (given_operands_ready && (!status_resetting)))",
        "(discarding || (!status_resetting))",
        "operands: nothing lost",
    ),
    Fault(
        "a line too many is taken",
        "loader",
        "loader",
        "(north_left == 1)",
        "(north_left == 0)",
        "as many lines are taken as announced",
    ),
    Fault(
        "a word of the block is missing",
        "drain",
        "drain",
        "((row + 1) == ",
        "((row + 2) == ",
        "as many words are sent as announced",
    ),
    Fault(
        "a block is never sent",
        "block_drain",
        "block_drain",
        "assign starting = ((pending != 0) && (!draining));",
        "assign starting = ((pending > 1) && (!draining));",
        "what is finished is sent",
    ),
    Fault(
        "an infinity is not told",
        "result_port",
        "result_port",
        "(infinities & (~beyond))",
        "(infinities & beyond)",
        "an infinity or NaN as FP32 is told until a reset",
    ),
    Fault(
        "array and updater work at once",
        "sat",
        "router",
        "update_commands_valid = (whole_commands_valid && whole_commands_data[32] && (!tiles_busy))",
        "update_commands_valid = (whole_commands_valid && whole_commands_data[32])",
        "array and updater never work at once",
    ),
    Fault(
        "a command is overwritten",
        "updater",
        "updater",
        "assign admitted = ((free == 2) || ((free == 1)",
        "assign admitted = ((free == 2) || ((free != 2)",
        "two tiles are finished and not stored at the most",
    ),
    Fault(
        "an answer is missing",
        "sat_axi",
        "axi_lite",
        "        s_axi_bvalid <= 1'b1;\n",
        "        s_axi_bvalid <= 1'b0;\n",
        "s_axi: every request is answered in time",
    ),
    Fault(
        "an answer comes twice",
        "axi_lite",
        "axi_lite",
        "    end else if (s_axi_bready) begin\n        s_axi_bvalid <= 1'b0;\n",
        "    end else if (s_axi_bready) begin\n        s_axi_bvalid <= s_axi_bvalid;\n",
        "s_axi: no answer without a request",
    ),
    Fault(
        "an answer changes while it waits",
        "sat_axi",
        "axi_lite",
        "if ((asked && (!s_axi_rvalid))) begin",
        "if (asked) begin",
        "s_axi_r: data holds",
    ),
    Fault(
        "an address is refused for ever",
        "axi_lite",
        "axi_lite",
        "    if (access_write) begin\n        addressed <= 1'b0;\n",
        "    if (access_write) begin\n",
        "s_axi: refused only while an answer is owed",
    ),
)
