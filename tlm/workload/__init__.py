"""Workloads: networks as lists of layers, methods, and the GEMMs and updates of training steps."""
