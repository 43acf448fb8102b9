"""What there is to compute: networks as lists of layers, and the GEMMs and updates of their training steps."""
