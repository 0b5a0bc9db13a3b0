"""``scalekit report``: what an evaluation that is kept has found, as text, Markdown or one page."""

from __future__ import annotations

from argparse import Namespace

from scalekit.command.exits import Exit
from scalekit.command.output import Output, clean
from scalekit.command.store import named_run, store_of
from scalekit.command.written import ending_of, write_file
from scalekit.errors import InvalidOperationError
from scalekit.judge.recorded import report_of
from scalekit.tracking.loading import open_run, run_of
from scalekit.tracking.opened import Run
from scalekit.tracking.store import RunStore


def report(arguments: Namespace, output: Output) -> int:
    """Show or write the report of a run."""
    ending = ending_of(arguments.out, (".html", ".md")) if arguments.out else ""
    with store_of(arguments) as root:
        run = _opened(arguments.run, root)
        stored = run.report()
        if stored is None:
            raise InvalidOperationError(
                f"run {run.id} ({run.record.name}) has no report: nothing was evaluated in it"
            )
        if ending:
            page = _page(run) if ending == ".html" else report_of(run).to_markdown()
            output.note(f"wrote {write_file(arguments.out, page, overwrite=arguments.overwrite)}")
        if arguments.json:
            output.json({"run": run.id, **stored})
        elif not ending:
            output.write(clean(report_of(run).to_text()))
    return Exit.GOOD


def _opened(text: str, root: str) -> Run:
    name = named_run(text)
    if name.startswith("models:/"):
        return run_of(name, RunStore(root))
    return open_run(name, root=root)


def _page(run: Run) -> str:
    """The page as it was drawn when the run was made; drawn now where it was not."""
    return run.report_html() or report_of(run).to_html()
