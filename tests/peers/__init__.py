"""Simulators that others wrote, run on the same work: time, memory, cycles, and why the cycles differ."""
