"""A frame in a notebook: schema, who would run it, how large it is, and a bounded preview."""

from __future__ import annotations

from html import escape

import polars as pl

from scalekit import run
from scalekit.backends.registry import find_backend
from scalekit.config import Config
from scalekit.display.text import amount, shortened, type_text, value_text
from scalekit.errors import ScalekitError
from scalekit.estimate import Estimate
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Plan, Scan
from scalekit.sampling.setting import sample_note
from scalekit.sources.sizes import size_text

# Colours are those of the page, weakened: so it reads in light and dark themes, Jupyter's or not. Two classes in
# a selector, as Jupyter's own rules for tables have two.
_STYLE = """<style>
.scalekit {font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; line-height: 1.4}
.scalekit .facts {margin-bottom: 6px}
.scalekit .weak {opacity: .7}
.scalekit .wide {overflow-x: auto; max-width: 100%}
.scalekit .wide table {border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 0}
.scalekit .wide th, .scalekit .wide td {padding: 2px 10px; text-align: left; white-space: pre; max-width: 32em;
 overflow: hidden; text-overflow: ellipsis; vertical-align: top}
.scalekit .wide thead, .scalekit .wide .names {border-bottom: none}
.scalekit .wide .names th {padding-bottom: 0}
.scalekit .wide .types th {padding-top: 0; font-weight: normal; font-size: 11px; opacity: .7; max-width: 18em;
 border-bottom: 1px solid rgba(128, 128, 128, .5)}
.scalekit .wide th.number, .scalekit .wide td.number {text-align: right}
.scalekit .wide .null {opacity: .45; font-style: italic}
.scalekit .columns span {display: inline-block; margin: 0 14px 2px 0; white-space: pre}
.scalekit .columns small {font-size: 11px; opacity: .7}
.scalekit .note {margin-top: 4px; font-size: 12px; opacity: .7}
</style>"""

_WIDEST = 20
"""Columns of a preview; more are counted, not drawn."""
_MOST_LISTED = 100
"""Columns that are named where there is no preview."""
_LONGEST = 80
"""Characters of a value; a name may have as many."""


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
    content = _columns(schema) if preview is None else _table(schema, preview)
    footer = f'<div class="note">{escape(note)}</div>' if note else ""
    return f'{_STYLE}<div class="scalekit">{facts}{content}{footer}</div>'


def frame_text(plan: Plan, config: Config) -> str:
    """Describe a frame in a few lines of text; nothing runs."""
    schema = schema_of(plan)
    shown = _first(schema, _WIDEST)
    columns = ", ".join(f"{name}: {type_text(dtype)}" for name, dtype in shown.items())
    more = f", ... {len(schema) - _WIDEST:,} more" if len(schema) > _WIDEST else ""
    note = sample_note(plan, config)
    facts = [
        _where(plan, config),
        _size(run.result_estimate(plan, config)),
        *([note] if note else []),
    ]
    return f"Frame[{columns}{more}]\n{'; '.join(facts)}"


def _where(plan: Plan, config: Config) -> str:
    """Who has the rows, or would compute them."""
    source = plan.source if isinstance(plan, Scan) else None
    place = source.describe() if source is not None else ""
    would = _would_run(plan, config)
    return f"{place}; {would}" if place.startswith("persisted") else would


def _first(schema: pl.Schema, most: int) -> pl.Schema:
    return pl.Schema(list(schema.items())[:most])


def _would_run(plan: Plan, config: Config) -> str:
    try:
        return f"would run on {find_backend(run.decide(plan, config).backend).name}"
    except ScalekitError as error:
        return f"cannot run: {error}"


def _size(found: Estimate) -> str:
    if found.rows is None or found.bytes is None:
        return "size unknown"
    about = "" if found.exact else "about "
    return f"{about}{amount(round(found.rows.guess), 'row')}, {size_text(round(found.bytes.guess))}"


def rows_html(rows: pl.DataFrame) -> str:
    """Draw a few rows with their names and types."""
    return f'{_STYLE}<div class="scalekit">{_table(rows.schema, rows)}</div>'


def _facts(plan: Plan, config: Config, schema: pl.Schema) -> str:
    size = _size(run.result_estimate(plan, config))
    shape = f"{escape(size)} &times; {amount(len(schema), 'column')}"
    return (
        f'<div class="facts"><b>Frame</b> &nbsp;<span class="weak">{shape} &nbsp;&middot;&nbsp; '
        f"{escape(_where(plan, config))}</span>{_sample(plan, config)}</div>"
    )


def _sample(plan: Plan, config: Config) -> str:
    note = sample_note(plan, config)
    return f' &nbsp;&middot;&nbsp; <b class="sample">{escape(note)}</b>' if note else ""


def _columns(schema: pl.Schema) -> str:
    """Names and types that flow over as many lines as they need."""
    shown = _first(schema, _MOST_LISTED)
    columns = [
        f"<span>{escape(shortened(name, _LONGEST))} <small>{escape(shortened(type_text(dtype), _LONGEST))}</small></span>"
        for name, dtype in shown.items()
    ]
    if left_out := len(schema) - len(shown):
        columns.append(f"<span>… {amount(left_out, 'more column')}</span>")
    return f'<div class="columns">{"".join(columns)}</div>'


def _table(schema: pl.Schema, preview: pl.DataFrame) -> str:
    shown = _first(schema, _WIDEST)
    names = [_heading(name, name, dtype) for name, dtype in shown.items()]
    types = [_heading(type_text(dtype), str(dtype), dtype) for dtype in shown.values()]
    if left_out := len(schema) - len(shown):
        names.append(f'<th class="weak">… {amount(left_out, "more column")}</th>')
        types.append("<th></th>")
    return (
        f'<div class="wide"><table><thead><tr class="names">{"".join(names)}</tr>'
        f'<tr class="types">{"".join(types)}</tr></thead>{_body(shown, preview.select(shown.names()))}</table></div>'
    )


def _heading(text: str, whole: str, dtype: pl.DataType) -> str:
    return f'<th{_number(dtype)} title="{escape(whole)}">{escape(shortened(text, _LONGEST))}</th>'


def _number(dtype: pl.DataType) -> str:
    return ' class="number"' if dtype.is_numeric() else ""


def _body(schema: pl.Schema, preview: pl.DataFrame) -> str:
    kinds = [_number(dtype) for dtype in schema.values()]
    rows = (
        "".join(_cell(value, kind) for value, kind in zip(row, kinds, strict=True))
        for row in preview.iter_rows()
    )
    return f"<tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody>"


def _cell(value: object, kind: str) -> str:
    if value is None:
        return f'<td class="null{" number" if kind else ""}">null</td>'
    return f"<td{kind}>{escape(shortened(value_text(value), _LONGEST))}</td>"
