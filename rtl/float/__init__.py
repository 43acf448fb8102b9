"""Float units, and the formats of their numbers."""
