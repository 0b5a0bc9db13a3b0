"""``scalekit compare``: two runs that are kept, by what was counted of their test rows; no row is read."""

from __future__ import annotations

from argparse import Namespace

from scalekit.command.exits import Exit
from scalekit.command.output import Output, clean
from scalekit.command.store import named_run, store_of
from scalekit.command.written import ending_of, write_file
from scalekit.judge.compare import compare as compare_models
from scalekit.judge.comparison import Comparison


def compare(arguments: Namespace, output: Output) -> int:
    """Compare two runs, and say whether the second may take the place of the first."""
    ending = ending_of(arguments.out, (".html", ".md")) if arguments.out else ""
    with store_of(arguments):
        baseline, candidate = named_run(arguments.baseline), named_run(arguments.candidate)
        names = _names(baseline, candidate)
        found = compare_models(dict(zip(names, (baseline, candidate), strict=True)))
    if arguments.out:
        page = found.to_html() if ending == ".html" else found.to_markdown()
        output.note(f"wrote {write_file(arguments.out, page, overwrite=arguments.overwrite)}")
    _show(found, arguments, output)
    return Exit.GOOD if found.decision else Exit.NEGATIVE


def _names(baseline: str, candidate: str) -> tuple[str, str]:
    """What each is called: as it was typed, told apart where both are one run."""
    return (baseline, candidate) if baseline != candidate else (baseline, f"{candidate} again")


def _show(found: Comparison, arguments: Namespace, output: Output) -> None:
    if arguments.json:
        code = Exit.GOOD if found.decision else Exit.NEGATIVE
        output.json({**found.to_dict(), "decision": found.decision.to_dict(), "exit": code})
        return
    output.write(clean(found.to_text()))
