"""Results in files: pages, Markdown and JSON, never over a file that is there unless somebody says so."""

from __future__ import annotations

from pathlib import Path

from scalekit.errors import ConfigError, TargetError, TargetExistsError


def ending_of(path: str, known: tuple[str, ...]) -> str:
    """The ending of a file that is to be written.

    Raises
    ------
    ConfigError
        Where it is none of those that are known.

    Examples
    --------
    >>> ending_of("Report.HTML", (".html", ".md"))
    '.html'
    """
    found = Path(path).suffix.lower()
    if found not in known:
        raise ConfigError(
            f"--out {path!r}: the file's ending says what to write; known: {', '.join(known)}"
        )
    return found


def write_file(path: str | Path, content: str, *, overwrite: bool = False) -> Path:
    """Write a text file, whole or not at all.

    Raises
    ------
    TargetExistsError
        Where there is a file already, and it may not be replaced.
    TargetError
        Where the folder is not there, or nothing can be written in it.
    """
    path = Path(path)
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        raise TargetExistsError(
            f"{path} is there already: choose another name, or say --overwrite"
        ) from None
    except OSError as error:
        raise TargetError(f"cannot write {path}: {error.strerror or error}") from error
    return path
