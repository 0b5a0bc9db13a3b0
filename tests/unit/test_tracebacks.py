from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sklearn.linear_model import LinearRegression

import scalekit as sk
from scalekit import col
from scalekit.errors import ComputeError, MissingDependencyError, ScalekitError
from scalekit.frame.tracebacks import Folding, folded

FRAME = sk.from_dict({"x": [1, 2, 3]})


def fails(_: int) -> int:
    raise ValueError("boom")


FAILING = FRAME.with_columns(y=col("x").map_elements(fails, return_dtype=pl.Int64))


def files_of(error: BaseException) -> list[str]:
    """Where the frames of an error are, from the call on."""
    return [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


def raised(run: Callable[[], object]) -> ScalekitError:
    with pytest.raises(ScalekitError) as caught:
        run()
    return caught.value


RUNS: dict[str, Callable[..., object]] = {
    "collect": FAILING.collect,
    "to_pandas": FAILING.to_pandas,
    "persist": FAILING.persist,
    "profile": FAILING.profile,
    "batches": lambda **settings: list(FAILING.collect_batches(**settings)),
    "write": lambda **settings: FAILING.write_parquet("rows.parquet", **settings),
    "verify": lambda **_: FAILING.verify(),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCALEKIT_FULL_TRACEBACK", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("backend", ["polars", "serial", "pandas"])
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_an_error_shows_the_users_frames_only(run: Callable[..., object], backend: str) -> None:
    error = raised(lambda: run(backend=backend))
    assert isinstance(error, ComputeError)
    assert "boom" in str(error)
    assert {*files_of(error)} == {__file__}


@pytest.mark.dask
def test_an_error_of_a_cluster_shows_the_users_frames_only(
    dask_settings: dict[str, object],
) -> None:
    error = raised(lambda: FAILING.collect(**dask_settings))
    assert "boom" in str(error)
    assert {*files_of(error)} == {__file__}


def test_an_error_while_building_does_so_too() -> None:
    error = raised(lambda: FRAME.select("y"))
    assert {*files_of(error)} == {__file__}


MODULE: dict[str, Callable[[], object]] = {
    "scan_parquet": lambda: sk.scan_parquet("none.parquet"),
    "scan_csv": lambda: sk.scan_csv("none.csv"),
    "scan_ndjson": lambda: sk.scan_ndjson("none.ndjson"),
    "scan_ipc": lambda: sk.scan_ipc("none.ipc"),
    "scan_database": lambda: sk.scan_database("select 1", "sqlite:///none.db"),
    "scan_delta": lambda: sk.scan_delta("none"),
    "from_dict": lambda: sk.from_dict(3),  # type: ignore[arg-type]
    "from_pandas": lambda: sk.from_pandas(3),
    "concat": lambda: sk.concat([]),
    "sql": lambda: sk.sql("select nothing from nowhere"),
    "fit": lambda: sk.fit(LinearRegression(), FRAME, target="y"),
    "predict": lambda: sk.predict(LinearRegression(), FRAME, method="guess"),
    "split": lambda: sk.split(FRAME, key="y"),
}


@pytest.mark.parametrize("run", MODULE.values(), ids=MODULE)
def test_functions_of_the_package_do_so_too(run: Callable[[], object]) -> None:
    error = raised(run)
    assert {*files_of(error)} == {__file__}
    with sk.config(full_traceback=True):
        assert len({*files_of(raised(run))}) > 1


def test_a_warning_points_at_the_users_line() -> None:
    with pytest.warns(UserWarning, match="without key") as caught:
        sk.split(FRAME)
    assert caught[0].filename == __file__


def test_functions_keep_their_names_and_signatures() -> None:
    import inspect

    assert "source" in inspect.signature(sk.scan_csv).parameters
    assert sk.fit.__qualname__ == "fit"
    assert sk.fit.__module__ == "scalekit.learn.fit"


def test_all_frames_are_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_whole(error: ScalekitError) -> bool:
        return any(file.endswith("run.py") for file in files_of(error))

    assert is_whole(raised(lambda: FAILING.collect(full_traceback=True)))
    assert is_whole(raised(lambda: list(FAILING.collect_batches(full_traceback=True))))
    with sk.config(full_traceback=True):
        assert is_whole(raised(FAILING.collect))
    assert not is_whole(raised(FAILING.collect))
    monkeypatch.setenv("SCALEKIT_FULL_TRACEBACK", "1")
    assert is_whole(raised(FAILING.collect))
    assert not is_whole(raised(lambda: FAILING.collect(full_traceback=False)))


def test_causes_are_kept_without_their_frames() -> None:
    @folded
    def run() -> None:
        try:
            fails(1)
        except ValueError as cause:
            raise MissingDependencyError("it is not installed") from cause

    error = raised(run)
    assert repr(error.__cause__) == "ValueError('boom')"
    assert error.__cause__ is not None
    assert error.__cause__.__traceback__ is None
    assert "ValueError: boom" in "".join(traceback.format_exception(error))


def test_errors_that_are_not_scalekits_keep_their_frames() -> None:
    with pytest.raises(ValueError, match="boom") as caught, Folding():
        fails(1)
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-1] == "fails"


def test_a_wrong_setting_is_folded_like_any_other_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEKIT_PARTITIONS", "many")
    error = raised(FRAME.collect)
    assert "SCALEKIT_PARTITIONS" in str(error)
    assert {*files_of(error)} == {__file__}


def test_methods_keep_their_names_and_signatures() -> None:
    import inspect

    assert sk.Frame.collect_batches.__qualname__ == "Frame.collect_batches"
    assert [*inspect.signature(sk.Frame.collect_batches).parameters] == [
        "self",
        "chunk_size",
        "settings",
    ]
    assert "Polars frame" in (sk.Frame.collect.__doc__ or "")
