"""What work costs on this machine, measured by small queries of which each is mostly one kind of work."""
