"""Blocks that more than one accelerator has."""
