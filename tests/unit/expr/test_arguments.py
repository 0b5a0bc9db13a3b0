"""Wrong arguments are refused by the method that the user called, or by the frame's, before any row is read."""

from __future__ import annotations

import pytest

import scalekit as sk
from scalekit import col
from scalekit.errors import InvalidOperationError, PlanError, SchemaError

X = col("x")
FRAME = sk.from_dict({"x": [1.0, 2.0], "s": ["a", "b"]})


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: X.round(-1), "decimals must be at least 0"),
        (lambda: X.round(mode="up"), "unknown mode 'up'; known: 'half_to_even', 'half_away_from_zero'"),
        (lambda: X.round_sig_figs(0), "digits must be at least 1"),
        (lambda: X.truncate(-1), "decimals must be at least 0"),
        (lambda: X.is_between(1, 2, "all"), "unknown closed 'all'"),
        (lambda: X.is_close(1, abs_tol=-1), "abs_tol must be at least 0"),
        (X.fill_null, "either a value or a strategy"),
        (lambda: X.fill_null(1, "forward"), "either a value or a strategy"),
        (lambda: X.fill_null(strategy="next"), "unknown strategy 'next'"),
        (lambda: X.fill_null(strategy="mean", limit=1), "limit belongs to"),
        (lambda: X.interpolate("cubic"), "unknown method 'cubic'"),
        (lambda: X.quantile(1.5), "quantile must lie between 0 and 1, got 1.5"),
        (lambda: X.quantile([0.5, -1]), "quantile must lie between 0 and 1, got -1"),
        (lambda: X.quantile(0.5, "middle"), "unknown interpolation 'middle'"),
        (lambda: X.approx_quantile(0.5, method="tdigest"), "unknown method 'tdigest'"),
        (lambda: X.rank("first"), "unknown method 'first'"),
        (lambda: X.diff(null_behavior="keep"), "unknown null_behavior"),
        (X.ewm_mean, "exactly one of com, span, half_life, alpha; got none"),
        (lambda: X.ewm_std(alpha=0.5, com=1), r"got \['com', 'alpha'\]"),
        (lambda: X.rolling_sum(0), "window_size must be at least 1"),
        (lambda: X.rolling_quantile(2, window_size=2), "quantile must lie between 0 and 1"),
        (lambda: X.rolling_mean_by("t", "2i", closed="in"), "unknown closed 'in'"),
        (lambda: X.sample(2, fraction=0.5), "either n or fraction"),
        (lambda: X.sample(-1), "n must be at least 0"),
        (lambda: X.sample(fraction=1.5), "fraction must lie between 0 and 1"),
        (X.filter, "at least one condition"),
        (lambda: X.sort_by([]), "at least one key"),
        (lambda: X.gather_every(0), "n must be at least 1"),
        (lambda: X.replace([1]), "takes a mapping, or old values and new ones"),
        (lambda: X.qcut([2.0]), "quantiles must lie between 0 and 1"),
        (lambda: X.map_batches(len, sk.Int64, is_elementwise=True, returns_scalar=True), "not both"),
        (lambda: X.map_elements(len, sk.Int64, strategy="gpu"), "unknown strategy 'gpu'"),
        (sk.sum_horizontal, "needs at least one expression"),
        (sk.coalesce, "missing 1 required positional argument"),
        (lambda: sk.concat_str([]), "needs at least one expression"),
        (sk.struct, "needs at least one expression"),
        (lambda: sk.format("{} {}", "x"), "got 1 expressions for 2 places"),
        (lambda: sk.format("{x}", "x"), "takes empty braces"),
        (lambda: sk.corr("x", "x", method="kendall"), "unknown method 'kendall'"),
        (lambda: sk.int_range(3, step=0), "step other than 0"),
        (lambda: sk.int_range(3, dtype=sk.Float64), "a type of integers"),
        (lambda: sk.business_day_count("x", "x", week_mask=[True]), "seven days"),
        (lambda: sk.duration(time_unit="s"), "unknown time_unit 's'"),
        (sk.sum, "needs the name of a column"),
        (lambda: sk.reduce(lambda a, b: a, []), "at least one expression"),
        (lambda: X.cast(int).cast(sk.dtype_of("x")).map_elements(len, sk.dtype_of("x")), "dtype_of"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_refused_by_the_method_called(build, message):
    with pytest.raises((PlanError, TypeError), match=message):
        build()


@pytest.mark.parametrize(
    "expr",
    [
        col("s").sum(), col("s").mean(), col("s").sqrt(), -col("s"), col("s").rolling_sum(2),
        col("s").cum_sum(), X.bitwise_and(), col("s").any(), X + sk.struct("s"), X.cut([1.0], labels=["a"]),
        X.cut([2.0, 1.0], labels=["a", "b", "a"]), X.dot("s"), col("s").rolling_mean(2), col("s").skew(), col("s").ewm_mean(alpha=0.5), col("s").cut([1]),
    ],
    ids=str,
)  # fmt: skip
def test_types_that_do_not_fit_are_refused_while_building(expr):
    with pytest.raises(PlanError):
        FRAME.select(expr)


def test_a_fold_needs_a_function_of_expressions_unless_it_says_a_type():
    def of_series(a, b):
        return a.zip_with(a > b, b)

    with pytest.raises(PlanError, match=r"of_series.*called with expressions.*return_dtype="):
        FRAME.select(sk.reduce(of_series, ["x", "x"]))
    larger = sk.reduce(of_series, [X, X + 1], return_dtype=sk.Float64)
    assert FRAME.select(larger).collect()["x"].to_list() == [2.0, 3.0]
    with pytest.raises(PlanError, match="gave int, not an expression"):
        FRAME.select(sk.fold(0, lambda a, b: 1, ["x"]))
    with pytest.raises(SchemaError, match="dtype_of"):
        sk.fold(0, of_series, ["x"], return_dtype=sk.dtype_of("x"))


def test_when_is_a_chain_that_is_null_without_an_otherwise():
    size = sk.when(X > 1).then(sk.lit("big"))
    assert FRAME.select(size).collect().to_series().to_list() == [None, "big"]
    named = sk.when(s="a", x=1.0).then(1).when(s="b").then(2).otherwise(3)
    assert FRAME.select(named).collect().to_series().to_list() == [1, 2]
    with pytest.raises(PlanError, match="at least one condition"):
        sk.when()


def test_an_operand_of_no_known_type_is_refused():
    with pytest.raises(PlanError, match="cannot be part of an expression"):
        X + object()
    with pytest.raises(InvalidOperationError, match="an argument does not fit"):
        FRAME.select(X.round("two"))
