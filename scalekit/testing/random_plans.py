"""Random plans over awkward data: steps that keep to what the contract decides, put together by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from scalekit.errors import PlanError
from scalekit.expr.builders import col, when
from scalekit.expr.expr import Expr
from scalekit.frame.frame import Frame
from scalekit.io.combine import concat
from scalekit.plan.nodes import Scan
from scalekit.plan.order import has_total_order
from scalekit.sources.memory import MemorySource
from scalekit.testing.data import DATASETS, dataset
from scalekit.testing.random_expressions import (
    ORDERED,
    Dice,
    aggregate,
    columns_of_type,
    condition,
    derived,
    is_number,
    is_plain,
    keys_of,
    number,
)

Step = Callable[[Frame, Dice], Frame]

STEPS = 6
"""Steps of a plan, at most: what goes wrong goes wrong in short plans too."""


def plan_of(seed: int) -> Frame:
    """Build the random frame of a seed."""
    return random_plan(random.Random(seed))


def random_plan(dice: Dice) -> Frame:
    """Build a frame by chance; dice that Hypothesis throws find the shortest plan that shows a difference."""
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
    cut = table.head(dice.choice((0, 1, 2, 3, 7, 7, 7, 7, 7))).select(
        ["o", "k", *(c for c in kept if c not in "ok")]
    )
    return Frame(Scan(MemorySource(cut)))


def _filter(frame: Frame, dice: Dice) -> Frame:
    return frame.filter(condition(frame, dice))


def _add(frame: Frame, dice: Dice) -> Frame:
    name = dice.choice(("n1", "n2", *frame.columns))
    choices: list[Callable[[], Expr]] = [
        lambda: number(frame, dice),
        lambda: (
            when(condition(frame, dice)).then(number(frame, dice)).otherwise(number(frame, dice))
        ),
        lambda: (
            when(condition(frame, dice))
            .then(number(frame, dice))
            .when(condition(frame, dice))
            .then(number(frame, dice))
        ),
        lambda: derived(frame, dice),
        lambda: aggregate(frame, dice, name),
        lambda: aggregate(frame, dice, name).over(keys_of(frame, dice)),
        lambda: condition(frame, dice),
    ]
    value = dice.choice(choices)()
    return frame.with_columns(value.alias(name))


def _follow(frame: Frame, dice: Dice) -> Frame:
    """Add what depends on the order of rows, of all or of a group."""
    names = columns_of_type(frame, is_number)
    if not names or not has_total_order(frame._plan):
        return frame
    value = dice.choice(ORDERED)(col(dice.choice(names)), dice).alias("run")
    if dice.random() < 0.5 or "at" in frame.columns:
        return frame.with_columns(value)
    # Rows of equal keys may come in any order: places are never equal.
    placed = frame.with_row_index("at")
    return placed.with_columns(
        value.over(keys_of(frame, dice), order_by="at", descending=dice.random() < 0.5).alias("run")
    )


def _select(frame: Frame, dice: Dice) -> Frame:
    kept = dice.sample(frame.columns, k=dice.randint(1, len(frame.columns)))
    return frame.select(kept, made=number(frame, dice))


def _group(frame: Frame, dice: Dice) -> Frame:
    keys = keys_of(frame, dice)
    aggs = [aggregate(frame, dice, f"a{i}") for i in range(dice.randint(0, 3))]
    return frame.group_by(keys, maintain_order=dice.random() < 0.3).agg(aggs)


def _reduce(frame: Frame, dice: Dice) -> Frame:
    return frame.select(aggregate(frame, dice, f"a{i}") for i in range(dice.randint(1, 3)))


def _sort(frame: Frame, dice: Dice) -> Frame:
    keys = keys_of(frame, dice)
    flags = [dice.random() < 0.5 for _ in keys]
    return frame.sort(keys, descending=flags, nulls_last=dice.random() < 0.5)


def _join(frame: Frame, dice: Dice) -> Frame:
    how = dice.choice(("inner", "left", "right", "full", "semi", "anti"))
    right = dice.choice((frame, _filter(frame, dice), _start(dice)))
    shared = [c for c in columns_of_type(frame, is_plain) if right.schema.get(c) == frame.schema[c]]
    keys = dice.sample(shared, k=min(len(shared), dice.choice((1, 1, 2))))
    if not keys:
        return frame
    return frame.join(
        right,
        on=keys,
        how=how,
        nulls_equal=dice.random() < 0.2,
        suffix=dice.choice(("_right", "_right", "_x")),
        coalesce=dice.choice((None, None, True)) if how not in ("semi", "anti") else None,
        maintain_order=dice.choice((None, None, "left", "right")),
    )


def _nearest(frame: Frame, dice: Dice) -> Frame:
    right = dice.choice((frame, _start(dice)))
    keys = [c for c in columns_of_type(frame, lambda d: d == "Int64") if c in right.columns]
    if not keys or not has_total_order(right._plan):
        return frame
    by = "k" if "k" in frame.columns and "k" in right.columns and dice.random() < 0.5 else None
    return frame.join_asof(
        right,
        on=dice.choice(keys),
        by=by,
        strategy=dice.choice(("backward", "forward", "nearest")),
        allow_exact_matches=dice.random() < 0.8,
        suffix=dice.choice(("_right", "_near")),
    )


def _overwrite(frame: Frame, dice: Dice) -> Frame:
    right = dice.choice((_filter(frame, dice), _start(dice)))
    shared = [c for c in columns_of_type(frame, is_plain) if right.schema.get(c) == frame.schema[c]]
    if not shared:
        return frame
    kept = [dice.choice(shared), *(c for c in shared if dice.random() < 0.3)]
    return frame.update(
        right.select(list(dict.fromkeys(kept))),
        on=kept[0],
        how=dice.choice(("left", "inner", "full")),
        include_nulls=dice.random() < 0.5,
        maintain_order=None if dice.random() < 0.5 else "left",
    )


def _rename(frame: Frame, dice: Dice) -> Frame:
    """Let columns take each other's names, by either of two ways."""
    if len(frame.columns) < 2:
        return frame
    a, b = dice.sample(frame.columns, k=2)
    if dice.random() < 0.5:
        return frame.rename({a: b, b: a})
    return frame.with_columns(**{a: col(b), b: col(a)})


def _reshape(frame: Frame, dice: Dice) -> Frame:
    numbers, lists = (
        columns_of_type(frame, is_number),
        columns_of_type(frame, lambda d: d.startswith("List")),
    )
    keys = keys_of(frame, dice)
    choices: list[Callable[[], Frame]] = [
        lambda: frame.unpivot(
            dice.sample(numbers, k=min(2, len(numbers))),
            index=[k for k in keys if k not in numbers],
        ),
        lambda: frame.pivot(
            "k",
            ["a", "b"],
            index=[k for k in keys if k != "k"],
            values=dice.choice(numbers),
            aggregate_function=dice.choice(("sum", "min", "len")),
        ),
    ]
    choices *= bool(numbers)
    choices += [
        lambda: frame.explode(
            dice.choice(lists),
            empty_as_null=dice.random() < 0.5,
            keep_nulls=dice.random() < 0.5,
        )
    ] * bool(lists)
    return dice.choice(choices)() if choices else frame


def _fill(frame: Frame, dice: Dice) -> Frame:
    some = dice.sample(frame.columns, k=min(2, len(frame.columns)))
    choices: list[Callable[[], Frame]] = [
        lambda: frame.fill_null(dice.choice((0, "a"))),
        lambda: frame.fill_nan(None),
        lambda: frame.drop_nulls(some),
        frame.drop_nans,
        lambda: frame.remove(condition(frame, dice)),
    ]
    if has_total_order(frame._plan):
        choices.append(lambda: frame.fill_null(strategy=dice.choice(("forward", "backward"))))
        choices.append(lambda: frame.sample(fraction=0.6, seed=dice.randint(0, 9)))
        choices.append(lambda: frame.sample(3, seed=dice.randint(0, 9)))
        choices.append(lambda: frame.map_batches(lambda t: t.reverse()))
    return dice.choice(choices)()


def _unique(frame: Frame, dice: Dice) -> Frame:
    if has_total_order(frame._plan) and dice.random() < 0.5:
        return frame.unique(
            keys_of(frame, dice), keep=dice.choice(("first", "last")), maintain_order=True
        )
    plain = frame.select(columns_of_type(frame, is_plain))
    return plain.unique(keep=dice.choice(("any", "none")))


def _cut(frame: Frame, dice: Dice) -> Frame:
    if not has_total_order(frame._plan):
        plain = columns_of_type(frame, is_plain)
        few = dice.randint(0, 5)
        if dice.random() < 0.3:
            return frame.select(plain).top_k(few, by=plain, reverse=dice.random() < 0.5)
        return frame.select(plain).sort(plain).head(few)
    cuts = (
        lambda: frame.head(2),
        lambda: frame.tail(3),
        lambda: frame.slice(1, 2),
        lambda: frame.slice(-4, 2),
        lambda: frame.gather_every(2, 1),
        frame.reverse,
        frame.with_row_index,
    )
    return dice.choice(cuts)()


def _stack(frame: Frame, dice: Dice) -> Frame:
    return concat([frame, dice.choice((frame, _filter(frame, dice)))])


STEPS_TABLE: Sequence[Step] = (
    _filter, _filter, _add, _add, _add, _select, _group, _group, _reduce, _sort, _sort, _join, _join,
    _unique, _cut, _cut, _stack, _follow, _follow, _nearest, _overwrite, _rename, _reshape, _fill,
)  # fmt: skip
"""What a plan is made of; what is used more stands twice."""
