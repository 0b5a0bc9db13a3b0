"""What came of an experiment: as text, as JSON, and as files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scalekit.command.exits import Exit
from scalekit.command.output import Output, clean, plain
from scalekit.command.run.judged import Judged
from scalekit.command.run.ready import Ready
from scalekit.command.written import write_file
from scalekit.config import Config
from scalekit.errors import TargetError

RESULTS = "results.json"
COMPARISON = "comparison.html"


def found_of(ready: Ready, config: Config, judged: Judged, run: str | None) -> dict[str, Any]:
    """Everything that is known, as JSON has it."""
    candidate = judged.candidate
    named = {"model": candidate, "run": judged.runs.get(candidate or "")}
    return {
        "experiment": ready.experiment.name,
        "run": run,
        "runs": dict(judged.runs),
        "settings": {name: getattr(config, name) for name, _ in config.origins},
        "checks": {name: report.to_dict() for name, report in judged.checks.items()},
        "candidate": None if candidate is None else named,
        "comparison": None if judged.comparison is None else judged.comparison.to_dict(),
        "reports": {name: report.to_dict() for name, report in judged.reports.items()},
        "exit": Exit.GOOD if judged.is_positive else Exit.NEGATIVE,
    }


def text_of(ready: Ready, judged: Judged, output: Output) -> Iterator[str]:
    """The comparison for a terminal, and what was kept."""
    yield output.styled(ready.experiment.name, "bold")
    shown = judged.comparison or next(iter(judged.reports.values()))
    yield clean(shown.to_text())
    if judged.runs:
        yield ""
        yield from (f"{clean(name)}: run {run}" for name, run in judged.runs.items())
    if judged.require != "none":
        yield ""
        yield _verdict(judged, output)


def _verdict(judged: Judged, output: Output) -> str:
    assert judged.comparison is not None  # there is a model to beat
    reference = clean(judged.comparison.reference)
    if judged.candidate is None:
        return f"{output.mark('bad')} nothing is better than {reference}"
    better = f"{clean(judged.candidate)} may take the place of {reference}"
    if judged.is_positive:
        return f"{output.mark('good')} {better}"
    return f"{output.mark('bad')} {better}, but others may not, and all were asked for"


def write_results(folder: Path, judged: Judged, found: Mapping[str, Any], output: Output) -> None:
    """Write the comparison as a page and as JSON into a folder, which may be there already.

    Raises
    ------
    TargetError
        Where the folder cannot be made, or a file in it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(f"cannot make the folder {folder}: {error.strerror}") from error
    content = json.dumps(plain(found), indent=2, ensure_ascii=False, allow_nan=False)
    pages = {RESULTS: f"{content}\n"}
    if judged.comparison is not None:
        pages[COMPARISON] = judged.comparison.to_html()
    pages |= {f"{file_name(name)}.html": one.to_html() for name, one in judged.reports.items()}
    for name, page in pages.items():
        output.note(f"wrote {write_file(folder / name, page, overwrite=True)}")


def file_name(name: str) -> str:
    """A model's name as that of a file.

    Examples
    --------
    >>> file_name("trees:max_depth=4,s=[1]")
    'trees-max_depth=4,s=-1-'
    """
    return re.sub(r"[^\w.,=+-]", "-", name)
