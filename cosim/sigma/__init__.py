"""SIGMA on engines: the codec of its streams, its arithmetic on this processor, programs for given operands."""
