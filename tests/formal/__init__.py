"""Proofs about the generated Verilog, by Yosys and an SMT solver: the handshakes of every block with a stream."""
