"""Sizes of modules and functions against their budget: ``python -m tools.sizes``.

A module counts its lines; a function counts the lines of code in its body, without docstring, comments
and blank lines. Above the soft limit a size is printed, above the hard one the script fails.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "scalekit"


@dataclass(frozen=True)
class Limit:
    """A soft and a hard number of lines."""

    soft: int
    hard: int


MODULE = Limit(soft=300, hard=600)
# Where docstrings live: a public method takes thirty lines before it does anything.
REFERENCE_MODULE = Limit(soft=600, hard=1000)
FUNCTION = Limit(soft=25, hard=50)
REFERENCE_FOLDERS = (PACKAGE / "frame", PACKAGE / "expr" / "functions")


@dataclass(frozen=True)
class Size:
    """One module or function, how long it is and how long it may be."""

    name: str
    lines: int
    limit: Limit

    @property
    def is_long(self) -> bool:
        return self.lines > self.limit.soft

    @property
    def is_too_long(self) -> bool:
        return self.lines > self.limit.hard


def measure(package: Path = PACKAGE) -> list[Size]:
    """Measure every module of the package and every function in it."""
    return [size for path in sorted(package.rglob("*.py")) for size in _sizes(path)]


def _sizes(path: Path) -> Iterator[Size]:
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(PACKAGE.parent))
    is_reference = any(folder in path.parents for folder in REFERENCE_FOLDERS)
    yield Size(name, text.count("\n"), REFERENCE_MODULE if is_reference else MODULE)
    code = _lines_of_code(text)
    for found in ast.walk(ast.parse(text)):
        if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
            body = found.body[1:] if ast.get_docstring(found) is not None else found.body
            if body:
                first, last = body[0].lineno, body[-1].end_lineno or body[-1].lineno
                lines = sum(first <= line <= last for line in code)
                yield Size(f"{name}:{found.lineno} {found.name}", lines, FUNCTION)


def _lines_of_code(text: str) -> set[int]:
    """Lines that hold more than a comment."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in silent:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines


def main() -> int:
    """Print what is long; 1 where something is too long."""
    sizes = measure()
    for size in sorted((s for s in sizes if s.is_long), key=lambda s: s.lines, reverse=True):
        word = "TOO LONG" if size.is_too_long else "long"
        print(f"{word:9} {size.lines:5} lines (at most {size.limit.hard})  {size.name}")
    too_long = sum(size.is_too_long for size in sizes)
    print(f"{len(sizes)} modules and functions, {too_long} too long")
    return int(too_long > 0)


if __name__ == "__main__":
    sys.exit(main())
