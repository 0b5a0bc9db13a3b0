"""Where frames begin: data in memory, files, databases, and several frames made one."""
