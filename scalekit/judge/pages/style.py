"""The style sheet of pages: light and dark, phone, screen and paper; the colours are those of Okabe and Ito.

Okabe, M. and Ito, K. (2008): Color Universal Design. Of their eight colours each theme has the six that
stand out from its ground; a dash and the shape of dots belong to each, so that colour never says it alone.
"""

from __future__ import annotations

_LIGHT = """--page: #fff; --ink: #1a1a1a; --weak: #595959; --hair: #d9d9d9; --soft: #f4f5f7;
 --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #e69f00; --c5: #56b4e9;
 --pass: #00785a; --warn: #8a5a00; --fail: #b34700;"""

_DARK = """--page: #14171a; --ink: #eceff1; --weak: #a9b1b8; --hair: #3a4046; --soft: #1e2328;
 --c0: #56b4e9; --c1: #e69f00; --c2: #009e73; --c3: #cc79a7; --c4: #f0e442; --c5: #d55e00;
 --pass: #3cc79d; --warn: #e69f00; --fail: #ff8a4c;"""

_DASHES = ("none", "7 3", "2 2.5", "9 3 2 3", "4 2", "1 3.5")

_TEXT = """
.sk-page {color: var(--ink); background: var(--page); font: 15px/1.5 var(--jp-ui-font-family, system-ui, sans-serif);
 text-align: left; overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; text-size-adjust: 100%}
.sk-page *, .sk-page *::before {box-sizing: border-box}
body.sk-page {margin: 0 auto; max-width: 1080px; padding: 16px 14px 40px}
.sk-page h1 {font-size: 1.6em; line-height: 1.2; margin: .2em 0}
.sk-page h2 {font-size: 1.2em; line-height: 1.3; margin: 2em 0 .5em; padding-bottom: .2em; border-bottom: 1px solid var(--hair)}
.sk-page h3 {font-size: 1em; margin: 1.2em 0 .3em}
.sk-page p {margin: .4em 0; max-width: 72ch}
.sk-page .weak {color: var(--weak)}
.sk-page a {color: inherit}
.sk-page .skip {position: absolute; left: -99em}
.sk-page .skip:focus {position: static}
.sk-page nav ol {display: flex; flex-wrap: wrap; gap: .2em 1.2em; list-style: none; margin: .8em 0; padding: 0; font-size: .9em}
.sk-page footer {margin-top: 3em; font-size: .85em; color: var(--weak)}
.sk-page .absent {color: var(--weak); font-style: italic}
.sk-page .verdict {margin: .35em 0; padding: .35em .7em; border-left: 4px solid var(--hair); background: var(--soft); max-width: none}
.sk-page p.is-pass {border-color: var(--pass)} .sk-page p.is-warn {border-color: var(--warn)}
.sk-page p.is-fail {border-color: var(--fail)}
.sk-page .status {font-weight: 600; white-space: nowrap}
.sk-page .is-pass .status {color: var(--pass)} .sk-page .is-warn .status {color: var(--warn)}
.sk-page .is-fail .status {color: var(--fail)} .sk-page .is-na .status {color: var(--weak)}
.sk-page dl {display: grid; grid-template-columns: minmax(7em, max-content) 1fr; gap: .15em 1em; margin: .5em 0}
.sk-page dt {color: var(--weak)} .sk-page dd {margin: 0; min-width: 0}
"""

_TABLES = """
.sk-page .wide {overflow-x: auto; max-width: 100%; margin: .6em 0}
.sk-page .wide:focus-visible {outline: 2px solid var(--c0)}
.sk-page table {border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; margin: 0}
.sk-page caption {text-align: left; font-weight: 600; padding: 2px 8px 4px 0}
.sk-page th, .sk-page td {padding: 4px 10px 4px 0; text-align: left; vertical-align: top; background: var(--page);
 border-bottom: 1px solid var(--hair); min-width: 3.5em; max-width: 24em; white-space: normal; overflow-wrap: break-word}
.sk-page.sk-page th:not(.number), .sk-page.sk-page td:not(.number) {text-align: left} /* whatever Jupyter says of tables */
.sk-page thead th {vertical-align: bottom; border-bottom: 1px solid var(--weak)}
.sk-page tbody th {font-weight: 500; position: sticky; left: 0; overflow-wrap: break-word}
.sk-page .number {text-align: right; white-space: nowrap; padding-left: 8px}
.sk-page thead .number {white-space: normal}
.sk-page .number small {display: block; color: var(--weak); font-size: 12px}
.sk-page .best {font-weight: 700}
.sk-page .long {min-width: 13em} .sk-page th.long {min-width: 8.5em}
@media (max-width: 600px) {.sk-page tbody th {max-width: 10em} .sk-page td {max-width: 17em}}
"""

_PICTURES = """
.sk-page .pictures {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 1.2em 2em; margin: 1em 0}
.sk-page figure {margin: 0; max-width: 480px; min-width: 0}
.sk-page figcaption {font-size: 14px; margin-bottom: .5em} .sk-page figcaption b {display: block}
.sk-page svg {display: block; width: 100%; height: auto; fill: var(--ink);
 font-family: var(--jp-ui-font-family, system-ui, sans-serif)}
.sk-page .tick {font-size: 11px; fill: var(--weak)} .sk-page .label {font-size: 12px; fill: var(--ink)}
.sk-page .strong, .sk-page .beside {fill: var(--ink)} .sk-page .value {fill: var(--weak)} .sk-page .heading {font-weight: 600}
.sk-page .user {unicode-bidi: isolate}
.sk-page .beside {paint-order: stroke; stroke: var(--page); stroke-width: 3px; stroke-linejoin: round}
.sk-page .grid {stroke: var(--hair); stroke-width: 1; fill: none} .sk-page .axis {stroke: var(--weak); stroke-width: 1}
.sk-page .rule {stroke: var(--weak); stroke-width: 1; stroke-dasharray: 3 3; fill: none}
.sk-page .ink {stroke: var(--ink); stroke-width: 1.2; fill: none}
.sk-page .band {fill-opacity: .2} .sk-page .bar {fill-opacity: .75} .sk-page .dot {stroke: var(--page); stroke-width: 1}
"""

_PAPER = """
@media print {
 body.sk-page {max-width: none; padding: 0; font-size: 10pt}
 .sk-page nav, .sk-page .skip {display: none}
 .sk-page figure, .sk-page tr, .sk-page .verdict {break-inside: avoid}
 .sk-page h2, .sk-page h3, .sk-page caption {break-after: avoid}
 .sk-page .wide {overflow: visible} .sk-page table {font-size: 8.5pt}
 .sk-page tbody th {position: static}
 .sk-page .pictures {grid-template-columns: 1fr 1fr}
 .sk-page .verdict {background: none}
}
"""


def style_sheet() -> str:
    """The rules of pages and of what a notebook shows of them; all of them are within the class ``sk-page``.

    Examples
    --------
    >>> "prefers-color-scheme" in style_sheet()
    True
    """
    lines = "".join(
        f".sk-page .s{n} {{stroke: var(--c{n}); stroke-width: {2.2 if n == 0 else 2}; fill: none; "
        f"stroke-linejoin: round; stroke-dasharray: {dash}}} .sk-page .f{n} {{fill: var(--c{n})}}\n"
        for n, dash in enumerate(_DASHES)
    )
    after = (
        ".sk-page .solid {stroke-dasharray: none} .sk-page .thin {stroke-width: 1; opacity: .6}\n"
    )
    shades = "".join(f".sk-page .h{n} {{fill-opacity: {0.14 + 0.172 * n:.3f}}}\n" for n in range(6))
    return "".join([_themes(), _TEXT, _TABLES, _PICTURES, lines, after, shades, _PAPER])


def _themes() -> str:
    """Light unless the reader's screen, or the notebook's theme, is dark; paper is light."""
    notebook = '[data-jp-theme-light="false"] .sk-page, body.vscode-dark .sk-page'
    return (
        f".sk-page {{{_LIGHT}}}\n"
        f"@media screen and (prefers-color-scheme: dark) {{.sk-page {{{_DARK}}}\n"
        f'[data-jp-theme-light="true"] .sk-page, body.vscode-light .sk-page {{{_LIGHT}}}}}\n'
        f"@media screen {{{notebook} {{{_DARK}}}}}\n"
    )
