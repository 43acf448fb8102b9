"""`sat train`: training on an engine, one run or a comparison of methods."""
