"""SIGMA on engines: its words, its arithmetic on this processor, programs for given operands."""
