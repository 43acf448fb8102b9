"""Latency models of others: SIGMA's paper, and a TPU."""
