"""A table of an experiment file whose keys and values are checked; what is wrong is named by file, line and key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from scalekit.command.experiment.document import Document, KeyPath
from scalekit.errors import ConfigError


@dataclass(frozen=True)
class Section:
    """A table.

    Attributes
    ----------
    document
        The file.
    path
        The keys that lead to the table.
    values
        What it holds.
    """

    document: Document
    path: KeyPath
    values: Mapping[str, Any]

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def only(self, *known: str) -> None:
        """Raise where there is a key that is not among those that are known.

        Raises
        ------
        ConfigError
            With the nearest that is.
        """
        for key in self.values:
            if key not in known:
                raise self.wrong(
                    key, f"unknown key{nearest(key, known)}; known: {', '.join(known)}"
                )

    def text(self, key: str) -> str | None:
        """A text that is not empty; None where the key is not there."""
        value = self.values.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise self.unexpected(key, "text that is not empty")
        return value

    def needed(self, key: str, example: str) -> str:
        """A text that has to be there."""
        value = self.text(key)
        if value is None:
            raise self.wrong("", f"the key {key!r} is missing, such as {key} = {example}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """One text, or a list of them; none where the key is not there."""
        value = self.values.get(key, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(
            isinstance(v, str) and v.strip() for v in listed
        ):
            raise self.unexpected(key, "text, or a list of texts")
        if key in self.values and not listed:
            raise self.unexpected(key, "at least one")
        return tuple(listed)

    def choice(self, key: str, known: Iterable[str]) -> str | None:
        """One of a closed list."""
        value, names = self.text(key), tuple(known)
        if value is not None and value not in names:
            raise self.wrong(
                key, f"unknown value {value!r}{nearest(value, names)}; known: {', '.join(names)}"
            )
        return value

    def switch(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.unexpected(key, "true or false")
        return value

    def count(self, key: str, default: int) -> int:
        """A whole number, 1 or more."""
        value = self.values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.unexpected(key, "a whole number, 1 or more")
        return value

    def section(self, key: str) -> Section:
        """A table in this one; an empty one where the key is not there."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.unexpected(key, f"a table, as in [{'.'.join(map(str, (*self.path, key)))}]")
        return Section(self.document, (*self.path, key), value)

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Each key with its table."""
        for key in self.values:
            yield key, self.section(key)

    def item(self, key: str, place: int, value: Mapping[str, Any]) -> Section:
        """A table that is an item of a list."""
        return Section(self.document, (*self.path, key, place), value)

    def unexpected(self, key: str, expected: str) -> ConfigError:
        """The error for a value of the wrong kind."""
        return self.wrong(key, f"expected {expected}, got {shown(self.values.get(key))}")

    def wrong(self, key: str, what: str) -> ConfigError:
        """An error that names file, line and key; without a key, this table."""
        path = (*self.path, key) if key else self.path
        return ConfigError(f"{self.document.where(path)}: {what}")


def nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion such as ``" (did you mean 'target'?)"``, or nothing.

    Examples
    --------
    >>> nearest("tarjet", ["target", "time"]), nearest("x", ["target"])
    (" (did you mean 'target'?)", '')
    """
    by_case = {k.lower(): k for k in known}
    close = get_close_matches(name.lower(), by_case, n=1, cutoff=0.6)
    return f" (did you mean {by_case[close[0]]!r}?)" if close else ""


def shown(value: object) -> str:
    """A value in a message, shortened where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
