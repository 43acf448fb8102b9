"""The weight update: WUVE updates, SORE makes the N:M copies."""
