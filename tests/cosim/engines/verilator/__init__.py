"""Tests of cosim/engines/verilator/."""
