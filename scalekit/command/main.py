"""The ``scalekit`` command: reads what was typed, runs one subcommand, and turns errors into exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib import import_module

from scalekit.command.arguments import COMMANDS, parser
from scalekit.command.exits import Exit, exit_of
from scalekit.command.output import Output, output_of
from scalekit.errors import ScalekitError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        What was typed after ``scalekit``; by default that of this process.

    Returns
    -------
    int
        An exit code: 0 good, 1 the answer is no, 2 usage or configuration, 3 failed while running; those of
        :class:`scalekit.command.exits.Exit`.

    Raises
    ------
    SystemExit
        By argparse: with 0 for ``--help`` and ``--version``, with 2 for arguments that make no sense.

    Examples
    --------
    >>> from scalekit.command.main import main
    >>> main(["doctor", "--deadline", "soon"])
    Traceback (most recent call last):
    SystemExit: 2
    """
    output = output_of()
    reader = parser()
    arguments = reader.parse_args(argv)
    if arguments.command is None:
        reader.print_help(sys.stderr)
        return Exit.USAGE
    output = Output(output.out, output.err, output.colored, quiet=arguments.quiet)
    try:
        code = _function(arguments.command)(arguments, output)
        output.out.flush()
    except BrokenPipeError:  # who read the output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.GOOD
    except (Exception, KeyboardInterrupt) as error:
        return _told(error, arguments, output)
    return int(code)


def _function(command: str) -> Callable[[Namespace, Output], int]:
    """The subcommand, which is loaded only now: help answers without loading Polars' friends."""
    module, _, name = COMMANDS[command].target.partition(":")
    found: Callable[[Namespace, Output], int] = getattr(import_module(module), name)
    return found


def _told(error: BaseException, arguments: Namespace, output: Output) -> int:
    """Say what went wrong in a line or two, or with all frames where they were asked for."""
    code = exit_of(error)
    if arguments.traceback:
        output.err.write("".join(traceback.format_exception(error)))
        return code
    if code == Exit.INTERRUPTED:
        output.error("scalekit: stopped")
        return code
    output.error(f"scalekit {arguments.command}: {_words(error)}")
    for note in getattr(error, "__notes__", ()):
        output.error(f"  {note}")
    if not isinstance(error, ScalekitError):
        output.error("  run it again with --traceback to see where")
    return code


def _words(error: BaseException) -> str:
    """The message of an error of ours; of any other, its kind too."""
    text = str(error).strip()
    if isinstance(error, ScalekitError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
