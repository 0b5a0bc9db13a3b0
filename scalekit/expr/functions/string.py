"""Functions of text: search, replace, cut, split and change case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import InvalidOperationError
from scalekit.expr.checks import at_least, choice
from scalekit.expr.function import F, IntoExpr, Namespace, Operand, aggregate, elementwise, to_node
from scalekit.expr.node import Call, Cast, ExprNode, Literal
from scalekit.expr.notations import group_index, groups, regex, text_of
from scalekit.expr.operands import INTEGER, TEXT, TEXTS, Takes, Types, takes

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr

_COUNT = pl.Int64()


def _text(name: str, rest: Takes = TEXT, **spec: Any) -> Callable[[F], F]:
    """Declare ``.str.name`` of a text, its further operands being ``rest``."""
    return elementwise(f"str.{name}", **{"resolve": takes(TEXT, rest), **spec})


def _split_by(**arguments: Any) -> None:
    """Check the separator of ``split``, a pattern where ``literal=False``."""
    regex(pattern=arguments["by"], literal=arguments["literal"], strict=arguments["strict"])


def _one_pattern(**arguments: Any) -> None:
    """Check the pattern of ``replace``, which Polars takes from a value only."""
    regex(**arguments)
    if text_of(arguments["pattern"]) is None:
        raise InvalidOperationError(
            "the pattern of str.replace() is one value for all rows, such as 'a' or sk.lit('a'), not a column"
        )
    if arguments.get("n", 1) > 1 and text_of(arguments["value"]) is None:
        raise InvalidOperationError(
            "str.replace() puts a column in the place of one match only: leave n=1, or use str.replace_all()"
        )


def _one_list(**arguments: Any) -> None:
    """Check lists of texts, which Polars takes from values only."""
    for name in ("patterns", "replace_with"):
        if name in arguments and not isinstance(
            to_node(arguments[name], strings_are_columns=True), Literal
        ):
            raise InvalidOperationError(
                f"{name} must be a list of texts that holds for all rows, such as ['a', 'b'], not a column"
            )


def _with_groups(**arguments: Any) -> None:
    """Check that a pattern has the groups that become fields."""
    pattern = arguments["pattern"]
    if not isinstance(pattern, str):
        raise InvalidOperationError(
            f"str.extract_groups() takes its pattern as str, since it decides the fields; "
            f"got {type(pattern).__name__}"
        )
    regex(**arguments)
    if groups(pattern) == 0:
        raise InvalidOperationError(
            f"the pattern {pattern!r} has no group; write one such as '([0-9]+)' or '(?<year>[0-9]+)'"
        )


def _one_character(**arguments: Any) -> None:
    fill = arguments["fill_char"]
    if not isinstance(fill, str) or len(fill) != 1:
        raise InvalidOperationError(f"fill_char must be one character, got {fill!r}")


def _typed_texts(call: Call, dtypes: Types) -> ExprNode:
    """Give a list of no texts, or of nulls, the type that a list of texts has."""
    args = (
        Cast(a, pl.List(pl.String)) if d == pl.List(pl.Null) else a
        for a, d in zip(call.args, dtypes, strict=True)
    )
    return Call(call.function, tuple(args), call.options)


def _joined(call: Call, dtypes: Types) -> ExprNode:
    if dtypes[0] == pl.String:
        return call
    return Call(call.function, (Cast(call.args[0], pl.String()),), call.options)


_texts = takes(TEXT, TEXTS, then=_typed_texts)


class StringMethods(Namespace):
    """Functions of text, behind ``.str``.

    Null stays null. Characters are Unicode's code points; patterns are regular expressions of Rust's
    ``regex`` dialect on every backend.
    """

    @_text("len_chars", result=_COUNT)
    def len_chars(self) -> Expr:
        """Count characters, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["Café", None]}).select(sk.col("s").str.len_chars()).collect()["s"].to_list()
        [4, None]
        """

    @_text("len_bytes", result=_COUNT)
    def len_bytes(self) -> Expr:
        """Count bytes of the UTF-8 form, as Int64.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["Café", None]}).select(sk.col("s").str.len_bytes()).collect()["s"].to_list()
        [5, None]
        """

    @_text("starts_with")
    def starts_with(self, prefix: Operand) -> Expr:
        """Whether the text starts with another.

        Parameters
        ----------
        prefix
            Text, or an expression of text.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["apple", "fig"]}).select(sk.col("s").str.starts_with("a")).collect()["s"].to_list()
        [True, False]
        """

    @_text("ends_with")
    def ends_with(self, suffix: Operand) -> Expr:
        """Whether the text ends with another.

        Parameters
        ----------
        suffix
            Text, or an expression of text.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["apple", "fig"]}).select(sk.col("s").str.ends_with("e")).collect()["s"].to_list()
        [True, False]
        """

    @_text("contains", check=regex)
    def contains(self, pattern: Operand, *, literal: bool = False, strict: bool = True) -> Expr:
        """Whether the text contains a match of a pattern.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect, or an expression that gives one.
        literal
            Take the pattern as plain text.
        strict
            Raise where the pattern is not valid; otherwise give null.

        Raises
        ------
        InvalidOperationError
            Where the pattern is outside the dialect, as look-around is.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["AA 1234", "UA", None]})
        >>> frame.select(sk.col("s").str.contains(r"[0-9]{4}$")).collect()["s"].to_list()
        [True, False, None]
        """

    @_text("contains_any", resolve=_texts, check=_one_list)
    def contains_any(self, patterns: IntoExpr, *, ascii_case_insensitive: bool = False) -> Expr:
        """Whether the text contains any of several plain texts.

        Parameters
        ----------
        patterns
            A list of texts.
        ascii_case_insensitive
            Take ASCII letters of either case as equal.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["red wine", "beer"]})
        >>> frame.select(sk.col("s").str.contains_any(["wine", "cider"])).collect()["s"].to_list()
        [True, False]
        """

    @_text("find", result=_COUNT, check=regex)
    def find(self, pattern: Operand, *, literal: bool = False, strict: bool = True) -> Expr:
        """Position in bytes of the first match, as Int64; null where there is none.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect, or an expression that gives one.
        literal
            Take the pattern as plain text.
        strict
            Raise where the pattern is not valid; otherwise give null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["a1", "b"]}).select(sk.col("s").str.find("[0-9]")).collect()["s"].to_list()
        [1, None]
        """

    @_text("count_matches", result=_COUNT, check=regex)
    def count_matches(self, pattern: Operand, *, literal: bool = False) -> Expr:
        """Count the matches of a pattern that do not overlap, as Int64.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect, or an expression that gives one.
        literal
            Take the pattern as plain text.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["banana", ""]}).select(sk.col("s").str.count_matches("an")).collect()["s"].to_list()
        [2, 0]
        """

    @_text("extract", check=group_index)
    def extract(self, pattern: Operand, group_index: int = 1) -> Expr:
        """Take the text that a group of a pattern matches; null where nothing matches.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect, or an expression that gives one.
        group_index
            Which group, counted from 1; 0 is the whole match.

        Raises
        ------
        InvalidOperationError
            Where the pattern is outside the dialect, or has no such group.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["AA 1234", "UA"]})
        >>> frame.select(sk.col("s").str.extract("([A-Z]+) ([0-9]+)", 2)).collect()["s"].to_list()
        ['1234', None]
        """

    @_text("extract_all", check=regex)
    def extract_all(self, pattern: Operand) -> Expr:
        """List all matches of a pattern.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect, or an expression that gives one.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["1 or 22", ""]}).select(sk.col("s").str.extract_all("[0-9]+")).collect()["s"].to_list()
        [['1', '22'], []]
        """

    @_text("extract_groups", check=_with_groups)
    def extract_groups(self, pattern: str) -> Expr:
        """Take what each group of a pattern matches, as a struct.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect. Its groups are the fields, by their names, or by
            their numbers from 1 where they have none.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["AA 12"]})
        >>> frame.select(sk.col("s").str.extract_groups("(?<carrier>[A-Z]+) ([0-9]+)")).collect()["s"].to_list()
        [{'carrier': 'AA', '2': '12'}]
        """

    @_text("replace", check=_one_pattern)
    def replace(
        self, pattern: Operand, value: Operand, *, literal: bool = False, n: int = 1
    ) -> Expr:
        """Replace the first match of a pattern.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect.
        value
            What to put there; ``$1`` and ``${name}`` stand for groups, ``$$`` for a dollar sign.
        literal
            Take pattern and value as plain text.
        n
            How many matches to replace, from the left.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["a-b-c"]}).select(sk.col("s").str.replace("-(.)", "+$1")).collect().item()
        'a+b-c'
        """

    @_text("replace_all", check=_one_pattern)
    def replace_all(self, pattern: Operand, value: Operand, *, literal: bool = False) -> Expr:
        """Replace every match of a pattern.

        Parameters
        ----------
        pattern
            A regular expression of Rust's dialect.
        value
            What to put there; ``$1`` and ``${name}`` stand for groups, ``$$`` for a dollar sign.
        literal
            Take pattern and value as plain text.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["a-b-c"]}).select(sk.col("s").str.replace_all("-", "")).collect().item()
        'abc'
        """

    def replace_many(
        self,
        patterns: IntoExpr | Mapping[str, str],
        replace_with: Any = None,
        *,
        ascii_case_insensitive: bool = False,
        leftmost: bool = False,
    ) -> Expr:
        """Replace several plain texts at once.

        Parameters
        ----------
        patterns
            A list of texts, or a mapping of texts to what replaces them.
        replace_with
            A list of the same length, or one text for all; left out where ``patterns`` is a mapping.
        ascii_case_insensitive
            Take ASCII letters of either case as equal.
        leftmost
            Where several texts match at one place, prefer the one that stands first in ``patterns``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["cat and dog"]})
        >>> frame.select(sk.col("s").str.replace_many({"cat": "dog", "dog": "cat"})).collect().item()
        'dog and cat'
        """
        if isinstance(patterns, Mapping):
            if replace_with is not None:
                raise InvalidOperationError(
                    "replace_many() takes a mapping or replace_with=, not both"
                )
            replace_with = list(patterns.values())
            patterns = list(patterns)
        if replace_with is None:
            raise InvalidOperationError("replace_many() needs replace_with= beside a list of texts")
        if isinstance(replace_with, str):
            replace_with = [replace_with]
        _same_length(patterns, replace_with)
        return self._replace_many(
            patterns,
            replace_with,
            ascii_case_insensitive=ascii_case_insensitive,
            leftmost=leftmost,
        )

    @_text("replace_many", resolve=_texts, check=_one_list)
    def _replace_many(
        self,
        patterns: IntoExpr,
        replace_with: IntoExpr,
        *,
        ascii_case_insensitive: bool = False,
        leftmost: bool = False,
    ) -> Expr:
        """Replace several plain texts at once."""

    @_text("slice", rest=INTEGER)
    def slice(self, offset: IntoExpr, length: IntoExpr | None = None) -> Expr:
        """Take characters from a position.

        Parameters
        ----------
        offset
            Where to start, counted from 0, or from the end where negative; a string names a column.
        length
            How many; all that follow, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["2024-05"]}).select(sk.col("s").str.slice(-2)).collect().item()
        '05'
        """

    @_text("head", rest=INTEGER)
    def head(self, n: IntoExpr) -> Expr:
        """Take the first ``n`` characters; a negative ``n`` leaves so many out at the end.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["abcd"]}).select(sk.col("s").str.head(2)).collect().item()
        'ab'
        """

    @_text("tail", rest=INTEGER)
    def tail(self, n: IntoExpr) -> Expr:
        """Take the last ``n`` characters; a negative ``n`` leaves so many out at the start.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["abcd"]}).select(sk.col("s").str.tail(2)).collect().item()
        'cd'
        """

    @_text("strip_chars")
    def strip_chars(self, characters: Operand | None = None) -> Expr:
        """Take characters off both ends.

        Parameters
        ----------
        characters
            A set of characters; white space, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": [" a b "]}).select(sk.col("s").str.strip_chars()).collect().item()
        'a b'
        """

    @_text("strip_chars_start")
    def strip_chars_start(self, characters: Operand | None = None) -> Expr:
        """Take characters off the start.

        Parameters
        ----------
        characters
            A set of characters; white space, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["007"]}).select(sk.col("s").str.strip_chars_start("0")).collect().item()
        '7'
        """

    @_text("strip_chars_end")
    def strip_chars_end(self, characters: Operand | None = None) -> Expr:
        """Take characters off the end.

        Parameters
        ----------
        characters
            A set of characters; white space, if None.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["done..."]}).select(sk.col("s").str.strip_chars_end(".")).collect().item()
        'done'
        """

    @_text("strip_prefix")
    def strip_prefix(self, prefix: Operand) -> Expr:
        """Take a text off the start, once, where it stands there.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["id-7", "7"]})
        >>> frame.select(sk.col("s").str.strip_prefix("id-")).collect()["s"].to_list()
        ['7', '7']
        """

    @_text("strip_suffix")
    def strip_suffix(self, suffix: Operand) -> Expr:
        """Take a text off the end, once, where it stands there.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["7 km", "7"]})
        >>> frame.select(sk.col("s").str.strip_suffix(" km")).collect()["s"].to_list()
        ['7', '7']
        """

    @_text("pad_start", rest=INTEGER, check=_one_character)
    def pad_start(self, length: IntoExpr, fill_char: str = " ") -> Expr:
        """Fill up at the start.

        Parameters
        ----------
        length
            Number of characters to reach; longer text stays as it is.
        fill_char
            The character to fill with.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["7"]}).select(sk.col("s").str.pad_start(3, "*")).collect().item()
        '**7'
        """

    @_text("pad_end", rest=INTEGER, check=_one_character)
    def pad_end(self, length: IntoExpr, fill_char: str = " ") -> Expr:
        """Fill up at the end.

        Parameters
        ----------
        length
            Number of characters to reach; longer text stays as it is.
        fill_char
            The character to fill with.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["7"]}).select(sk.col("s").str.pad_end(3, "*")).collect().item()
        '7**'
        """

    @_text("zfill", rest=INTEGER)
    def zfill(self, length: IntoExpr) -> Expr:
        """Fill up with zeros at the start, behind a sign.

        Parameters
        ----------
        length
            Number of characters to reach.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["7", "-7"]})
        >>> frame.select(sk.col("s").str.zfill(3)).collect()["s"].to_list()
        ['007', '-07']
        """

    @_text("to_lowercase")
    def to_lowercase(self) -> Expr:
        """Lower case by Unicode's rules, whatever the locale.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["ÄB"]}).select(sk.col("s").str.to_lowercase()).collect().item()
        'äb'
        """

    @_text("to_uppercase")
    def to_uppercase(self) -> Expr:
        """Upper case by Unicode's rules, whatever the locale; one character may become two.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["groß"]}).select(sk.col("s").str.to_uppercase()).collect().item()
        'GROSS'
        """

    @_text("to_titlecase")
    def to_titlecase(self) -> Expr:
        """Upper case for the first letter of each word, lower case for the others.

        A word starts after whatever is not a letter.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["new YORK-city"]}).select(sk.col("s").str.to_titlecase()).collect().item()
        'New York-City'
        """

    @_text("reverse")
    def reverse(self) -> Expr:
        """Turn the order of characters round; what is seen as one character stays whole.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["abc"]}).select(sk.col("s").str.reverse()).collect().item()
        'cba'
        """

    @_text("normalize", check=choice("form", "NFC", "NFKC", "NFD", "NFKD"))
    def normalize(self, form: str = "NFC") -> Expr:
        """Bring characters that can be written in several ways into one form of Unicode.

        Parameters
        ----------
        form
            ``"NFC"``, ``"NFKC"``, ``"NFD"`` or ``"NFKD"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["①"]}).select(sk.col("s").str.normalize("NFKC")).collect().item()
        '1'
        """

    @_text("split", check=_split_by)
    def split(
        self, by: Operand, *, inclusive: bool = False, literal: bool = True, strict: bool = True
    ) -> Expr:
        """Split at each separator, into a list.

        Parameters
        ----------
        by
            The separator; the empty text splits into characters.
        inclusive
            Keep the separator at the end of each part.
        literal
            Take the separator as plain text; otherwise as a regular expression of Rust's dialect.
        strict
            Raise where the expression is not valid; otherwise give null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["a,b", ""]}).select(sk.col("s").str.split(",")).collect()["s"].to_list()
        [['a', 'b'], ['']]
        """

    @_text("split_exact", check=at_least("n", 0))
    def split_exact(self, by: Operand, n: int, *, inclusive: bool = False) -> Expr:
        """Split at the first ``n`` separators, into a struct of ``n + 1`` fields; what follows is dropped.

        Parameters
        ----------
        by
            The separator, as plain text.
        n
            Number of splits. The fields are ``field_0``, ``field_1``, ...; null where there is no part.
        inclusive
            Keep the separator at the end of each part.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["a_b_c"]}).select(sk.col("s").str.split_exact("_", 1)).collect().item()
        {'field_0': 'a', 'field_1': 'b'}
        """

    @_text("splitn", check=at_least("n", 1))
    def splitn(self, by: Operand, n: int) -> Expr:
        """Split into a struct of ``n`` fields, the last of which takes all that is left.

        Parameters
        ----------
        by
            The separator, as plain text.
        n
            Number of parts. The fields are ``field_0``, ``field_1``, ...; null where there is no part.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["a_b_c"]}).select(sk.col("s").str.splitn("_", 2)).collect().item()
        {'field_0': 'a', 'field_1': 'b_c'}
        """

    @aggregate("str.join", needs_order=True, resolve=_joined)
    def join(self, delimiter: str = "", *, ignore_nulls: bool = True) -> Expr:
        """Join the texts of all rows, in the order of rows.

        Parameters
        ----------
        delimiter
            What to put between two of them.
        ignore_nulls
            Leave nulls out; otherwise the answer is null where there is one.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["a", None, "b"]}).select(sk.col("s").str.join("-")).collect().item()
        'a-b'
        """

    def concat(self, delimiter: str = "", *, ignore_nulls: bool = True) -> Expr:
        """Join the texts of all rows; the older name of :meth:`join`.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["a", "b"]}).select(sk.col("s").str.concat("-")).collect().item()
        'a-b'
        """
        return self.join(delimiter, ignore_nulls=ignore_nulls)


def _same_length(patterns: Any, replace_with: Any) -> None:
    """Check two lists of ``replace_many``; columns are known only when they are run."""
    if not (isinstance(patterns, list | tuple) and isinstance(replace_with, list | tuple)):
        return
    if len(replace_with) not in (1, len(patterns)):
        raise InvalidOperationError(
            f"replace_many() got {len(patterns)} texts and {len(replace_with)} replacements: give one for "
            "each, or one for all"
        )
