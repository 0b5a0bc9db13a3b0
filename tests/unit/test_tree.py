from __future__ import annotations

import gc
import pickle
import weakref
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalekit.expr.node import Column
from scalekit.plan.nodes import Select
from scalekit.tree import Node, children, map_children, memo, node, rewrite, updated, walk


class Tree(Node):
    """A family for the tests."""


Tree.family = Tree


@node
class Leaf(Tree):
    value: Any


@node
class Branch(Tree):
    arms: tuple[Tree, ...]
    label: str = ""


@node
class Link(Tree):
    below: Tree


class Other(Node):
    """A second family, as plans are to expressions."""


Other.family = Other


@node
class Holder(Other):
    tree: Tree
    pairs: tuple[tuple[str, Tree], ...] = ()
    below: Other | None = None


DEEP = 20_000


def chain(depth: int, end: object = 0) -> Tree:
    tree: Tree = Leaf(end)
    for _ in range(depth):
        tree = Link(tree)
    return tree


# Children and order


def test_children_are_the_fields_of_the_family_in_order():
    a, b, c = Leaf("a"), Leaf("b"), Leaf("c")
    assert children(Branch((a, b, c))) == (a, b, c)
    assert children(a) == ()


def test_children_of_another_family_are_values():
    held = Holder(Leaf(1), below=Holder(Leaf(2)))
    assert children(held) == (Holder(Leaf(2)),)


def test_walk_yields_children_before_parents_in_field_order():
    left, right = Branch((Leaf(1), Leaf(2))), Branch((Leaf(3),))
    root = Branch((left, right))
    assert list(walk(root)) == [Leaf(1), Leaf(2), left, Leaf(3), right, root]


def test_walk_yields_a_shared_node_once():
    shared = Branch((Leaf(1),))
    root = Branch((shared, Link(shared), Branch((Leaf(1),))))
    assert list(walk(root)) == [Leaf(1), shared, Link(shared), root]


def test_walk_is_linear_in_distinct_nodes():
    tree: Tree = Leaf(0)
    for _ in range(200):  # 2**200 paths
        tree = Branch((tree, tree))
    assert sum(1 for _ in walk(tree)) == 201


# Rewriting


def test_nothing_changed_is_the_same_object():
    root = Branch((Link(Leaf(1)), Leaf(2)))
    assert rewrite(root, lambda n: n) is root
    assert map_children(root, lambda n: n) is root


def test_only_the_way_to_a_change_is_new():
    kept, changed = Link(Leaf(1)), Link(Leaf(2))
    root = Branch((kept, changed), label="x")
    new = rewrite(root, lambda n: Leaf(20) if n == Leaf(2) else n)
    assert new == Branch((Link(Leaf(1)), Link(Leaf(20))), label="x")
    assert children(new)[0] is kept
    assert root == Branch((Link(Leaf(1)), Link(Leaf(2))), label="x")


def test_a_rule_sees_each_distinct_node_once_with_new_children():
    seen: list[Tree] = []

    def rule(tree: Tree) -> Tree:
        seen.append(tree)
        return Leaf(tree.value + 1) if isinstance(tree, Leaf) else tree

    shared = Link(Leaf(1))
    new = rewrite(Branch((shared, shared)), rule)
    assert seen == [Leaf(1), Link(Leaf(2)), Branch((Link(Leaf(2)), Link(Leaf(2))))]
    first, second = children(new)
    assert first is second


# Equality


def test_equal_by_structure():
    assert Branch((Leaf(1), Leaf("a"))) == Branch((Leaf(1), Leaf("a")))
    assert hash(Branch((Leaf(1),))) == hash(Branch((Leaf(1),)))
    assert Branch((Leaf(1),)) != Branch((Leaf(1), Leaf(1)))
    assert Branch((Leaf(1),), label="x") != Branch((Leaf(1),), label="y")
    assert Link(Leaf(1)) != Branch((Leaf(1),))
    assert Leaf(1) != 1


def test_values_inside_other_families_count():
    assert Holder(Leaf(1), (("a", Leaf(2)),)) == Holder(Leaf(1), (("a", Leaf(2)),))
    assert Holder(Leaf(1), (("a", Leaf(2)),)) != Holder(Leaf(1), (("a", Leaf(3)),))
    assert Holder(Leaf(1), (("a", Leaf(2)),)) != Holder(Leaf(1), (("b", Leaf(2)),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        (Decimal("1.0"), Decimal("1.00")),
        (1, Decimal(1)),
        ((1, 2), (True, 2)),
        ((1, 0), (True, False)),
        ((1, 2), (1.0, 2.0)),
        ((0.0, 1.0), (-0.0, 1.0)),
        (
            datetime(2024, 1, 1, 12, tzinfo=UTC),
            datetime(2024, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        ),
        (datetime(2024, 10, 27, 2, 30), datetime(2024, 10, 27, 2, 30, fold=1)),
        ("1", 1),
        (None, False),
    ],
)
def test_values_that_python_folds_are_two(one, other):
    assert Leaf(one) != Leaf(other)
    assert Branch((Leaf(one), Leaf(other))) != Branch((Leaf(one), Leaf(one)))
    assert list(walk(Branch((Leaf(one), Leaf(other)))))[:2] == [Leaf(one), Leaf(other)]


def test_nan_is_itself():
    assert Leaf(float("nan")) == Leaf(float("nan"))
    assert hash(Leaf(float("nan"))) == hash(Leaf(float("nan")))


def test_equality_of_shared_trees_is_linear():
    def tower() -> Tree:
        tree: Tree = Leaf(0)
        for _ in range(100):
            tree = Branch((tree, tree))
        return tree

    assert tower() == tower()


# Depth


def test_a_deep_chain_hashes_compares_and_walks():
    one, two = chain(DEEP), chain(DEEP)
    assert hash(one) == hash(two)
    assert one == two
    assert one != chain(DEEP, end=1)
    assert sum(1 for _ in walk(one)) == DEEP + 1


def test_a_deep_chain_is_rewritten():
    new = rewrite(chain(DEEP), lambda n: Leaf(1) if n == Leaf(0) else n)
    assert new == chain(DEEP, end=1)


def test_a_deep_chain_pickles():
    assert pickle.loads(pickle.dumps(chain(DEEP))) == chain(DEEP)


def test_a_deep_chain_prints_and_dies():
    tree = chain(DEEP)
    assert repr(tree).endswith("Link(...)" + ")" * 20)
    del tree
    gc.collect()


# Pickle


def test_pickle_keeps_structure_and_sharing():
    shared = Link(Leaf((1, "a", None)))
    root = Holder(Branch((shared, shared)), (("x", shared),), below=Holder(shared))
    back = pickle.loads(pickle.dumps(root))
    assert back == root
    first, second = children(back.tree)
    assert first is second
    assert back.pairs[0][1] is first
    assert back.below.tree is first


def test_pickle_leaves_memos_behind():
    tree = Link(Leaf(1))
    memo(tree, "schema", lambda: "kept")
    hash(tree)
    assert set(pickle.loads(pickle.dumps(tree)).__dict__) == {"below"}


# Memos


def test_a_memo_is_computed_once_and_dies_with_its_node():
    class Value:
        pass

    calls: list[int] = []

    def compute() -> Value:
        calls.append(1)
        return Value()

    owner = Leaf(1)
    watched = weakref.ref(memo(owner, "value", compute))
    assert memo(owner, "value", compute) is watched()
    assert calls == [1]
    del owner
    gc.collect()
    assert watched() is None


def test_repr_reads_as_the_constructor():
    tree = Branch((Leaf(1), Link(Leaf("a"))), label="x")
    assert repr(tree) == "Branch(arms=(Leaf(value=1), Link(below=Leaf(value='a'))), label='x')"
    assert eval(repr(tree)) == tree


trees = st.recursive(
    st.builds(Leaf, st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())),
    lambda inner: st.one_of(
        st.builds(Link, inner), st.builds(Branch, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=12,
)


@given(trees)
def test_any_tree_survives_pickle_and_an_idle_rewrite(tree):
    assert pickle.loads(pickle.dumps(tree)) == tree
    assert hash(pickle.loads(pickle.dumps(tree))) == hash(tree)
    assert rewrite(tree, lambda n: n) == tree


def test_updated_keeps_the_object_where_nothing_changes() -> None:
    leaf = Column("x")
    plan = Select(None, (leaf,))  # type: ignore[arg-type]
    assert updated(plan, exprs=(leaf,)) is plan
    assert updated(plan, exprs=()) == Select(None, ())  # type: ignore[arg-type]
    assert updated(plan, input=None, exprs=(leaf,)) is plan
