"""The command line `sat`: one file a command, and what they share in options.py and terminal.py."""
