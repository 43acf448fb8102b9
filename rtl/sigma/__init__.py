"""SIGMA (HPCA 2020): its blocks, beside the float units that it shares with SAT."""
