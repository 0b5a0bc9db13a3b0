"""A frame in a notebook: schema, who would run it, how large it is, and a bounded preview."""

from __future__ import annotations

from html import escape

import polars as pl

from scalekit import run
from scalekit.config import Config
from scalekit.display.text import amount, size_text
from scalekit.errors import ScalekitError
from scalekit.kernels.schema import schema_of
from scalekit.plan.estimate import Estimate
from scalekit.plan.nodes import Plan

_STYLE = """<style>
.scalekit {font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; line-height: 1.4}
.scalekit .facts {color: var(--jp-ui-font-color2, #616161); margin-bottom: 6px}
.scalekit .facts b {color: var(--jp-ui-font-color1, #212121)}
.scalekit table {border-collapse: collapse; font-variant-numeric: tabular-nums}
.scalekit th, .scalekit td {padding: 2px 10px; text-align: left; white-space: pre; max-width: 32em;
 overflow: hidden; text-overflow: ellipsis}
.scalekit thead th {border-bottom: 1px solid var(--jp-border-color1, #bdbdbd)}
.scalekit thead tr:last-child th {font-weight: normal; color: var(--jp-ui-font-color2, #616161); font-size: 11px}
.scalekit td.number {text-align: right}
.scalekit .null {color: var(--jp-ui-font-color3, #9e9e9e); font-style: italic}
.scalekit .note {color: var(--jp-ui-font-color2, #616161); margin-top: 4px; font-size: 12px}
</style>"""

_WIDEST = 20
"""Columns of a preview; more are counted, not drawn."""


def frame_html(plan: Plan, config: Config) -> str:
    """Draw a frame as HTML without computing more than the head of its sources.

    Parameters
    ----------
    plan
        The frame's plan.
    config
        Settings; ``preview_rows`` bounds the preview, and 0 leaves it out.
    """
    schema = schema_of(plan)
    preview, note = run.preview(plan, config)
    facts = _facts(plan, config, schema)
    table = _table(schema, preview)
    footer = f'<div class="note">{escape(note)}</div>' if note else ""
    return f'{_STYLE}<div class="scalekit">{facts}{table}{footer}</div>'


def frame_text(plan: Plan, config: Config) -> str:
    """Describe a frame in a few lines of text; nothing runs."""
    schema = schema_of(plan)
    columns = ", ".join(f"{name}: {dtype}" for name, dtype in list(schema.items())[:_WIDEST])
    more = f", ... {len(schema) - _WIDEST} more" if len(schema) > _WIDEST else ""
    return f"Frame[{columns}{more}]\n{_would_run(plan, config)}; {_size(run.estimates(plan)[plan])}"


def _would_run(plan: Plan, config: Config) -> str:
    try:
        return f"would run on {run.decide(plan, config).backend}"
    except ScalekitError as error:
        return f"cannot run: {error}"


def _size(found: Estimate) -> str:
    if found.rows is None:
        return "size unknown"
    about = "" if found.exact else "about "
    return f"{about}{amount(found.rows, 'row')}, {size_text(found.bytes or 0)}"


def _facts(plan: Plan, config: Config, schema: pl.Schema) -> str:
    size = _size(run.estimates(plan)[plan])
    shape = f"{escape(size)} &times; {amount(len(schema), 'column')}"
    return f'<div class="facts"><b>Frame</b> &nbsp;{shape} &nbsp;&middot;&nbsp; {escape(_would_run(plan, config))}</div>'


def _table(schema: pl.Schema, preview: pl.DataFrame | None) -> str:
    names = list(schema)[:_WIDEST]
    more = f"<th>+{len(schema) - _WIDEST}</th>" if len(schema) > _WIDEST else ""
    head = "".join(f"<th>{escape(name)}</th>" for name in names) + more
    types = "".join(f"<th>{escape(str(schema[name]))}</th>" for name in names) + (
        "<th></th>" if more else ""
    )
    body = "" if preview is None else _body(schema, preview.select(names))
    return f"<table><thead><tr>{head}</tr><tr>{types}</tr></thead>{body}</table>"


def _body(schema: pl.Schema, preview: pl.DataFrame) -> str:
    numeric = [schema[name].is_numeric() for name in preview.columns]
    rows = []
    for row in preview.iter_rows():
        cells = (_cell(v, is_number=n) for v, n in zip(row, numeric, strict=True))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<tbody>{''.join(rows)}</tbody>"


def _cell(value: object, *, is_number: bool) -> str:
    if value is None:
        return '<td class="null">null</td>'
    text = f"{value:g}" if isinstance(value, float) else str(value)
    shown = text if len(text) <= 80 else text[:79] + "…"
    return f'<td class="number">{escape(shown)}</td>' if is_number else f"<td>{escape(shown)}</td>"
