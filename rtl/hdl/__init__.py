"""From MyHDL to hierarchical Verilog; and the streams, packed words and wiring that blocks are made with."""
