"""Random expressions over the columns of a frame, for :mod:`scalekit.testing.random_plans`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from scalekit.expr.builders import col, lit
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as rows
from scalekit.frame.frame import Frame

Dice = random.Random


def columns_of_type(frame: Frame, fits: Callable[[str], bool]) -> list[str]:
    """Names of the columns whose type ``fits``."""
    return [name for name, dtype in frame.schema.items() if fits(str(dtype))]


def is_number(dtype: str) -> bool:
    """Whether a type is one of numbers."""
    return dtype.startswith(("Int", "UInt", "Float"))


def is_plain(dtype: str) -> bool:
    """Whether values of a type can be keys."""
    return not dtype.startswith(("List", "Struct", "Array", "Object"))


def number(frame: Frame, dice: Dice) -> Expr:
    """A number: a column, a function of one, or a constant."""
    names = columns_of_type(frame, is_number)
    if not names or dice.random() < 0.1:
        return lit(dice.choice((0, 1, -3, 2.5)))
    found = col(dice.choice(names))
    return dice.choice(_NUMERIC)(found, dice) if dice.random() < 0.5 else found


_NUMERIC: Sequence[Callable[[Expr, Dice], Expr]] = (
    lambda e, d: e + d.choice((1, -2, 0.5)),
    lambda e, d: e * d.choice((2, -1, 0.0)),
    lambda e, d: e // d.choice((2, -3, 0)),
    lambda e, d: e % d.choice((2, -3, 0)),
    lambda e, _: -e.cast(float),
    lambda e, _: e.abs(),
    lambda e, d: e.fill_null(d.choice((0, 1))),
    lambda e, _: e.cast(float).round(1),
    lambda e, _: e.cast(float).is_nan().cast(int),
    lambda e, d: e.clip(0, d.choice((3, 100))),
)


_TEXTUAL: Sequence[Callable[[Expr, Dice], Expr]] = (
    lambda e, _: e.str.to_uppercase(),
    lambda e, _: e.str.len_chars(),
    lambda e, d: e.str.slice(d.choice((0, 1, -2)), d.choice((1, None))),
    lambda e, d: e.str.replace_all(d.choice(("a", "[aeiou]")), d.choice(("", "$0$0"))),
    lambda e, _: e.str.strip_chars(),
    lambda e, d: e + d.choice(("-", "é")),
    lambda e, _: e.str.split("a"),
    lambda e, _: e.cast(int, strict=False),
    lambda e, d: e.fill_null(d.choice(("", "b"))),
)

_TEMPORAL: Sequence[Callable[[Expr, Dice], Expr]] = (
    lambda e, _: e.dt.year(),
    lambda e, _: e.dt.weekday(),
    lambda e, _: e.dt.month_start(),
    lambda e, d: e.dt.truncate(d.choice(("1d", "1w", "1mo"))),
    lambda e, _: e.dt.strftime("%d.%m.%Y"),
    lambda e, _: (e - e.min()).dt.total_days(),
)


def derived(frame: Frame, dice: Dice) -> Expr:
    """A value of a text or a date, or a number where there is none."""
    texts = columns_of_type(frame, lambda d: d == "String")
    # Dates at the ends of the calendar leave it in some steps, which some backends see and others drop.
    times = [c for c in columns_of_type(frame, lambda d: d == "Date") if c == "d"]
    choices = [lambda: number(frame, dice)]
    choices += [lambda: dice.choice(_TEXTUAL)(col(dice.choice(texts)), dice)] if texts else []
    choices += [lambda: dice.choice(_TEMPORAL)(col(dice.choice(times)), dice)] if times else []
    return dice.choice(choices)()


def condition(frame: Frame, dice: Dice) -> Expr:
    """Something that is true, false or null for each row."""
    choices: list[Callable[[], Expr]] = [
        lambda: number(frame, dice) > dice.choice((0, 1, 2.5)),
        lambda: number(frame, dice) != number(frame, dice),
        lambda: number(frame, dice).eq_missing(number(frame, dice)),
        lambda: number(frame, dice).is_between(0, dice.choice((2, 4.5))),
        lambda: col(dice.choice(frame.columns)).is_null(),
        lambda: number(frame, dice).cast(float).is_in([1.0, 2.0, None]),
    ]
    texts = columns_of_type(frame, lambda d: d == "String")
    if texts:
        choices += [
            lambda: col(dice.choice(texts)) == dice.choice(("a", "b", "")),
            lambda: col(dice.choice(texts)).str.contains(dice.choice(("a", "^b", "x|y"))),
        ]
    found = dice.choice(choices)()
    if dice.random() < 0.3:
        found = ~found
    return found & condition(frame, dice) if dice.random() < 0.2 else found


def aggregate(frame: Frame, dice: Dice, name: str) -> Expr:
    """One value of many rows."""
    plain = columns_of_type(frame, is_plain)
    found = dice.choice(
        [
            lambda: number(frame, dice).sum(),
            lambda: number(frame, dice).mean(),
            lambda: number(frame, dice).min(),
            lambda: number(frame, dice).max(),
            lambda: number(frame, dice).std(),
            lambda: number(frame, dice).median(),
            lambda: col(dice.choice(frame.columns)).count(),
            lambda: col(dice.choice(plain)).n_unique(),
            lambda: col(dice.choice(plain)).max(),
            lambda: number(frame, dice).filter(condition(frame, dice)).sum(),
            rows,
        ]
    )()
    return found.alias(name)


def keys_of(frame: Frame, dice: Dice) -> list[str]:
    """One or two columns by which rows can be grouped."""
    plain = columns_of_type(frame, is_plain)
    return dice.sample(plain, k=min(len(plain), dice.choice((1, 1, 2))))


ORDERED: Sequence[Callable[[Expr, Dice], Expr]] = (
    lambda e, d: e.shift(d.choice((1, -2))),
    lambda e, _: e.diff(),
    lambda e, _: e.cum_sum(),
    lambda e, d: e.cum_max(reverse=d.random() < 0.5),
    lambda e, _: e.cum_count(),
    lambda e, _: e.forward_fill(),
    lambda e, d: e.rank(d.choice(("ordinal", "min", "dense"))),
    lambda e, d: e.rolling_max(3, min_samples=d.choice((1, 3))),
    lambda e, d: e.rolling_sum(2, min_samples=d.choice((1, 2))),
    lambda e, _: e.is_first_distinct(),
    lambda e, _: e.first(),
    lambda e, _: e.last(),
)
"""Functions of a column that follow the order of rows."""
