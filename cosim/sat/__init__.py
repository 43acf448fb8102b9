"""SAT on engines: the codec of its streams, its arithmetic on this processor, pieces of its programs."""
