"""Random plans over awkward data, run on every backend and compared: what nobody thought of writing as a case.

Run as ``python -m scalekit.testing.fuzz --plans 1000 --seed 0 --backend polars``. A plan that differs is
printed with its seed, from which it is built again.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Mapping, Sequence

from scalekit.errors import PlanError, ScalekitError
from scalekit.expr.builders import col, lit, when
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import len as rows
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat
from scalekit.plan.explain import render
from scalekit.plan.nodes import Scan
from scalekit.plan.order import has_total_order
from scalekit.sources.memory import MemorySource
from scalekit.testing.compare import assert_conforms, reference
from scalekit.testing.data import DATASETS, dataset

Dice = random.Random
Step = Callable[[Frame, Dice], Frame]

STEPS = 6
"""Steps of a plan, at most: what goes wrong goes wrong in short plans too."""


def plan_of(seed: int) -> Frame:
    """Build the random frame of a seed."""
    dice = random.Random(seed)
    frame = _start(dice)
    for _ in range(dice.randint(1, STEPS)):
        step = dice.choice(STEPS_TABLE)
        try:
            frame = step(frame, dice)
        except PlanError:
            continue
    return frame


def _start(dice: Dice) -> Frame:
    """A data set, often cut to no row, one or two: most bugs live at the edges."""
    name = dice.choice(DATASETS)
    # Floats at the end of their range overflow in one order of addition and not in another.
    table = dataset(name).drop("f", "f32") if name == "extreme" else dataset(name)
    kept = dice.sample(table.columns, k=dice.randint(3, 9))
    cut = table.head(dice.choice((0, 1, 2, 3, 7, 7, 7))).select(
        ["o", "k", *(c for c in kept if c not in "ok")]
    )
    return Frame(Scan(MemorySource(cut)))


def _columns(frame: Frame, fits: Callable[[str], bool]) -> list[str]:
    return [name for name, dtype in frame.schema.items() if fits(str(dtype))]


def _is_number(dtype: str) -> bool:
    return dtype.startswith(("Int", "UInt", "Float"))


def _is_plain(dtype: str) -> bool:
    return not dtype.startswith(("List", "Struct", "Array", "Object"))


def _number(frame: Frame, dice: Dice) -> Expr:
    names = _columns(frame, _is_number)
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


def _condition(frame: Frame, dice: Dice) -> Expr:
    choices: list[Callable[[], Expr]] = [
        lambda: _number(frame, dice) > dice.choice((0, 1, 2.5)),
        lambda: _number(frame, dice) != _number(frame, dice),
        lambda: col(dice.choice(frame.columns)).is_null(),
        lambda: _number(frame, dice).is_in([1, 2, None]),
    ]
    texts = _columns(frame, lambda d: d == "String")
    if texts:
        choices += [
            lambda: col(dice.choice(texts)) == dice.choice(("a", "b", "")),
            lambda: col(dice.choice(texts)).str.contains(dice.choice(("a", "^b", "x|y"))),
        ]
    found = dice.choice(choices)()
    if dice.random() < 0.3:
        found = ~found
    return found & _condition(frame, dice) if dice.random() < 0.2 else found


def _aggregate(frame: Frame, dice: Dice, name: str) -> Expr:
    plain = _columns(frame, _is_plain)
    found = dice.choice(
        [
            lambda: _number(frame, dice).sum(),
            lambda: _number(frame, dice).mean(),
            lambda: _number(frame, dice).min(),
            lambda: _number(frame, dice).max(),
            lambda: _number(frame, dice).std(),
            lambda: _number(frame, dice).median(),
            lambda: col(dice.choice(frame.columns)).count(),
            lambda: col(dice.choice(plain)).n_unique(),
            lambda: col(dice.choice(plain)).max(),
            lambda: _number(frame, dice).filter(_condition(frame, dice)).sum(),
            rows,
        ]
    )()
    return found.alias(name)


def _keys(frame: Frame, dice: Dice) -> list[str]:
    plain = _columns(frame, _is_plain)
    return dice.sample(plain, k=min(len(plain), dice.choice((1, 1, 2))))


def _filter(frame: Frame, dice: Dice) -> Frame:
    return frame.filter(_condition(frame, dice))


def _add(frame: Frame, dice: Dice) -> Frame:
    name = dice.choice(("n1", "n2", *frame.columns))
    choices: list[Callable[[], Expr]] = [
        lambda: _number(frame, dice),
        lambda: (
            when(_condition(frame, dice)).then(_number(frame, dice)).otherwise(_number(frame, dice))
        ),
        lambda: _aggregate(frame, dice, name),
        lambda: _aggregate(frame, dice, name).over(_keys(frame, dice)),
        lambda: _condition(frame, dice),
    ]
    value = dice.choice(choices)()
    return frame.with_columns(value.alias(name))


def _select(frame: Frame, dice: Dice) -> Frame:
    kept = dice.sample(frame.columns, k=dice.randint(1, len(frame.columns)))
    return frame.select(kept, made=_number(frame, dice))


def _group(frame: Frame, dice: Dice) -> Frame:
    keys = _keys(frame, dice)
    aggs = [_aggregate(frame, dice, f"a{i}") for i in range(dice.randint(0, 3))]
    return frame.group_by(keys, maintain_order=dice.random() < 0.3).agg(aggs)


def _reduce(frame: Frame, dice: Dice) -> Frame:
    return frame.select(_aggregate(frame, dice, f"a{i}") for i in range(dice.randint(1, 3)))


def _sort(frame: Frame, dice: Dice) -> Frame:
    keys = _keys(frame, dice)
    flags = [dice.random() < 0.5 for _ in keys]
    return frame.sort(keys, descending=flags, nulls_last=dice.random() < 0.5)


def _join(frame: Frame, dice: Dice) -> Frame:
    how = dice.choice(("inner", "left", "right", "full", "semi", "anti"))
    right = dice.choice((frame, _filter(frame, dice), _start(dice)))
    shared = [c for c in _columns(frame, _is_plain) if right.schema.get(c) == frame.schema[c]]
    keys = dice.sample(shared, k=min(len(shared), dice.choice((1, 1, 2))))
    if not keys:
        return frame
    return frame.join(right, on=keys, how=how, nulls_equal=dice.random() < 0.2)


def _unique(frame: Frame, dice: Dice) -> Frame:
    if has_total_order(frame._plan) and dice.random() < 0.5:
        return frame.unique(
            _keys(frame, dice), keep=dice.choice(("first", "last")), maintain_order=True
        )
    plain = frame.select(_columns(frame, _is_plain))
    return plain.unique(keep=dice.choice(("any", "none")))


def _cut(frame: Frame, dice: Dice) -> Frame:
    if not has_total_order(frame._plan):
        plain = _columns(frame, _is_plain)
        return frame.select(plain).sort(plain).head(dice.randint(0, 5))
    cuts = (
        lambda: frame.head(2),
        lambda: frame.tail(3),
        lambda: frame.slice(1, 2),
        frame.with_row_index,
    )
    return dice.choice(cuts)()


def _stack(frame: Frame, dice: Dice) -> Frame:
    return concat([frame, dice.choice((frame, _filter(frame, dice)))])


STEPS_TABLE: Sequence[Step] = (
    _filter, _filter, _add, _add, _select, _group, _reduce, _sort, _join, _unique, _cut, _stack,
)  # fmt: skip
"""What a plan is made of; what is used more stands twice."""


def check(seed: int, backends: Sequence[str]) -> Mapping[str, str]:
    """Build the plan of ``seed`` and compare every backend with the reference: backend to difference."""
    frame = plan_of(seed)
    found: dict[str, str] = {}
    try:
        reference(frame)
    except ScalekitError:
        # An optimizer may well drop the row that fails: only cases say which failures all backends share.
        return found
    for backend in backends:
        try:
            assert_conforms(frame, backend)
        except AssertionError as error:
            found[backend] = str(error)
    return found


def main() -> int:
    """Check as many plans as asked for; the exit code says whether any differed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--plans", type=int, default=1000, help="how many plans (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: %(default)s)")
    parser.add_argument(
        "--backend", default="polars,pandas", help="backends to compare (default: %(default)s)"
    )
    given = parser.parse_args()
    wrong = 0
    for seed in range(given.seed, given.seed + given.plans):
        for backend, difference in check(seed, given.backend.split(",")).items():
            wrong += 1
            sys.stdout.write(
                f"\nseed {seed} on {backend}:\n{render(plan_of(seed)._plan)}\n{difference}\n"
            )
    sys.stdout.write(f"{given.plans} plans from seed {given.seed}: {wrong} differ\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
