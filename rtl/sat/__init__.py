"""SAT (arXiv 2309.13015): its configuration, latencies, packed words, and the accelerator behind three streams."""
