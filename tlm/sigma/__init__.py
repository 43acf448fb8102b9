"""SIGMA in the model: packing, mappings, programs and their times."""
