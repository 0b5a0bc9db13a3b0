"""Run the Python in a Markdown file: ``python -m tools.markdown FILE [--first SCRIPT]``.

The blocks of a file share one namespace, from top to bottom. Blocks with prompts are doctests, whose
output has to be as shown; blocks without are run. Lines keep their numbers, so that a failure points
into the Markdown file.
"""

from __future__ import annotations

import argparse
import doctest
import re
import sys
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"^```(?P<language>\w*)")


def code_of(text: str) -> str:
    r"""The Python blocks of a Markdown text, every other line left empty.

    >>> code_of("Text.\n```python\nx = 1\n```\n```sh\nls\n```\n")
    '\n\nx = 1\n\n\n\n\n'
    """
    inside: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        fence = _FENCE.match(line)
        lines.append(line if inside == "python" and fence is None else "")
        if fence is not None:
            inside = fence["language"] if inside is None else None
    return "\n".join(lines) + "\n"


def run(path: Path, namespace: dict[str, Any]) -> int:
    """Run a file's code; the number of examples whose output is not as shown."""
    code = code_of(path.read_text(encoding="utf-8"))
    if ">>>" not in code:
        exec(compile(code, str(path), "exec"), namespace)
        return 0
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF
    test = doctest.DocTestParser().get_doctest(code, namespace, path.name, str(path), 0)
    return doctest.DocTestRunner(optionflags=flags).run(test).failed


def main(arguments: list[str]) -> int:
    """Run the file named on the command line."""
    parser = argparse.ArgumentParser(description="Run the Python in a Markdown file.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--first", type=Path, help="a script that runs before, for its names")
    given = parser.parse_args(arguments)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    if given.first is not None:
        exec(compile(given.first.read_text(encoding="utf-8"), str(given.first), "exec"), namespace)
    return int(run(given.file, namespace) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
