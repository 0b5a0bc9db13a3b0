"""Settings: one frozen ``Config`` for each query, found at five levels and passed on from there.

The first level that says something wins::

    argument of the call          features.collect(backend="pandas")
    with-block, innermost first   with sk.config(backend="pandas"): ...
    process                       sk.configure(backend="pandas")
    environment                   SCALEKIT_BACKEND=pandas
    nearest pyproject.toml        [tool.scalekit]
                                  backend = "pandas"
    default

With-blocks belong to the thread or asyncio task that opened them. Nothing here writes to the
environment, and ``None`` at any level means "this level says nothing". Whether a backend of that
name exists is for ``backends.registry`` to say: third parties bring their own.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TypedDict, Unpack

from scalekit.errors import ConfigError

_PREFIX = "SCALEKIT_"
_Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What one query runs with; made by ``resolve`` and never changed.

    Parameters
    ----------
    backend
        Who runs the query: ``"auto"``, or the name of a registered backend.
    progress
        Whether to show a progress bar; ``None`` shows one only where someone is watching.
    strict
        Whether a sum of integers that leaves Int64 raises rather than wraps, and a step is refused whose answer
        depends on an order that is not there, on that of additions of floats, or on an approximation.
    deterministic
        Whether floats are added in one fixed order, whatever the backend and partitioning.
    shadow
        Share of runs of which a small sample is run once more, on another backend of this machine, after the
        run: a :class:`~scalekit.exceptions.VerificationWarning` tells where the answers differ.
    memory_budget
        Bytes that a query may use on this machine; ``None`` leaves it to the measured free memory.
    preview_rows
        Rows in a notebook's preview of a frame; 0 shows none.
    address
        Address of the cluster to use.
    partitions
        Parts of every table on a cluster, whatever its size: for tests. ``None`` goes by bytes, and nobody
        needs to give a number.
    partition_bytes
        Bytes in memory that one task of a cluster works on, about.
    broadcast_bytes
        Bytes up to which a table may go to every task of a join rather than be exchanged.
    shared_paths
        Folders that every machine of the cluster has under the same path, as on a network's file system,
        separated as in ``PATH``: only below these may a cluster on other machines read and write.
    workers
        Workers of a cluster that scalekit starts on this machine; ``None`` starts one for each core.
    worker_memory
        Bytes of memory for each of those; ``None`` shares out most of the machine's.
    sample
        The share of the data that queries run on, such as 0.01; ``None`` and 1 are all of it.
    sample_on
        Columns by whose values rows are in the sample or not, the most important first; ``None`` leaves the
        choice to each plan.
    ship
        Whether workers that lack scalekit are sent this process' copy of it.
    allow_insecure
        Whether a cluster on another machine may be reached without encryption.
    full_traceback
        Whether errors show the frames of scalekit and of the engines too.
    store
        Folder or URL that runs and models are kept below, such as ``"s3://team/runs"``.
    track
        What leaves a run outside every ``with sk.track(...)``: ``None`` keeps evaluations, true fits as well, and
        false nothing.
    mlflow
        URI of an MLflow server or database that runs are mirrored to; ``None`` leaves it to
        ``MLFLOW_TRACKING_URI``, and ``"off"`` mirrors nowhere.
    origins
        Where each setting that somebody gave comes from, for messages; see :meth:`origin`.
    """

    backend: str = "auto"
    progress: bool | None = None
    strict: bool = False
    deterministic: bool = False
    shadow: float = 0.0
    memory_budget: int | None = None
    preview_rows: int = 10
    address: str | None = None
    partitions: int | None = None
    partition_bytes: int = 128 * 1024**2
    broadcast_bytes: int = 16 * 1024**2
    shared_paths: str | None = None
    workers: int | None = None
    worker_memory: int | None = None
    sample: float | None = None
    sample_on: tuple[str, ...] | None = None
    ship: bool = False
    allow_insecure: bool = False
    full_traceback: bool = False
    store: str = ".scalekit"
    track: bool | None = None
    mlflow: str | None = None
    origins: tuple[tuple[str, str], ...] = field(default=(), repr=False, compare=False)

    def origin(self, name: str) -> str:
        """Say which level a setting comes from, such as ``"SCALEKIT_BACKEND"`` or ``"default"``.

        Raises
        ------
        ConfigError
            If there is no such setting.

        Examples
        --------
        >>> from scalekit.config import config
        >>> with config(preview_rows=5) as inside:
        ...     inside.origin("preview_rows"), inside.origin("backend")
        ('with sk.config(...)', ...)
        """
        _check_name(name, "origin")
        return dict(self.origins).get(name, "default")

    def given(self, origin: str, **values: Any) -> Self:
        """The same settings but for ``values``, which come from ``origin``."""
        origins = {**dict(self.origins), **dict.fromkeys(values, origin)}
        return replace(self, **values, origins=tuple(origins.items()))


class Settings(TypedDict, total=False):
    """The settings as a user may write them; ``None`` leaves one to the next level."""

    backend: str | None
    progress: bool | str | None
    strict: bool | None
    deterministic: bool | None
    shadow: float | None
    memory_budget: int | str | None
    preview_rows: int | None
    address: str | None
    partitions: int | str | None
    partition_bytes: int | str | None
    broadcast_bytes: int | str | None
    shared_paths: str | None
    workers: int | str | None
    worker_memory: int | str | None
    sample: float | str | None
    sample_on: str | Sequence[str] | None
    ship: bool | None
    allow_insecure: bool | None
    full_traceback: bool | None
    store: str | None
    track: bool | str | None
    mlflow: str | None


def resolve(**overrides: Unpack[Settings]) -> Config:
    """Find the value of every setting for a call made here and now.

    Parameters
    ----------
    **overrides
        The arguments of the call; ``None`` means that the argument was not given.

    Raises
    ------
    ConfigError
        If a level holds an unknown key or a value without meaning.

    Examples
    --------
    >>> from scalekit.config import resolve
    >>> resolve(backend="pandas", memory_budget="2GiB").memory_budget
    2147483648
    """
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for values, origin in _levels(dict(overrides)):
        origins |= {name: origin(name) for name in values if name not in found}
        found = {**values, **found}
    given = {name: value for name, value in found.items() if value is not _AUTOMATIC}
    return Config(**given, origins=tuple(origins.items()))


def config(**settings: Unpack[Settings]) -> AbstractContextManager[Config]:
    """Change settings inside a ``with`` block of this thread or task only.

    Blocks nest, the innermost wins, and what was before is back when the block is left, by an
    exception too.

    Parameters
    ----------
    **settings
        The settings to change; see ``Config``.

    Returns
    -------
    AbstractContextManager[Config]
        Yields the settings in force inside the block.

    Raises
    ------
    ConfigError
        If a key is unknown or a value has no meaning.

    Examples
    --------
    >>> from scalekit.config import config
    >>> with config(backend="pandas") as inside:
    ...     inside.backend
    'pandas'
    """
    return _block(_checked(settings, _WITH_BLOCK))


def configure(**settings: Unpack[Settings]) -> None:
    """Change settings for the whole process, below every ``with sk.config(...)``.

    Parameters
    ----------
    **settings
        The settings to change; ``None`` takes back what an earlier call set.

    Raises
    ------
    ConfigError
        If a key is unknown or a value has no meaning; nothing is changed then.

    Examples
    --------
    >>> from scalekit.config import configure
    >>> configure(preview_rows=20)
    >>> configure(preview_rows=None)
    """
    new = _checked(settings, _PROCESS)
    kept = {name: value for name, value in _process.values.items() if name not in settings}
    _process.values = MappingProxyType({**kept, **new})


_ARGUMENT, _WITH_BLOCK, _PROCESS = "argument", "with sk.config(...)", "sk.configure(...)"

# A level that asks for the automatic value on purpose, which ``None`` cannot say.
_AUTOMATIC = object()

_NOTHING: _Values = MappingProxyType({})
_blocks: ContextVar[_Values] = ContextVar("scalekit_config", default=_NOTHING)


class _Process:
    """What ``configure`` set: replaced whole, so that a reader in another thread sees one state."""

    values: _Values = _NOTHING


_process = _Process()


@contextmanager
def _block(values: _Values) -> Iterator[Config]:
    token = _blocks.set(MappingProxyType({**_blocks.get(), **values}))
    try:
        yield resolve()
    finally:
        _blocks.reset(token)


def _levels(overrides: _Values) -> Iterator[tuple[_Values, Callable[[str], str]]]:
    """Each level's values, with the function that names where one of them stands."""
    yield _checked(overrides, _ARGUMENT), lambda name: f"argument {name}="
    yield _blocks.get(), lambda _: _WITH_BLOCK
    yield _process.values, lambda _: _PROCESS
    yield _from_environment(), lambda name: _PREFIX + name.upper()
    path, values = _from_pyproject()
    yield values, lambda _: f"pyproject.toml ({path})"


def _from_environment() -> _Values:
    found: dict[str, Any] = {}
    for variable, text in os.environ.items():
        if not variable.startswith(_PREFIX) or not text.strip():
            continue
        name = variable.removeprefix(_PREFIX).lower()
        if name in _SETTINGS:
            found[name] = _SETTINGS[name].parse(text.strip(), name, variable)
        elif get_close_matches(name, _SETTINGS, n=1, cutoff=0.8):
            # Other programs have variables of this prefix; a misspelt one of ours must not pass.
            raise ConfigError.unknown_choice(
                "variable",
                variable,
                (_PREFIX + key.upper() for key in _SETTINGS),
                origin="environment",
            )
    return found


def _from_pyproject() -> tuple[Path | None, _Values]:
    """Return the nearest ``pyproject.toml`` from the working directory upwards and its settings."""
    try:
        here = Path.cwd()
    except OSError:  # the working directory was deleted
        return None, _NOTHING
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        try:
            status = path.stat()
        except OSError:
            continue
        return path, _read_pyproject(path, status.st_mtime_ns, status.st_size)
    return None, _NOTHING


@lru_cache(maxsize=16)
def _read_pyproject(path: Path, _mtime_ns: int, _size: int) -> _Values:
    """Read ``[tool.scalekit]``; kept until the file's time stamp or size changes."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read settings from {path}: {error}") from error
    section = content.get("tool", {}).get("scalekit", {})
    if not isinstance(section, dict):
        raise ConfigError(
            f"[tool.scalekit] in {path} is {section!r}; it must be a table of settings"
        )
    return MappingProxyType(_checked(section, str(path)))


_WORDS = {"1": True, "true": True, "yes": True, "on": True}
_WORDS |= {"0": False, "false": False, "no": False, "off": False}

_UNITS = {"": 1, "b": 1}
_UNITS |= {f"{p}b": 1000**i for i, p in enumerate("kmgt", start=1)}
_UNITS |= {f"{p}ib": 1024**i for i, p in enumerate("kmgt", start=1)}
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Setting:
    """How one setting is read: from the text of a variable, and from a Python or TOML value."""

    expected: str
    from_text: Callable[[str], Any]
    from_value: Callable[[Any], Any]

    def parse(self, text: str, name: str, origin: str) -> Any:
        try:
            return self.from_text(text)
        except ValueError:
            raise self._no_meaning(text, name, origin) from None

    def check(self, value: object, name: str, origin: str) -> Any:
        try:
            return self.from_value(value)
        except ValueError:
            raise self._no_meaning(value, name, origin) from None

    def _no_meaning(self, value: object, name: str, origin: str) -> ConfigError:
        return ConfigError(f"{name} is {value!r} (from {origin}); expected {self.expected}")


def _checked(settings: _Values, origin: str) -> dict[str, Any]:
    for name in settings:
        _check_name(name, origin)
    return {
        name: _SETTINGS[name].check(value, name, origin)
        for name, value in settings.items()
        if value is not None
    }


def _check_name(name: str, origin: str) -> None:
    if name not in _SETTINGS:
        raise ConfigError.unknown_choice("setting", name, _SETTINGS, origin=origin)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _switch_from_text(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError
    return _WORDS[text.lower()]


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _or_automatic(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: _AUTOMATIC if value == "auto" else read(value)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value


def _size(value: Any) -> int:
    """Bytes, from a positive number or from text such as ``"2GiB"``."""
    if not isinstance(value, str):
        size = _count(value)
    else:
        match = _SIZE.fullmatch(value.strip())
        if match is None or match["unit"].lower() not in _UNITS:
            raise ValueError
        size = int(float(match["number"]) * _UNITS[match["unit"].lower()])
    if size == 0:
        raise ValueError
    return size


def _size_or_none(value: Any) -> int:
    return 0 if value in (0, "0") else _size(value)


def _share_or_none(value: Any) -> float:
    """A share from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError
    return float(value)


def _at_least_one(value: Any) -> int:
    if _count(value) == 0:
        raise ValueError
    return int(value)


def _share(value: Any) -> float:
    """A share above 0 and up to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    share = float(value)
    if not 0 < share <= 1:
        raise ValueError
    return share


def _names(value: Any) -> tuple[str, ...]:
    """Names of columns, from a sequence of them or from text that separates them by commas."""
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise ValueError
    names = tuple(name.strip() for name in given)
    if not names or not all(names):
        raise ValueError
    return names


_SWITCH = _Setting("true or false", _switch_from_text, _switch)

_SETTINGS: dict[str, _Setting] = {
    "backend": _Setting("the name of a backend, such as 'auto' or 'polars'", _text, _text),
    "progress": _Setting(
        "true, false or 'auto'", _or_automatic(_switch_from_text), _or_automatic(_switch)
    ),
    "strict": _SWITCH,
    "deterministic": _SWITCH,
    "shadow": _Setting(
        "a share of all runs, from 0 to 1", lambda text: _share_or_none(float(text)), _share_or_none
    ),
    "memory_budget": _Setting(
        "a size in bytes, text such as '2GiB' or '500MB', or 'auto'",
        _or_automatic(_size),
        _or_automatic(_size),
    ),
    "preview_rows": _Setting(
        "a whole number of rows, 0 or more", lambda text: _count(int(text)), _count
    ),
    "address": _Setting("the address of a cluster", _text, _text),
    "partitions": _Setting(
        "a whole number, 1 or more, or 'auto'",
        _or_automatic(lambda text: _at_least_one(int(text))),
        _or_automatic(_at_least_one),
    ),
    "partition_bytes": _Setting("a size in bytes, or text such as '64MiB'", _size, _size),
    "broadcast_bytes": _Setting(
        "a size in bytes, or text such as '16MiB'; 0 never", _size_or_none, _size_or_none
    ),
    "shared_paths": _Setting("folders, separated as in PATH", _text, _text),
    "workers": _Setting(
        "a whole number, 1 or more, or 'auto'",
        _or_automatic(lambda text: _at_least_one(int(text))),
        _or_automatic(_at_least_one),
    ),
    "worker_memory": _Setting(
        "a size in bytes, text such as '2GiB' or '500MB', or 'auto'",
        _or_automatic(_size),
        _or_automatic(_size),
    ),
    "sample": _Setting("a share of the rows, above 0 and up to 1, such as 0.01", _share, _share),
    "sample_on": _Setting("names of columns, such as 'customer_id'", _names, _names),
    "ship": _SWITCH,
    "allow_insecure": _SWITCH,
    "full_traceback": _SWITCH,
    "store": _Setting("a folder, or a URL such as 's3://team/runs'", _text, _text),
    "track": _Setting(
        "true, false or 'auto'", _or_automatic(_switch_from_text), _or_automatic(_switch)
    ),
    "mlflow": _Setting("a URI such as 'http://127.0.0.1:5000', or 'off'", _text, _text),
}
