"""``python -m scalekit``: the command line, where no ``scalekit`` is on the path."""

from __future__ import annotations

import sys

from scalekit.command.main import main

if __name__ == "__main__":
    sys.exit(main())
