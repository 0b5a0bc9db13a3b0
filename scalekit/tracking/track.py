"""``sk.track``: a block of code that leaves a run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from scalekit.config import resolve
from scalekit.errors import InvalidOperationError
from scalekit.tracking import draft as drafts
from scalekit.tracking.block import ACTIVE, Block, end
from scalekit.tracking.mirroring import mirror_uri
from scalekit.tracking.plain import hidden, plain
from scalekit.tracking.record import Measured
from scalekit.tracking.store import RunStore


class ActiveRun:
    """The run of a ``with sk.track(...)`` block: name it, add to it; it is visible to others when the block ends.

    Logs come from the process that opened the run: workers of a cluster have none, and it cannot be pickled.

    Attributes
    ----------
    id
        Its identifier, by which ``sk.open_run`` finds it later.
    project
        Where it belongs.
    """

    def __init__(self, block: Block) -> None:
        self._block = block

    @property
    def id(self) -> str:
        """The identifier, a ULID."""
        return self._block.own.id

    @property
    def project(self) -> str:
        """The project that it belongs to."""
        return self._block.own.project

    def __repr__(self) -> str:
        return f"ActiveRun({self.project}/{self.id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a run is logged to by the process that opened it: return the values, and log them here"
        )

    def log(
        self,
        *,
        parameters: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | Measured] | None = None,
        tags: Mapping[str, str] | None = None,
        files: Mapping[str, bytes | str | Path] | None = None,
    ) -> None:
        """Add to the run; what is given twice under one name is there as it was given last.

        Parameters
        ----------
        parameters
            Values that say what was tried. Secrets in them are replaced by ``***``.
        metrics
            Numbers that say how it went.
        tags
            Texts to find it by.
        files
            Name below ``files/`` to bytes, text, or the ``Path`` of a file, which is copied now.

        Raises
        ------
        InvalidOperationError
            For a metric that is no number, a name that leaves the run's folder, or a path without a file; after the
            end of the block.

        Examples
        --------
        >>> import scalekit as sk
        >>> with sk.track("churn") as run:
        ...     run.log(parameters={"window": "90d"}, metrics={"auc": 0.81}, files={"notes.txt": "first try"})
        >>> sk.open_run(run.id).record.metrics["auc"].value
        0.81
        """
        own = self._block.own
        if self._block.is_over:
            raise InvalidOperationError(
                f"run {own.id} is published, and runs never change: open another"
            )
        measured = {name: _measured(name, value) for name, value in (metrics or {}).items()}
        for name, content in (files or {}).items():
            drafts.add_file(own, name, content)
        own.parameters |= plain(dict(parameters or {}))
        own.metrics |= measured
        own.tags = {**own.tags, **_texts(tags)}


@contextmanager
def track(
    project: str,
    *,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    root: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, object] | None = None,
    save_models: bool = True,
) -> Iterator[ActiveRun]:
    """Leave a run of what is done in a ``with`` block: fits, evaluations, and what is logged.

    The first model that is fitted or evaluated belongs to the block's own run. Each further one leaves a run of its
    own, whose ``parent`` is the block's: a loop over ten candidates leaves ten runs to compare. A block that ends by
    an exception leaves its run too, with ``status`` ``"failed"``.

    Blocks belong to the thread or asyncio task that opened them, and nest.

    Parameters
    ----------
    project
        What the work is for: a folder of the store.
    name
        What to call the run; by default as the model.
    tags
        Texts to find it by.
    root
        A folder, or a URL such as ``"s3://team/runs"``; by default the setting ``store``: ``.scalekit`` here.
    storage_options
        Options of the object store; the environment has them where none are given.
    save_models
        Whether models are saved with their runs.

    Raises
    ------
    TargetError, AccessError
        Where runs cannot be kept there; before the block begins.
    InvalidOperationError
        Where a project cannot be called so.

    Examples
    --------
    >>> import scalekit as sk
    >>> from sklearn.linear_model import LinearRegression
    >>> frame = sk.from_dict({"x": [0.0, 1.0, 2.0], "y": [1.0, 3.0, 5.0]})
    >>> with sk.track("prices", tags={"stage": "first look"}) as run:
    ...     model = sk.fit(LinearRegression(), frame, target="y")
    >>> sk.open_run(run.id).load_model().coef_.round(6).tolist()
    [2.0]
    """
    config = resolve()
    outer = ACTIVE.get()
    store = RunStore(config.store if root is None else root, storage_options)
    own = drafts.make_draft(
        store,
        project,
        name=hidden(name or ""),
        tags=_texts(tags),
        parent=outer.own.id if outer else None,
        save_models=save_models,
        mlflow=mirror_uri(config),
    )
    own.folder()  # a place that cannot be written to is found out now, not after an hour
    block = Block(own)
    token = ACTIVE.set(block)
    try:
        yield ActiveRun(block)
    except BaseException as error:
        end(block, error)
        raise
    else:
        end(block)
    finally:
        ACTIVE.reset(token)


def _measured(name: str, value: float | Measured) -> Measured:
    if isinstance(value, Measured):
        return value
    try:
        return Measured(float(value))
    except (TypeError, ValueError):
        raise InvalidOperationError(
            f"metric {name!r} is {value!r}: give a number, or log it under parameters="
        ) from None


def _texts(tags: Mapping[str, str] | None) -> dict[str, str]:
    return {
        hidden(str(name)): str(plain(str(value), str(name))) for name, value in (tags or {}).items()
    }
