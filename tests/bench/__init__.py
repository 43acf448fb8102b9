"""The benchmark: what the project promises in figures, measured in one run. `python -m tests.bench`."""
