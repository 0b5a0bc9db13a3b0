"""The row hash: equal for equal values, whatever carries them; pinned by a golden file."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scalekit as sk
from scalekit.errors import ColumnNotFoundError, InvalidOperationError, SchemaError
from scalekit.kernels.row_hash import (
    check_hashable,
    hash_rows,
    hash_struct,
    salt,
    unit_interval,
)
from scalekit.kernels.value_hash import mix

GOLDEN = Path(__file__).parents[1] / "golden" / "row_hash.json"
MASK = (1 << 64) - 1


def hashes(values: pl.Series | pa.Array | pa.ChunkedArray) -> list[int]:
    if isinstance(values, pl.Series):
        return hash_rows(pl.DataFrame({"x": values})).tolist()
    return hash_rows(pa.table({"x": values})).tolist()


# ------------------------------------------------------------------------------- the golden file


def golden_frame() -> pl.DataFrame:
    """One hundred rows of many types, built by integer arithmetic alone."""
    n = pl.int_range(0, 100, eager=True).alias("n")
    odd = (n * 2862933555777941757 + 3037000493).alias("odd")
    words = ["", "a", "ä", "Zürich", "日本", "🙂", "exactly8", "nine byte", "x" * 40, "null"]
    return pl.DataFrame({"n": n, "odd": odd}).select(
        integer=pl.when(pl.col("n") % 13 != 5).then(pl.col("odd")),
        floating=pl.when(pl.col("n") % 11 != 3).then(pl.col("n") / 8 - 3),
        text=pl.when(pl.col("n") % 17 != 2).then(
            pl.Series([f"{words[i % 10]}{i // 10}" for i in range(100)])
        ),
        flag=pl.col("n") % 3 == 0,
        day=pl.lit(date(1969, 12, 1)) + pl.duration(days=pl.col("n")),
        moment=(pl.col("odd") // 1000).cast(pl.Datetime("us")),
        money=(pl.col("n") * 7).cast(pl.Decimal(10, 0)).cast(pl.Decimal(12, 2))
        / pl.lit(Decimal("4.00")),
        items=pl.concat_list(pl.col("n"), pl.col("n") + 1).list.head(pl.col("n") % 3),
        record=pl.struct(a=pl.col("n") // 2, b=pl.format("{}", pl.col("n"))),
    )


def golden_hashes() -> dict[str, list[str]]:
    frame = golden_frame()
    sets = {name: [name] for name in frame.columns} | {"all": frame.columns}
    return {
        label: [f"{h:016x}" for h in hash_rows(frame, columns, seed="v1", purpose="split").tolist()]
        for label, columns in sets.items()
    }


def test_a_thousand_hashes_are_what_they_were() -> None:
    expected = json.loads(GOLDEN.read_text())
    assert sum(len(values) for values in expected.values()) == 1000
    assert golden_hashes() == expected


def test_another_process_with_another_python_hash_seed_agrees() -> None:
    code = (
        "import polars as pl; from scalekit.kernels.row_hash import hash_rows;"
        "print(hash_rows(pl.DataFrame({'x': ['a', 'b']}), seed='s').tolist())"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "7"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert json.loads(out) == hash_rows(pl.DataFrame({"x": ["a", "b"]}), seed="s").tolist()


# ------------------------------------------------- the definition, spelled out a second time, slowly


def slow_mix(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & MASK
    return x ^ x >> 31


def slow_text(text: str) -> int:
    data = text.encode()
    total = 0
    for position in range((len(data) + 7) // 8):
        word = int.from_bytes(data[8 * position : 8 * position + 8], "little")
        key = slow_mix(slow_mix(position) ^ 0xC2B2AE3D27D4EB4F)
        total += slow_mix(word ^ key)
    return slow_mix((total ^ len(data) * 0x9E3779B97F4A7C15 ^ 0xEB44ACCAB455D165) & MASK)


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text(max_size=40)), max_size=20))
@settings(max_examples=60, deadline=None)
def test_the_fast_hash_equals_the_slow_definition(rows: list[tuple[int, str]]) -> None:
    frame = pl.DataFrame(rows, schema={"i": pl.Int64, "t": pl.String}, orient="row")
    start = int(salt("fold", 3))
    slow = [slow_mix(slow_mix(start ^ slow_mix(i & MASK)) ^ slow_text(t)) for i, t in rows]
    assert hash_rows(frame, seed=3, purpose="fold").tolist() == slow


def test_mix_is_in_place_and_one_to_one_over_many_blocks() -> None:
    values = np.arange(50_000, dtype=np.uint64)
    assert mix(values) is values
    assert values[40_000] == slow_mix(40_000)
    assert len(np.unique(values)) == 50_000


# ----------------------------------------------------------------------------------- equal values

SMALL = [0, 1, 7, 127, None]
ONES = [1, 0, None, 1]
INSTANT = datetime(2024, 2, 29, 12, 30, 5)


@pytest.mark.parametrize(
    "dtype",
    [
        pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
        pl.UInt128, pl.Float16, pl.Float32, pl.Float64, pl.Decimal(10, 0), pl.Decimal(38, 3),
    ],
)  # fmt: skip
def test_a_whole_number_hashes_alike_in_every_numeric_type(dtype: pl.DataType) -> None:
    assert hashes(pl.Series(SMALL, dtype=pl.Int64).cast(dtype)) == hashes(pl.Series(SMALL))


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int32, pl.Int128, pl.Float32, pl.Decimal(9, 2)])
def test_negative_numbers_too(dtype: pl.DataType) -> None:
    values = pl.Series([-1, -128, None, -100])
    assert hashes(values.cast(dtype)) == hashes(values)


@pytest.mark.parametrize("value", [2**63, 2**64 - 2**11])
def test_numbers_beyond_int64(value: int) -> None:
    expected = hashes(pl.Series([value], dtype=pl.UInt64))
    assert hashes(pl.Series([value], dtype=pl.Int128)) == expected
    assert hashes(pl.Series([value], dtype=pl.UInt128)) == expected
    assert hashes(pl.Series([float(value)])) == expected
    assert hashes(pa.array([Decimal(value)], pa.decimal128(38, 4))) == expected


def test_the_same_bits_with_another_sign_are_another_value() -> None:
    assert hashes(pl.Series([-1], dtype=pl.Int8)) != hashes(pl.Series([2**64 - 1], dtype=pl.UInt64))
    assert hashes(pl.Series([-1], dtype=pl.Int128)) != hashes(
        pl.Series([2**128 - 1], dtype=pl.UInt128)
    )


def test_wide_integers_agree_with_decimals_and_differ_from_each_other() -> None:
    values = [2**100 + 5, -(2**100) - 5, 2**100 + 6, 5, None]
    wide = hashes(pl.Series(values, dtype=pl.Int128))
    exact = [None if v is None else Decimal(v) for v in values]
    assert wide == hashes(pa.array(exact, pa.decimal128(38, 0)))
    assert wide[-2:] == hashes(pl.Series([5, None]))
    assert len(set(wide)) == 5


def test_booleans_are_zero_and_one() -> None:
    flags = pl.Series([None if v is None else bool(v) for v in ONES], dtype=pl.Boolean)
    assert hashes(flags) == hashes(pl.Series(ONES))


def test_zero_has_no_sign_and_there_is_one_nan() -> None:
    strange = np.array([0x7FF8000000000001, 0xFFF8000000000000], dtype=np.uint64).view(np.float64)
    zero, minus_zero, nan, other, other_sign = hashes(
        pl.Series([0.0, -0.0, float("nan"), *strange.tolist()])
    )
    assert zero == minus_zero
    assert nan == other == other_sign
    assert nan not in (zero, *hashes(pl.Series([None], dtype=pl.Float64)))


def test_floats_that_differ_by_one_bit_differ() -> None:
    edges = [0.5, np.nextafter(0.5, 1), 1e300, np.nextafter(1e300, 0), np.inf, -np.inf, 5e-324]
    assert len(set(hashes(pl.Series(edges)))) == len(edges)


def test_single_precision_is_its_exact_value() -> None:
    single = pl.Series([0.5, 0.1, 1e30], dtype=pl.Float32)
    assert hashes(single) == hashes(single.cast(pl.Float64))
    assert hashes(single)[1] != hashes(pl.Series([0.1]))[0]


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6
    )
)
@settings(max_examples=60, deadline=None)
def test_a_decimal_hashes_alike_at_every_scale_and_as_the_float_that_prints_it(
    value: Decimal,
) -> None:
    at_scale = [hashes(pa.array([value], pa.decimal128(38, s)))[0] for s in (6, 10, 20, 28)]
    assert at_scale == hashes(pl.Series([float(value)])) * 4


def test_long_decimals_are_told_apart() -> None:
    values = [
        Decimal("0.1000000000000000000001"),
        Decimal("0.1"),
        Decimal("0.10000000000000000000011"),
    ]
    at_25 = hashes(pa.array(values, pa.decimal128(38, 25)))
    assert at_25 == hashes(pa.array(values, pa.decimal128(38, 30)))
    assert len(set(at_25)) == 3


def test_decimals_of_narrow_storage_and_of_too_many_digits() -> None:
    values = [Decimal("1.50"), None]
    assert hashes(pa.array(values, pa.decimal32(7, 2))) == hashes(pl.Series([1.5, None]))
    assert hashes(pa.array(values, pa.decimal256(50, 2))) == hashes(pl.Series([1.5, None]))
    with pytest.raises(SchemaError, match="38 digits"):
        hashes(pa.array([Decimal(10) ** 60], pa.decimal256(70, 2)))


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Kolkata", "America/New_York"])
def test_an_instant_hashes_alike_in_every_unit_and_zone(unit: str, zone: str | None) -> None:
    values = pl.Series([INSTANT, datetime(1903, 1, 1), None], dtype=pl.Datetime("us"))
    other = values.dt.cast_time_unit(unit)
    if zone:
        other = other.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    assert hashes(other) == hashes(values)


def test_a_date_is_its_midnight() -> None:
    days = pl.Series([date(2024, 2, 29), date(1900, 1, 1), None])
    expected = hashes(days.cast(pl.Datetime("ns")))
    assert hashes(days) == expected
    assert hashes(days.to_arrow().cast(pa.date64())) == expected
    assert hashes(days.to_arrow().cast(pa.timestamp("s"))) == expected


def test_nanoseconds_beyond_microseconds_count() -> None:
    stamps = pl.Series([1_000, 1_001, 2_000, -1], dtype=pl.Int64).cast(pl.Datetime("ns"))
    got = hashes(stamps)
    assert len(set(got)) == 4
    assert [got[0], got[2]] == hashes(pl.Series([1, 2]).cast(pl.Datetime("us")))


def test_durations_and_times_of_day() -> None:
    spans = pl.Series([timedelta(seconds=-3), timedelta(days=2), None], dtype=pl.Duration("us"))
    assert (
        hashes(spans)
        == hashes(spans.cast(pl.Duration("ms")))
        == hashes(spans.cast(pl.Duration("ns")))
    )
    seconds = pa.array([1, 86_399, None], pa.time32("s"))
    assert (
        hashes(seconds)
        == hashes(seconds.cast(pa.time64("ns")))
        == hashes(seconds.cast(pa.time32("ms")))
    )
    assert len({*hashes(spans)[:2], *hashes(seconds)[:2]}) == 4


TEXTS = [
    "",
    "a",
    "ß",
    "Zürich",
    None,
    "exactly8",
    "exactly8+",
    "日本語のテキスト",
    "a\x00",
    "a",
    "x" * 999,
]


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
)
def test_text_hashes_alike_in_every_arrow_encoding(kind: pa.DataType) -> None:
    plain = pa.array(TEXTS)
    other = plain.dictionary_encode() if pa.types.is_dictionary(kind) else plain.cast(kind)
    assert hashes(other) == hashes(pl.Series(TEXTS))
    assert hashes(other.slice(3, 6)) == hashes(pl.Series(TEXTS))[3:9]


def test_categories_and_enums_are_their_text() -> None:
    texts = pl.Series(TEXTS)
    names = texts.drop_nulls().unique().sort(descending=True)
    assert hashes(texts.cast(pl.Categorical)) == hashes(texts)
    assert hashes(texts.cast(pl.Enum(names))) == hashes(texts)
    assert hashes(texts.cast(pl.Categorical)[4:6]) == hashes(texts)[4:6]


def test_dictionaries_of_numbers_nulls_and_run_ends() -> None:
    values = pa.array([5, 5, None, 300])
    assert hashes(values.dictionary_encode()) == hashes(values)
    coded = pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 0]), pa.array(["a", None]))
    assert hashes(coded) == hashes(pl.Series([None, "a", None, "a"]))
    assert hashes(pc.run_end_encode(values)) == hashes(values)
    nothing = pa.DictionaryArray.from_arrays(pa.array([None], pa.int8()), pa.array([], pa.string()))
    assert hashes(nothing) == hashes(pl.Series([None], dtype=pl.String))


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(3)])
def test_binary(kind: pa.DataType) -> None:
    values = [b"\xff\x00\x01", None, b"abc"]
    assert hashes(pa.array(values, kind)) == hashes(pl.Series(values))


def test_null_is_one_value_of_every_type() -> None:
    kinds = [pl.Null, pl.Int8, pl.String, pl.Float32, pl.Date, pl.List(pl.Int8), pl.Boolean]
    assert len({hashes(pl.Series([None], dtype=kind))[0] for kind in kinds}) == 1


def test_lists_by_their_values_in_order() -> None:
    rows = [[1, 2], [2, 1], [], None, [1, 2, None], [1, 2], [None]]
    lists = pl.Series(rows, dtype=pl.List(pl.Int64))
    got = hashes(lists)
    assert got[0] == got[5]
    assert len(set(got)) == 6
    assert hashes(lists.cast(pl.List(pl.Float32))) == got
    assert hashes(lists.slice(2, 4)) == got[2:6]
    assert hashes(pa.array(rows, pa.list_view(pa.int64()))) == got
    pairs = pl.Series([[1, 2], None, [2, 1]], dtype=pl.Array(pl.Int16, 2))
    assert hashes(pairs) == [got[0], got[3], got[1]]
    assert hashes(pairs.to_arrow().slice(1, 2)) == [got[3], got[1]]


def test_structs_by_their_fields_and_nested() -> None:
    rows = [{"a": 1, "b": ["x"]}, {"a": 1, "b": ["x", "x"]}, None, {"a": None, "b": None}]
    records = pl.Series(rows, dtype=pl.Struct({"a": pl.Int64, "b": pl.List(pl.String)}))
    got = hashes(records)
    assert len(set(got)) == 4
    narrow = records.cast(pl.Struct({"a": pl.Int8, "b": pl.List(pl.Categorical)}))
    assert hashes(narrow) == got
    assert hashes(records.to_arrow().slice(1, 2)) == got[1:3]


def test_maps_are_lists_of_pairs() -> None:
    kind = pa.map_(pa.string(), pa.int32())
    values = pa.array([[("a", 1)], [("a", 1), ("b", 2)], None], kind)
    pairs = [[{"k": "a", "v": 1}], [{"k": "a", "v": 1}, {"k": "b", "v": 2}], None]
    assert hashes(values) == hashes(pl.Series(pairs))
    assert hashes(values.slice(1, 1)) == hashes(values)[1:2]


# --------------------------------------------------------------------- rows, chunks, orders, salts


def ordinary(rows: int = 500) -> pl.DataFrame:
    return pl.DataFrame({"id": range(rows)}).with_columns(
        t=pl.format("name {}", pl.col("id") % 50),
        f=pl.when(pl.col("id") % 7 != 0).then(pl.col("id") / 3),
    )


@given(st.lists(st.integers(0, 500), max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_neither_chunks_nor_the_order_of_rows_matter(cuts: list[int], random: object) -> None:
    frame = ordinary()
    whole = hash_rows(frame)
    edges = [0, *sorted(cuts), 500]
    parts = [frame[a:b] for a, b in pairwise(edges)]
    chunked = pl.concat(parts, rechunk=False)
    assert (hash_rows(chunked) == whole).all()
    assert (hash_rows(pa.concat_tables([p.to_arrow() for p in parts])) == whole).all()
    order = list(range(500))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert (hash_rows(frame[order]) == whole[order]).all()


def test_the_order_of_columns_matters_and_other_columns_do_not() -> None:
    frame = ordinary()
    forth, back = hash_rows(frame, ["id", "f"]), hash_rows(frame, ["f", "id"])
    assert not (forth == back).any()
    assert (hash_rows(frame.select("f", "id"), ["id", "f"]) == forth).all()


def test_a_query_computes_it_as_a_column() -> None:
    frame = ordinary(3_000)
    column = pl.struct("id", "t").map_batches(
        hash_struct, return_dtype=pl.UInt64, is_elementwise=True
    )
    for engine in ("in-memory", "streaming"):
        got = frame.lazy().select(h=column).collect(engine=engine)["h"]
        assert (got.to_numpy() == hash_rows(frame, ["id", "t"])).all()


def test_purposes_and_seeds_are_independent() -> None:
    frame = pl.DataFrame({"id": range(20_000)})
    draws = [
        unit_interval(hash_rows(frame, seed=seed, purpose=purpose))
        for purpose in ("sample", "split", "fold", "block", "subsample")
        for seed in (0, 1, "v1")
    ]
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlation).max() < 0.04
    assert salt("split", 1) == salt("split", "1")


def test_the_unit_interval_is_even_and_half_open() -> None:
    edges = np.array([0, 1, MASK], dtype=np.uint64)
    assert unit_interval(edges).tolist() == [0.0, 0.0, 1 - 2.0**-53]
    draws = unit_interval(hash_rows(pl.DataFrame({"id": range(100_000)})))
    counts, _ = np.histogram(draws, bins=20, range=(0, 1))
    assert np.abs(counts - 5_000).max() < 5 * np.sqrt(5_000)


# -------------------------------------------------------------------------------------- collisions


def test_a_million_texts_that_look_alike_have_a_million_hashes() -> None:
    i = np.arange(250_000)
    near = [f"customer-{k:012d}" for k in i] + [f"{k:x}" for k in i]
    near += [f"{k % 500:08d}{k // 500:08d}tail" for k in i] + [
        "ab" * (k % 250) + chr(65 + k // 250) for k in i
    ]
    texts = pl.Series(near).unique()
    assert len(texts) > 950_000
    assert len(np.unique(hash_rows(texts.to_frame()))) == len(texts)


def test_swapped_words_padding_and_single_bits_are_told_apart() -> None:
    a, b = "AAAAAAAA", "BBBBBBBB"
    texts = [
        a + b,
        b + a,
        a + a,
        b + b,
        a,
        a + "\x00",
        a + "\x00" * 8,
        a + "\x00" * 7,
        "\x00",
        "\x00\x00",
        "",
    ]
    texts += ["".join(chr(33 + (k >> s & 1)) for s in range(14)) for k in range(1 << 14)]
    assert len(set(hashes(pl.Series(texts)))) == len(texts)


def test_rows_of_a_grid_have_distinct_hashes() -> None:
    grid = pl.DataFrame({"x": range(1_000)}).join(pl.DataFrame({"y": range(1_000)}), how="cross")
    assert len(np.unique(hash_rows(grid))) == 1_000_000


def test_every_input_bit_moves_half_of_the_output_bits() -> None:
    base = np.arange(2_000, dtype=np.int64) * 977
    reference = hash_rows(pl.DataFrame({"x": base}))
    for bit in range(0, 63, 5):
        flipped = hash_rows(pl.DataFrame({"x": base ^ (1 << bit)}))
        moved = np.bitwise_count(reference ^ flipped).mean()
        assert 31 < moved < 33


# ---------------------------------------------------------------------------------- empty and wrong


def test_no_rows_and_empty_kinds() -> None:
    for dtype in (
        pl.Int64,
        pl.String,
        pl.Decimal(5, 2),
        pl.List(pl.String),
        pl.Categorical,
        pl.Int128,
    ):
        assert len(hash_rows(pl.DataFrame(schema={"x": dtype}))) == 0
    assert len(hash_rows(pa.table({"x": pa.chunked_array([], pa.string())}))) == 0


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(ColumnNotFoundError, match="did you mean 'id'"):
        hash_rows(pl.DataFrame({"id": [1]}), ["idd"])


def test_what_has_no_hash_is_refused_by_name() -> None:
    with pytest.raises(SchemaError, match="'o' of type Object"):
        hash_rows(pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)}))
    with pytest.raises(SchemaError, match="'w' of type List"):
        check_hashable(pl.Schema({"w": pl.List(pl.Int128)}), ["w"])
    with pytest.raises(SchemaError, match="month_day_nano_interval"):
        hashes(pa.array([(1, 2, 3)], pa.month_day_nano_interval()))


def test_wrong_seeds_and_purposes() -> None:
    frame = pl.DataFrame({"id": [1]})
    with pytest.raises(InvalidOperationError, match="unknown purpose 'spilt'"):
        hash_rows(frame, purpose="spilt")  # type: ignore[arg-type]
    with pytest.raises(InvalidOperationError, match="integer or a text, not float"):
        hash_rows(frame, seed=1.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidOperationError, match="at least one column"):
        hash_rows(frame, [])


def test_time_zones_of_python() -> None:
    east = timezone(timedelta(hours=5))
    aware = pl.Series([INSTANT.replace(tzinfo=east)]).dt.convert_time_zone("Asia/Tokyo")
    assert hashes(aware) == hashes(pl.Series([INSTANT - timedelta(hours=5)]))


def test_an_expression_without_a_hash_is_refused_while_building() -> None:
    frame = sk.from_polars(pl.DataFrame({"w": pl.Series([[1]], dtype=pl.List(pl.Int64))}))
    wide = sk.col("w").cast(sk.List(sk.Int128))
    with pytest.raises(
        SchemaError, match=r"col\('w'\)\.cast.* of type List\(Int128\) has no row hash"
    ):
        frame.select(sk.row_hash(wide))


def test_the_function_is_the_hash_of_the_rows() -> None:
    frame = ordinary()
    got = (
        sk.from_polars(frame)
        .select(sk.row_hash("t", "id", "t"), sk.row_share("f", seed=3))
        .collect()
    )
    assert got.columns == ["row_hash", "row_share"]
    assert (got["row_hash"].to_numpy() == hash_rows(frame.select("t", "id", u="t"))).all()
    assert (got["row_share"].to_numpy() == unit_interval(hash_rows(frame, ["f"], seed=3))).all()
