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


def _runs(sub: ArgumentParser) -> None:
    sub.add_argument("--project", metavar="NAME", help="only of this project")
    sub.add_argument(
        "--limit", type=_count, default=20, metavar="N", help="the newest N (default: 20)"
    )
    _store(sub)


def _rollback(sub: ArgumentParser) -> None:
    sub.add_argument("name", metavar="NAME", help="the model's name in the registry")
    sub.add_argument("--reason", default="", metavar="TEXT", help="why; it is kept")
    _store(sub)


def _store(sub: ArgumentParser) -> None:
    sub.add_argument(
        "--store",
        metavar="URL",
        help="where runs are kept: a folder or s3://, gs://, az:// (default: the setting)",
    )


def _seconds(text: str) -> float:
    return _number(text, 0.0, 3600.0, "seconds, above 0 and at most 3600")


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
    "rollback": Command(
        "make the version before the production version again",
        "Move the alias 'production' of a name back to the version before.",
        ("scalekit rollback late", "scalekit rollback late --reason 'worse on Mondays'"),
        _rollback,
        "scalekit.command.rollback:rollback",
    ),
}
