"""What networks ask of the accelerator, layer by layer, from sizes alone: nothing here needs PyTorch."""
