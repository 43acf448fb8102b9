"""What SIGMA makes of a GEMM: packing, programs, cycles."""
