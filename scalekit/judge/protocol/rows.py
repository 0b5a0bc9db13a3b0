"""Which rows of a frame are train, valid and test rows by a protocol: the rows of ``sk.split(frame, protocol)``."""

from __future__ import annotations

from scalekit.expr.builders import col, lit, when
from scalekit.expr.expr import Expr
from scalekit.frame.frame import Frame
from scalekit.judge.protocol.columns import check_columns
from scalekit.judge.protocol.protocol import Protocol
from scalekit.kernels.hash_function import row_share
from scalekit.learn.arguments import schema
from scalekit.learn.split_arguments import SplitArguments, cut_shares
from scalekit.learn.time_split import CutOffs, cut_offs, fixed_cut_offs

ROLES = ("train", "valid", "test")


def role_of(protocol: Protocol, frame: Frame) -> Expr:
    """What each row is for: ``"train"``, ``"valid"`` or ``"test"``, null where a gap leaves it out.

    Parameters
    ----------
    protocol
        Whose split decides.
    frame
        The rows. A split by time without fixed cut-offs finds them here, by two small queries.

    Returns
    -------
    Expr
        A text column named ``"role"``. By hash it is one function of a row's values, and no query is made; where
        the split is given, every row is ``"test"``.

    Raises
    ------
    ColumnNotFoundError
        Where the frame lacks a column.
    InvalidOperationError
        Where a split by time would be empty, or a hash is asked for and there is no key.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.judge.protocol.rows import role_of
    >>> frame = sk.from_dict({"id": list(range(1000)), "late": [0, 1] * 500})
    >>> role = role_of(sk.Protocol("binary", "late", key="id"), frame)
    >>> frame.select(role).group_by("role").agg(n=sk.len()).sort("n").collect()["n"].to_list()
    [144, 165, 691]
    """
    if protocol.split.kind == "given":
        return lit("test").alias("role")
    if protocol.split.kind == "time":
        return _by_time(protocol, frame).alias("role")
    return _by_hash(protocol, frame).alias("role")


def pinned(protocol: Protocol, frame: Frame) -> Protocol:
    """The protocol with fixed cut-offs: those that its split by time finds in a frame.

    With fixed ones, part of the rows (the test rows alone, or a sample) is split as the whole was. A protocol whose
    split is not by time, or has fixed cut-offs, is as it was.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.judge.protocol.rows import pinned
    >>> frame = sk.from_dict({"day": list(range(100)), "y": [0.5] * 100})
    >>> split = pinned(sk.Protocol("regression", "y", time="day"), frame).split
    >>> split.valid_from, split.test_from
    (70, 85)
    """
    if protocol.split.kind != "time" or protocol.split.valid_from is not None:
        return protocol
    cuts = cut_offs_of(protocol, frame)
    return protocol.with_(split={"valid_from": cuts.to_valid, "test_from": cuts.to_test})


def _by_hash(protocol: Protocol, frame: Frame) -> Expr:
    check_columns(protocol, frame, ("group", "key"))
    names = protocol.unit or tuple(schema(frame))
    number = row_share(*map(col, names), seed=protocol.split.salt, purpose="split")
    to_valid, to_test = _shares(protocol)
    is_train, is_valid = number < to_valid, number < to_test
    return (
        when(is_train).then(lit("train")).when(is_valid).then(lit("valid")).otherwise(lit("test"))
    )


def _by_time(protocol: Protocol, frame: Frame) -> Expr:
    cuts = cut_offs_of(protocol, frame)
    name = str(protocol.time)
    time, dtype = col(name), schema(frame)[name]
    is_valid = (time >= lit(cuts.to_valid, dtype)) & (time < lit(cuts.end_valid, dtype))
    is_train = when(time < lit(cuts.end_train, dtype)).then(lit("train"))
    return (
        is_train.when(is_valid)
        .then(lit("valid"))
        .when(time >= lit(cuts.to_test, dtype))
        .then(lit("test"))
    )


def cut_offs_of(protocol: Protocol, frame: Frame) -> CutOffs:
    """Where a split by time cuts a frame: at fixed times, or at quantiles that small queries find.

    Raises
    ------
    InvalidOperationError
        Where a part would be empty, or rows have no time.
    """
    check_columns(protocol, frame, ("time",))
    split, name = protocol.split, str(protocol.time)
    if split.valid_from is None:
        return cut_offs(frame, name, _shares(protocol), split.gap)
    return fixed_cut_offs(frame, name, (split.valid_from, split.test_from), split.gap)


def _shares(protocol: Protocol) -> tuple[float, ...]:
    split = protocol.split
    return cut_shares(SplitArguments(train=split.train, valid=split.valid, test=split.test))
