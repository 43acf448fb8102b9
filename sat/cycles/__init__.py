"""`sat cycles`: cycles of a training step by the model, its ablation, and the figures of a paper."""
