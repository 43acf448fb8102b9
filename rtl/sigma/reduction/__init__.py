"""How products become sums: the forwarding adder network and the accumulators."""
