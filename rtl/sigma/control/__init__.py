"""What loads, starts and drains tiles."""
