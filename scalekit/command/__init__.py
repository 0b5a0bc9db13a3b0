"""The command line: runs from a file of settings, and what is kept of them."""
