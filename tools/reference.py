"""The reference, from signatures and docstrings: ``python -m tools.reference`` writes ``docs/api``.

One page for each public class, with its namespaces, one for the functions, one for the errors, and an
index. Everything is derived from ``scalekit.__all__``, so a new name is there without a list to keep.
"""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scalekit
from scalekit import errors
from scalekit.errors import ScalekitError

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "api"


@dataclass(frozen=True)
class Entry:
    """One documented name: a heading, what it looks like, what it says."""

    heading: str
    signature: str
    text: str

    @property
    def summary(self) -> str:
        return self.text.partition("\n\n")[0].replace("\n", " ")


@dataclass(frozen=True)
class Page:
    """One file of the reference."""

    title: str
    text: str
    entries: tuple[Entry, ...]

    @property
    def file_name(self) -> str:
        return f"{self.title.lower()}.md"


def pages() -> Iterator[Page]:
    """Every page, from what the package exports."""
    exported = {name: getattr(scalekit, name) for name in sorted(scalekit.__all__)}
    classes = {name: value for name, value in exported.items() if is_own_class(value)}
    for name, value in classes.items():
        yield Page(name, documentation(value), tuple(members(name, value)))
    functions = {name: value for name, value in exported.items() if inspect.isroutine(value)}
    entries = [entry(f"sk.{name}", value) for name, value in functions.items()]
    yield Page("Functions", "What `import scalekit as sk` brings besides classes.", tuple(entries))
    yield Page("Errors", f"```text\n{documentation(errors)}\n```", tuple(error_entries()))


def is_own_class(value: Any) -> bool:
    return inspect.isclass(value) and value.__module__.startswith("scalekit.")


def members(prefix: str, owner: type) -> Iterator[Entry]:
    """The public methods and properties of a class; those of its namespaces after them."""
    namespaces: list[tuple[str, type]] = []
    for name, _ in inspect.getmembers(owner):
        static = inspect.getattr_static(owner, name)
        if name.startswith("_"):
            continue
        namespace = namespace_of(static)
        if namespace is not None:
            namespaces.append((f"{prefix}.{name}", namespace))
        elif callable(getattr(owner, name)) or isinstance(static, property):
            yield entry(f"{prefix}.{name}", getattr(owner, name))
    for name, namespace in namespaces:
        yield from members(name, namespace)


def namespace_of(static: Any) -> type | None:
    """The class that a property gives, where it is one of scalekit's namespaces."""
    if not isinstance(static, property) or static.fget is None:
        return None
    kind = inspect.get_annotations(static.fget, eval_str=False).get("return")
    found = static.fget.__globals__.get(kind) if isinstance(kind, str) else kind
    return found if inspect.isclass(found) and found.__name__.endswith("Namespace") else None


def error_entries() -> Iterator[Entry]:
    for name, value in vars(errors).items():
        if inspect.isclass(value) and issubclass(value, ScalekitError):
            yield Entry(name, f"class {name}", documentation(value))


def entry(heading: str, value: Any) -> Entry:
    name = heading.rpartition(".")[2]
    shown = value.fget if isinstance(value, property) else value
    try:
        signature = f"{name}{inspect.signature(shown)}" if callable(value) else name
    except (TypeError, ValueError):
        signature = name
    return Entry(heading, signature, documentation(value))


def documentation(value: Any) -> str:
    return inspect.getdoc(value) or ""


def to_markdown(page: Page) -> str:
    """One page as Markdown; docstrings stay as they are written."""
    parts = [f"# {page.title}", page.text]
    for one in page.entries:
        parts += [
            f"## {one.heading}",
            f"```python\n{one.signature}\n```",
            f"```text\n{one.text}\n```",
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def to_index(written: list[Page]) -> str:
    """The list of everything, each with its first sentence."""
    lines = ["# Reference", "", "Written by `make docs` from the docstrings; not kept in git.", ""]
    for page in written:
        lines += [f"## [{page.title}]({page.file_name})", ""]
        lines += [f"- `{one.heading}`: {one.summary}" for one in page.entries]
        lines.append("")
    return "\n".join(lines)


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the reference anew and return its files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written = list(pages())
    texts = {"index.md": to_index(written)} | {p.file_name: to_markdown(p) for p in written}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


if __name__ == "__main__":
    for path in write():
        print(path)
