"""The command line `sat`: a folder or a file a command; several share those beside them."""
