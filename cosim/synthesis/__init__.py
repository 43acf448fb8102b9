"""Yosys, which maps the RTL, and the area report."""
