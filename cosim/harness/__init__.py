"""The surroundings of a simulated device: memory timing, mailboxes, and the host that feeds it."""
