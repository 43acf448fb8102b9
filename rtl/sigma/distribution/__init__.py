"""How streamed words reach the lanes: the Benes network and its buffer."""
