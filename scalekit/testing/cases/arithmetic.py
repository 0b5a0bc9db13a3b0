"""Operators and elementwise mathematics."""

from __future__ import annotations

from datetime import date

from scalekit.expr.builders import col, lit
from scalekit.testing.case import Case

_INTEGERS = ("i", "i32", "i8")
_NUMBERS = (*_INTEGERS, "u8", "f", "f32")
_FLOATS = ("f", "f32")
_UNIT = (*_FLOATS, "i")
_NAN = float("nan")


def _of_angles(name: str) -> Case:
    return Case(name, lambda f: f.select(getattr(col(*_UNIT), name)()))


CASES = (
    Case("add", lambda f: f.select(col(*_NUMBERS) + 1)),
    Case("add", lambda f: f.select(col(*_NUMBERS, "dec") + col(*_NUMBERS, "dec")), "itself"),
    Case("add", lambda f: f.select(a=col("i8") + col("i32"), b=col("u8") + col("i8"), c=col("i") + col("f")), "types"),
    Case("add", lambda f: f.select(a=col("s") + "x", b="x" + col("s"), c=col("s") + col("k")), "text"),
    Case("add", lambda f: f.select(a=col("d") + col("dur"), b=col("dur") + col("dur")), "times"),
    Case("add", lambda f: f.select((2 + col(*_NUMBERS)).name.keep()), "reflected"),
    Case("sub", lambda f: f.select(a=col("i") - 1, b=1 - col("i"), c=col("f") - col("f32"), d=col("t") - col("t").min())),
    Case("mul", lambda f: f.select(a=col("i8") * col("i8"), b=2 * col("f"), c=col("i32") * col("f32"), d=col("dec") * col("dec"))),
    Case("truediv", lambda f: f.select(col(*_NUMBERS) / col(*_NUMBERS))),
    Case("truediv", lambda f: f.select(col(*_NUMBERS) / 0), "zero"),
    Case("truediv", lambda f: f.select(a=col("i8") / col("f32"), b=1 / col("f32"), c=col("f32") / 2, d=col("b") / col("f32")), "types"),
    Case("floordiv", lambda f: f.select(a=col("i") // 2, b=col("i") // col("i8"), c=col("f") // col("f32"), d=7 // col("i8"))),
    Case("floordiv", lambda f: f.select(a=col("i") // -2, b=col("i") // 0, c=col("f") // 0, d=col("u8") // 2), "signs"),
    Case("mod", lambda f: f.select(a=col("i") % 3, b=col("i") % col("i8"), c=col("f") % 2.0, d=7 % col("i8"))),
    Case("mod", lambda f: f.select(a=col("i") % -3, b=col("i") % 0, c=col("f") % -2.0, d=col("u8") % 3), "signs"),
    Case("pow", lambda f: f.select(a=col("i8") ** 2, b=col("f") ** 2, c=col("f") ** 0.5, d=col("i32") ** 0.5)),
    Case("pow", lambda f: f.select(a=2 ** col("u8"), b=2.0 ** col("i8"), c=col("f32") ** col("f32")), "reflected"),
    Case("neg", lambda f: f.select(-col(*_INTEGERS, *_FLOATS, "dec", "dur"))),
    Case("eq", lambda f: f.select(col(*_NUMBERS, "s", "d", "t", "tz", "c", "e", "b", "dec", "bin", "tm", "dur") == col(*_NUMBERS, "s", "d", "t", "tz", "c", "e", "b", "dec", "bin", "tm", "dur"))),
    Case("eq", lambda f: f.select(a=col("i") == 1, b=col("f") == _NAN, c=col("s") == "apple", d=col("i") == None)),  # noqa: E711
    Case("ne", lambda f: f.select(a=col("i") != 1, b=col("f") != _NAN, c=col("s") != "apple", d=col("e") != "low")),
    Case("ne", lambda f: f.filter(col("k") != "a").select("o"), "filter"),
    Case("lt", lambda f: f.select(a=col("i") < 2, b=col("f") < 1, c=col("s") < "b", d=col("i") < col("f"))),
    Case("le", lambda f: f.select(a=col("i") <= 2, b=col("f") <= float("inf"), c=col("d") <= lit(date(2024, 6, 1)))),
    Case("gt", lambda f: f.select(a=col("i") > 2, b=col("f") > 1, c=col("f") > float("inf"), d=col("s") > "b")),
    Case("ge", lambda f: f.select(a=col("i") >= 2, b=col("f") >= _NAN, c=col("i8") >= col("u8"))),
    Case("abs", lambda f: f.select(col("i32", *_FLOATS, "u8", "dec").abs())),
    Case("sqrt", lambda f: f.select(col(*_NUMBERS).sqrt())),
    Case("cbrt", lambda f: f.select(col(*_UNIT).cbrt())),
    Case("exp", lambda f: f.select(col(*_FLOATS, "i8").exp())),
    Case("log", lambda f: f.select(a=col("f").log(), b=col("i").log(2), c=col("f").log(col("u8")), d=col("f32").log(10))),
    Case("log10", lambda f: f.select(col(*_UNIT).log10())),
    Case("log1p", lambda f: f.select(col(*_UNIT).log1p())),
    Case("ceil", lambda f: f.select(col(*_UNIT).ceil())),
    Case("floor", lambda f: f.select(col(*_UNIT).floor())),
    Case("round", lambda f: f.select(a=col("f").round(), b=col("f").round(1), c=col("i").round(1), d=col("f32").round(0))),
    Case("round", lambda f: f.select(col(*_FLOATS, "dec").round(1, mode="half_away_from_zero")), "away"),
    Case("round_sig_figs", lambda f: f.select(col("f", "i8").round_sig_figs(2))),
    Case("truncate", lambda f: f.select(a=col("f").truncate(), b=col("f").truncate(1), c=col("i").truncate())),
    Case("sign", lambda f: f.select(col(*_NUMBERS).sign())),
    Case("clip", lambda f: f.select(col(*_NUMBERS).clip(1, 3))),
    Case("clip", lambda f: f.select(a=col("i").clip("i8"), b=col("f").clip(upper_bound=1.0), c=col("d").clip(upper_bound=col("d").min())), "bounds"),
    *map(
        _of_angles,
        ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "degrees", "radians"),
    ),
)  # fmt: skip
