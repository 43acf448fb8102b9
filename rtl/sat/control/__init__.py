"""What runs a tile: loading, starting, stepping, draining."""
