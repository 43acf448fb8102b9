"""The converted Verilog, compiled by Verilator: fast, and with two states instead of four."""
