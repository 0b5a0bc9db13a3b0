"""The protocol: how models for one target are split, measured and compared, as a frozen value with an id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from scalekit.errors import ConfigError, InvalidOperationError
from scalekit.judge.protocol import accepted, combinations
from scalekit.judge.protocol.canonical import identity, to_mapping, yaml_text
from scalekit.judge.protocol.names import WINDOW
from scalekit.judge.protocol.settled import SETTLED
from scalekit.judge.protocol.split import Intervals, Split
from scalekit.judge.protocol.tasks import TASKS
from scalekit.mapping_files import read_mapping


@dataclass(frozen=True)
class Protocol:
    """How models for one target are judged: one file in the team's repository, the same for everybody.

    After it is made, every default has its value: ``primary``, ``metrics``, ``baselines``, ``split.kind`` and
    ``ci.unit`` are never None.

    Parameters
    ----------
    task
        ``"binary"``, ``"multiclass"``, ``"regression"``, ``"count"``, ``"quantile"`` or ``"forecast"``.
    target
        The column that is predicted.
    key
        The columns that identify a row. They decide where a row goes in a split by hash.
    group
        The columns of what must not be torn apart, such as a customer: a group is in one split, and in one block of
        the intervals.
    time
        The column of time; a protocol that has one splits by time unless ``split`` says otherwise.
    split
        A :class:`Split`, a mapping with some of its keys, or a kind.
    primary
        The metric that decides; by default that of the task.
    metrics
        The metrics that are reported; by default the task's set. The primary one is always among them.
    guards
        Metric -> change that is tolerated before a model is refused, such as ``{"roc_auc": -0.005, "ece": 0.01}``;
        ``"slice:region"`` stands for the primary metric in each level of a slice.
    baselines
        What models are measured against: ``"dummy"``, ``"linear"``, ``"last_value"``, ``"seasonal_naive"`` and
        ``"production"``.
    ci
        :class:`Intervals`, or a mapping with some of its keys.
    slices
        Columns by whose values results are told apart: ``"region"``; a time by its period, ``"day:month"``; a number
        by its quantiles, ``"amount:quantile4"``. ``"time:month"`` is of the protocol's time.
    weight
        A column of sample weights.
    positive
        Of two classes, the one whose probability is judged; by default the later one in sorted order.
    quantiles
        Of the task ``"quantile"``: which quantiles a model predicts, between 0 and 1.
    season
        Of forecasts: periods after which a season returns, such as 12 for months of a year.
    horizon
        Of forecasts: how many periods ahead.
    series
        Of forecasts: the columns that tell one series from another; by default there is one.
    period
        Of forecasts: the length of a period on the calendar, such as ``"1mo"``; by default each distinct time is one.
    name
        What the protocol is called; no part of its id.

    Raises
    ------
    ConfigError
        Naming the key, its value and what is allowed.

    Examples
    --------
    >>> import scalekit as sk
    >>> protocol = sk.Protocol("binary", "churned", key=["customer", "month"], group="customer")
    >>> protocol.primary, protocol.split.kind, protocol.ci.unit
    ('log_loss', 'hash', 'group')
    >>> protocol.with_(split={"salt": "v2"}).id == protocol.id
    False
    """

    task: str
    target: str
    key: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    time: str | None = None
    split: Split = field(default_factory=Split)
    primary: str | None = None
    metrics: tuple[str, ...] | None = None
    guards: Mapping[str, float] = field(default_factory=dict)
    baselines: tuple[str, ...] | None = None
    ci: Intervals = field(default_factory=Intervals)
    slices: tuple[str, ...] = ()
    weight: str | None = None
    positive: str | int | float | bool | None = None
    quantiles: tuple[float, ...] = ()
    season: int | None = None
    horizon: int | None = None
    series: tuple[str, ...] = ()
    period: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check each value, give the defaults theirs, then check how they go together."""
        accepted.one_of("task", self.task, TASKS)
        for key, settle in SETTLED.items():
            object.__setattr__(self, key, settle(key, getattr(self, key)))
        for key, value in combinations.defaults(self).items():
            object.__setattr__(self, key, value)
        combinations.check_protocol(self)

    def __hash__(self) -> int:
        """By the id."""
        return hash(self.id)

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits: protocols of one id judge alike, whatever they are called."""
        return identity(to_mapping(self))

    @property
    def unit(self) -> tuple[str, ...]:
        """The columns whose values decide where a row goes in a split by hash: the group, else the key."""
        return self.group or self.key

    @property
    def block(self) -> tuple[str, ...]:
        """The columns of what is never torn apart between blocks; empty: each row by all its values.

        Of a forecast a block is a series in a window of periods, whose errors go together.
        """
        if self.ci.unit == "group":
            return self.group
        return (*self.series, WINDOW) if self.task == "forecast" else self.key

    def split_arguments(self) -> dict[str, Any]:
        """The keywords of :func:`scalekit.split` that say the same.

        Raises
        ------
        InvalidOperationError
            Where the split is given, and not made.
        """
        split = self.split
        if split.kind == "given":
            raise InvalidOperationError(
                "the protocol's split is 'given': it names no key=, group= or time= to split by; give one of "
                "them, or split={'kind': 'hash'} to split by all columns"
            )
        shares = {"train": split.train, "valid": split.valid, "test": split.test}
        if split.kind == "hash":
            return {
                "key": self.key or None,
                "group": self.group or None,
                "salt": split.salt,
                **shares,
            }
        starts = {"valid_from": split.valid_from, "test_from": split.test_from}
        more = {"gap": split.gap, "salt": split.salt}
        return {"time": self.time, "key": self.unit or None, **more, **starts, **shares}

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> Self:
        """Make a protocol of a mapping, such as the content of a file.

        Raises
        ------
        ConfigError
            Where a key is missing or unknown, or its value has no meaning.
        """
        accepted.known_keys(mapping, KEYS)
        missing = [key for key in ("task", "target") if mapping.get(key) is None]
        if missing:
            options = f", one of {', '.join(map(repr, TASKS))}" * (missing[0] == "task")
            raise ConfigError(
                f"the key {missing[0]!r} is missing{options}: a protocol has a task and a target"
            )
        return cls(**mapping)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a protocol from ``.yaml`` (or ``.yml``), ``.toml`` or ``.json``.

        Parameters
        ----------
        path
            The file; YAML needs PyYAML, of the extra ``ml``.

        Raises
        ------
        PathNotFoundError
            Where there is no such file.
        ConfigError
            Naming the file, the key, its value and what is allowed.
        MissingDependencyError
            Where PyYAML is needed and not installed.

        Examples
        --------
        >>> import json, tempfile, pathlib
        >>> import scalekit as sk
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "protocol.json"
        >>> _ = path.write_text(json.dumps({"task": "binary", "target": "late", "key": "id"}))
        >>> sk.Protocol.from_file(path).key
        ('id',)
        """
        mapping = read_mapping(Path(path), "protocol", "task: binary")
        try:
            return cls.from_dict(mapping)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """Everything that is set, as plain values that JSON, TOML and YAML have; :meth:`from_dict` reads it."""
        return to_mapping(self)

    def to_yaml(self) -> str:
        """Everything that is set, as YAML; :meth:`from_file` reads it, and its id is the same.

        Examples
        --------
        >>> import scalekit as sk
        >>> print("".join(sk.Protocol("binary", "late", key="id").to_yaml().splitlines(True)[:3]))
        task: binary
        target: late
        key: [id]
        """
        return yaml_text(to_mapping(self))

    def with_(self, **changes: Any) -> Self:
        """The same protocol but for some keys; defaults that follow from others follow the new ones.

        Parameters
        ----------
        changes
            Keys and their new values. ``split`` and ``ci`` as mappings change only the keys that they name.

        Raises
        ------
        ConfigError
            As when a protocol is made.

        Examples
        --------
        >>> import scalekit as sk
        >>> protocol = sk.Protocol("binary", "late", key="id")
        >>> protocol.with_(time="day").split.kind, protocol.with_(ci={"level": 0.9}).ci.blocks
        ('time', 200)
        """
        accepted.known_keys(changes, KEYS)
        values = {key: getattr(self, key) for key in KEYS} | combinations.undone_defaults(self)
        if isinstance(changes.get("split"), str):
            changes["split"] = {"kind": changes["split"]}
        for key in ("split", "ci"):
            if isinstance(changes.get(key), Mapping):
                kept = {f.name: getattr(values[key], f.name) for f in fields(values[key])}
                changes[key] = {**kept, **changes[key]}
        return type(self)(**(values | changes))


KEYS = tuple(f.name for f in fields(Protocol))
