"""`sat compare`: the same GEMMs on every accelerator of the table."""
