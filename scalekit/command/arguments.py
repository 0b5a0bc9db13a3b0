"""What can be typed after ``scalekit``: one entry for each subcommand, with its help and examples."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from scalekit.command.exits import EXPLAINED


@dataclass(frozen=True)
class Command:
    """One subcommand.

    Attributes
    ----------
    summary
        One line for the list of commands.
    about
        What it does.
    examples
        Lines that can be typed.
    arguments
        Adds its arguments to a parser.
    target
        ``module:function``, which takes the arguments and the output, and gives the exit code.
    """

    summary: str
    about: str
    examples: tuple[str, ...]
    arguments: Callable[[ArgumentParser], None]
    target: str


def parser() -> ArgumentParser:
    """The parser of the whole command line."""
    found = ArgumentParser(
        prog="scalekit",
        description="One dataframe from a sample to a cluster; models judged by one protocol.",
        epilog=f"scalekit COMMAND --help has examples of each.\n\n{EXPLAINED}",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    found.add_argument("--version", action="version", version=f"scalekit {_version()}")
    found.set_defaults(quiet=False, traceback=False)
    commands = found.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, command in COMMANDS.items():
        examples = "\n".join(f"  {line}" for line in command.examples)
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.about,
            epilog=f"examples:\n{examples}\n\n{EXPLAINED}",
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.arguments(sub)
        sub.add_argument("--json", action="store_true", help="the result as JSON")
        sub.add_argument("-q", "--quiet", action="store_true", help="no notes on standard error")
        sub.add_argument("--traceback", action="store_true", help="errors with all their frames")
    return found


def _version() -> str:
    try:
        return version("scalekit")
    except PackageNotFoundError:  # a folder that was put on the path
        return "of unknown version"


def _doctor(sub: ArgumentParser) -> None:
    sub.add_argument(
        "--deadline",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long an address has to answer, all in all (default: 10)",
    )
    sub.add_argument("--backend", metavar="NAME", help="the backend that has to be usable")
    _store(sub)


def _run(sub: ArgumentParser) -> None:
    sub.add_argument("experiment", metavar="experiment.toml", help="what to run")
    sub.add_argument("--backend", metavar="NAME", help="who runs it, whatever the file says")
    sub.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="only these models: a name, or a pattern such as 'forest*'; can be repeated",
    )
    sub.add_argument(
        "--sample",
        type=_share,
        metavar="SHARE",
        help="on a share of the rows, such as 0.01; the same rows every time",
    )
    sub.add_argument(
        "--dry-run",
        action="store_true",
        help="read the file and the data's types, say what would be done, and fit nothing",
    )
    sub.add_argument(
        "--out", metavar="FOLDER", help="write reports, the comparison and its JSON there"
    )
    _store(sub)


def _runs(sub: ArgumentParser) -> None:
    sub.add_argument("--project", metavar="NAME", help="only of this project")
    sub.add_argument(
        "--limit", type=_count, default=20, metavar="N", help="the newest N (default: 20)"
    )
    _store(sub)


def _compare(sub: ArgumentParser) -> None:
    sub.add_argument("baseline", metavar="RUN", help="the run to beat: its id, or NAME@production")
    sub.add_argument("candidate", metavar="RUN", help="the run that might take its place")
    sub.add_argument("--out", metavar="FILE", help="write the comparison as a page: .html or .md")
    sub.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    _store(sub)


def _promote(sub: ArgumentParser) -> None:
    sub.add_argument("name", metavar="NAME", help="the model's name in the registry")
    sub.add_argument("run", metavar="RUN", help="the run whose model becomes its next version")
    sub.add_argument(
        "--force",
        metavar="REASON",
        help="promote without a passing decision; the reason is kept with the version",
    )
    _store(sub)


def _rollback(sub: ArgumentParser) -> None:
    sub.add_argument("name", metavar="NAME", help="the model's name in the registry")
    sub.add_argument("--reason", default="", metavar="TEXT", help="why; it is kept")
    _store(sub)


def _report(sub: ArgumentParser) -> None:
    sub.add_argument("run", metavar="RUN", help="the run's id")
    sub.add_argument(
        "--out", metavar="FILE", help="write it there: .html or .md (default: as text)"
    )
    sub.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    _store(sub)


def _store(sub: ArgumentParser) -> None:
    sub.add_argument(
        "--store",
        metavar="URL",
        help="where runs are kept: a folder or s3://, gs://, az:// (default: the setting)",
    )


def _seconds(text: str) -> float:
    return _number(text, 0.0, 3600.0, "seconds, above 0 and at most 3600")


def _share(text: str) -> float:
    return _number(text, 0.0, 1.0, "a share of the rows, above 0 and at most 1, such as 0.01")


def _number(text: str, low: float, high: float, expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low < value <= high:
        raise ArgumentTypeError(f"{text!r}: expected {expected}")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) < 10**9):
        raise ArgumentTypeError(f"{text!r}: expected a whole number, 1 or more")
    return int(text)


COMMANDS = {
    "doctor": Command(
        "what works here: backends, clusters, memory, settings, store",
        "Look at this installation: which backends are usable and why others are not, whether the addresses that "
        "are configured answer, memory and budget, every setting with its origin, and the store of runs. "
        "Nothing is started and nothing is changed.",
        (
            "scalekit doctor",
            "scalekit doctor --json | jq .clusters",
            "SCALEKIT_ADDRESS=tls://scheduler:8786 scalekit doctor --deadline 5",
            "scalekit doctor --backend ray --quiet    # in CI: 1 where Ray cannot be used",
        ),
        _doctor,
        "scalekit.command.doctor.command:doctor",
    ),
    "run": Command(
        "fit, judge and compare the models of an experiment file",
        "Read an experiment file, check its data, fit all its models on the same train rows in shared passes, score "
        "them in one pass by its protocol, and compare them. docs/command.md describes the file.",
        (
            "scalekit run experiment.toml",
            "scalekit run experiment.toml --sample 0.01 --only forest",
            "scalekit run experiment.toml --backend dask --out results/",
            "scalekit run experiment.toml --dry-run    # what would be done",
            "scalekit run experiment.toml --json | jq .comparison.best",
        ),
        _run,
        "scalekit.command.run.command:run",
    ),
    "runs": Command(
        "list the runs that are kept",
        "List the runs in the store, the newest first.",
        (
            "scalekit runs",
            "scalekit runs --project late-flights --limit 5",
            "scalekit runs --store s3://team/scalekit --json",
        ),
        _runs,
        "scalekit.command.runs:runs",
    ),
    "compare": Command(
        "compare two runs that are kept, and decide",
        "Compare two runs by what was stored of their test rows: nothing is scored again. The exit code is 0 where the "
        "second may take the place of the first, 1 where it may not, and the reasons are listed.",
        (
            "scalekit compare 01JDAA 01JDBB    # ids may be shortened",
            "scalekit compare late@production 01JDBB --out comparison.html",
            "scalekit compare 01JDAA 01JDBB --json | jq .decision",
        ),
        _compare,
        "scalekit.command.compare:compare",
    ),
    "promote": Command(
        "make a run's model the production version of a name",
        "Register the model of a run as the next version of a name and move its alias 'production' there, if the "
        "run's decision passes; the version before stays as 'previous'.",
        (
            "scalekit promote late 01JDBB",
            "scalekit promote late 01JDBB --force 'hotfix agreed with operations'",
        ),
        _promote,
        "scalekit.command.promote:promote",
    ),
    "rollback": Command(
        "make the version before the production version again",
        "Move the alias 'production' of a name back to the version before.",
        ("scalekit rollback late", "scalekit rollback late --reason 'worse on Mondays'"),
        _rollback,
        "scalekit.command.rollback:rollback",
    ),
    "report": Command(
        "show or write the report of a run",
        "Show the report of a run that is kept, or write it as one self-contained page.",
        (
            "scalekit report 01JDBB",
            "scalekit report 01JDBB --out report.html",
        ),
        _report,
        "scalekit.command.report:report",
    ),
}
