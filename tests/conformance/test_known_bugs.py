"""Bugs of the engines below that CONTRACT.md section 4 lists: scalekit steps around each of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import scalekit as sk
from scalekit import col
from scalekit.testing.compare import reference

BACKENDS = ("polars", "pandas")
NAN = float("nan")


def _choice(frame: sk.Frame) -> sk.Frame:
    """A choice between constants, which Polars 2.1 takes for independent of the order of rows."""
    return frame.select(y=sk.when(col("x") > 4).then(sk.lit("big")).otherwise(sk.lit("small")))


@pytest.mark.parametrize("backend", BACKENDS)
def test_concat_then_choice_keeps_the_order(backend: str) -> None:
    frame = _choice(
        sk.concat([sk.from_dict({"x": list(range(5))}), sk.from_dict({"x": list(range(5, 9))})])
    )
    for _ in range(20):
        assert frame.collect(backend=backend)["y"].to_list() == ["small"] * 5 + ["big"] * 4


def test_the_bug_is_still_in_polars() -> None:
    """Where this fails, Polars has mended it, and kernels/compile.py need not step around it any more."""
    rows = pl.concat([pl.LazyFrame({"x": list(range(5))}), pl.LazyFrame({"x": list(range(5, 9))})])
    query = rows.select(y=pl.when(pl.col("x") > 4).then(pl.lit("big")).otherwise(pl.lit("small")))
    assert query.collect(engine="streaming")["y"].to_list() != ["small"] * 5 + ["big"] * 4


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_files_then_choice_keep_the_order(backend: str, tmp_path: Path) -> None:
    for part in range(4):
        rows = pl.DataFrame({"x": range(part * 3, part * 3 + 3)})
        rows.write_parquet(tmp_path / f"{part}.parquet", row_group_size=1)
    for _ in range(10):
        answer = _choice(sk.scan_parquet(tmp_path / "*.parquet")).collect(backend=backend)
        assert answer["y"].to_list() == ["small"] * 5 + ["big"] * 7


@pytest.mark.parametrize("how", ["inner", "left", "full", "semi", "right"])
@pytest.mark.parametrize("rows", [(1, 1), (2, 1), (1, 2), (3, 2)])
def test_nan_keys_match(rows: tuple[int, int], how: str) -> None:
    left = sk.from_dict({"k": [NAN] * rows[0], "a": [1] * rows[0]})
    right = sk.from_dict({"k": [NAN] * rows[1], "b": [2] * rows[1]})
    joined = left.join(right, on="k", how=how)
    answers = [joined.collect(backend=backend) for backend in BACKENDS] + [reference(joined)]
    for answer in answers:
        assert answer.height == (rows[0] if how == "semi" else rows[0] * rows[1])
        if how != "semi":
            assert answer["b"].to_list() == [2] * answer.height
            assert answer["a"].to_list() == [1] * answer.height
        assert answer.columns == joined.columns


@pytest.mark.parametrize("backend", BACKENDS)
def test_zeros_of_both_signs_are_one_key(backend: str) -> None:
    left, right = sk.from_dict({"k": [0.0]}), sk.from_dict({"k": [-0.0], "b": [1]})
    assert left.join(right, on="k").collect(backend=backend).height == 1
    groups = sk.from_dict({"k": [0.0, -0.0]}).group_by("k").agg(n=sk.len())
    assert groups.collect(backend=backend)["n"].to_list() == [2]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_left_join_that_keeps_its_order_repeats(backend: str) -> None:
    left = sk.from_dict({"k": [3, 1, 2, 1, 3]})
    right = sk.from_dict({"k": [1, 1, 3], "b": ["x", "y", "z"]})
    joined = left.join(right, on="k", how="left", maintain_order="left")
    for _ in range(20):
        assert joined.collect(backend=backend)["b"].to_list() == [
            "z",
            "x",
            "y",
            None,
            "x",
            "y",
            "z",
        ]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("turned", [False, True])
def test_null_columns_go_to_the_common_type_in_any_order(backend: str, *, turned: bool) -> None:
    frames = [sk.from_dict({"x": [None, None]}), sk.from_dict({"x": [1]})]
    both = sk.concat(frames[::-1] if turned else frames, how="vertical_relaxed")
    assert both.schema == {"x": sk.Int64}
    assert sorted(both.collect(backend=backend)["x"].to_list(), key=str) == [1, None, None]


@pytest.mark.parametrize("backend", BACKENDS)
def test_head_and_slice_before_sums(backend: str) -> None:
    frame = sk.concat([sk.from_dict({"x": list(range(i * 100, i * 100 + 100))}) for i in range(5)])
    for _ in range(20):
        assert frame.head(150).select(col("x").sum()).collect(backend=backend).item() == sum(
            range(150)
        )
        assert frame.slice(90, 40).select(col("x").sum()).collect(backend=backend).item() == sum(
            range(90, 130)
        )


@pytest.mark.parametrize("backend", BACKENDS)
def test_text_that_arrives_as_string_view(backend: str) -> None:
    frame = sk.from_dict({"s": ["a text longer than twelve bytes", "b", None]})
    answer = (
        frame.sort("s", descending=True).select(n=col("s").str.len_chars()).collect(backend=backend)
    )
    assert answer["n"].to_list() == [None, 1, 31]


def test_panics_are_errors_of_scalekit() -> None:
    def panic(_: pl.DataFrame) -> pl.DataFrame:
        raise pl.exceptions.PanicException("stopped")

    with pytest.raises(sk.exceptions.ExecutionError, match="stopped"):
        sk.from_dict({"x": [1]}).map_batches(panic).collect(backend="polars")


@pytest.mark.parametrize("backend", BACKENDS)
def test_columns_that_are_replaced_beside_their_readers(backend: str) -> None:
    """Polars 2.1 (cluster_with_columns) lets an expression read what another one of its step has just made."""
    frame = sk.from_dict({"k": [1, 2], "x": [10, 20], "y": [3, 4], "z": [5, 6]})
    swapped = frame.with_row_index("n").with_columns(
        m=col("x").shift().over("k", order_by="n"), x="z", z="x"
    )
    assert swapped.collect(backend=backend).rows() == [
        (0, 1, 5, 3, 10, None),
        (1, 2, 6, 4, 20, None),
    ]
    chain = frame.with_columns(k=col("k") * 2).with_columns(
        x=col("x") + col("y"), k=col("x") - col("y"), v="k"
    )
    assert chain.collect(backend=backend).rows() == [(7, 13, 3, 5, 2), (16, 24, 4, 6, 4)]
    three = frame.with_columns(w="y").with_columns(w=col("y") + 1, v="w", y=col("k") + col("x"))
    assert three.collect(backend=backend).rows() == [(1, 10, 11, 5, 4, 3), (2, 20, 22, 6, 5, 4)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti", "cross"])
def test_slices_of_ordered_joins(how: str, backend: str) -> None:
    """Polars 2.1 drops the order of a join, and sorts below it, where a slice of it is put in no order."""
    left = sk.from_dict({"o": [0, 1, 2, 3, 4, 5], "i": [5, 3, 4, 1, 2, 0]}).sort("i")
    right = sk.from_dict({"o": [5, 4, 3, 1, 9], "v": [50, 40, 30, 10, 90]}).sort("v")
    on = {} if how == "cross" else {"on": "o"}
    coalesce = True if how == "full" else None
    joined = left.join(right, how=how, maintain_order="left", coalesce=coalesce, **on)
    whole = joined.collect(backend=backend)["o"].to_list()
    for cut in (lambda f: f.head(3), lambda f: f.tail(3), lambda f: f.slice(1, 2)):
        wanted = sorted(cut(pl.Series(whole)).to_list())
        rows = cut(joined).sort("o").collect(backend=backend)
        assert rows["o"].to_list() == wanted
        assert cut(joined).select(col("o").sum()).collect(backend=backend).item() == sum(wanted)
        assert joined.select(cut(col("o")).sum()).collect(backend=backend).item() == sum(wanted)


@pytest.mark.parametrize("backend", [*BACKENDS, "serial"])
def test_a_full_join_of_single_rows_in_the_order_of_the_right(backend: str) -> None:
    """Polars 2.1 streams the row of the left first, where both sides are aggregates of one row."""
    rows = sk.from_dict({"o": [1, 2, 2], "k": pl.Series([None] * 3, dtype=pl.Float64)})
    one = rows.select(n=col("o").n_unique(), k=col("k").max())
    joined = one.join(one, on="k", how="full", maintain_order="right_left")
    assert joined.collect(backend=backend)["n"].to_list() == [None, 2]
