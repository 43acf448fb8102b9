"""SAT with AXI ports, its register map, and its script for Vivado."""
