"""SAT on engines: its words, its arithmetic on this processor, pieces of its programs."""
