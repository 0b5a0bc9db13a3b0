"""Functions of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalekit.expr.function import Namespace, Operand, elementwise

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr


class StringNamespace(Namespace):
    """Functions of text, behind ``.str``."""

    @elementwise("str.starts_with")
    def starts_with(self, prefix: Operand) -> Expr:
        """Whether the text starts with ``prefix``."""

    @elementwise("str.ends_with")
    def ends_with(self, suffix: Operand) -> Expr:
        """Whether the text ends with ``suffix``."""

    @elementwise("str.contains")
    def contains(self, pattern: Operand, *, literal: bool = False, strict: bool = True) -> Expr:
        """Whether the text matches a regular expression of Rust's dialect, or holds a literal."""

    @elementwise("str.slice")
    def slice(self, offset: Operand, length: Operand | None = None) -> Expr:
        """Characters from ``offset``, counted from the end where negative."""

    @elementwise("str.to_uppercase")
    def to_uppercase(self) -> Expr:
        """Upper case, by Unicode's rules."""
