"""The command line itself: help, usage, exit codes, and what goes where."""

from __future__ import annotations

import io
import tomllib
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from scalekit.command import main as module
from scalekit.command.arguments import COMMANDS
from scalekit.command.exits import Exit, exit_of
from scalekit.command.output import (
    Output,
    clean,
    cut_to_screen,
    output_of,
    plain,
    table,
)
from scalekit.errors import (
    ConfigError,
    DataCheckError,
    ExecutionError,
    MissingDependencyError,
    PathNotFoundError,
    PromotionRefusedError,
    RunNotFoundError,
    UnsupportedError,
)
from tests.command.ran import ROOT, Run


def test_the_entry_point_is_the_function_that_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    where, _, name = project["scripts"]["scalekit"].partition(":")
    assert getattr(import_module(where), name) is module.main


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_has_examples_and_exit_codes(name: str, command: Run) -> None:
    ended = command(name, "--help")
    assert ended.code == 0
    assert ended.err == ""
    assert f"  scalekit {name}" in ended.out
    assert "exit codes:" in ended.out
    for option in ("--json", "--quiet", "--traceback"):
        assert option in ended.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_function(name: str) -> None:
    where, _, function = COMMANDS[name].target.partition(":")
    assert callable(getattr(import_module(where), function))


def test_without_a_command_help_goes_to_standard_error(command: Run) -> None:
    ended = command()
    assert (ended.code, ended.out) == (2, "")
    assert all(name in ended.err for name in COMMANDS)


def test_the_version_is_told(command: Run) -> None:
    ended = command("--version")
    assert ended.code == 0
    assert ended.out.startswith("scalekit 0")


@pytest.mark.parametrize(
    "arguments",
    [
        ("rnu",),
        ("doctor", "--deadlin", "3"),
        ("doctor", "--deadline", "inf"),
        ("doctor", "--deadline", "x"),
        ("runs", "--limit", "0"),
        ("runs", "--limit", "-3"),
        ("runs", "--limit", "9" * 5000),
        ("rollback",),
    ],
)
def test_usage_that_makes_no_sense_ends_with_two(arguments: tuple[str, ...], command: Run) -> None:
    ended = command(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "usage: scalekit" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (PathNotFoundError("x"), 2),
        (UnsupportedError("x"), 2),
        (MissingDependencyError("x"), 2),
        (ExecutionError("x"), 3),
        (RunNotFoundError("x"), 2),
        (PromotionRefusedError("x"), 1),
        (DataCheckError("x"), 1),
        (ValueError("x"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_end_with_their_code(error: BaseException, code: int) -> None:
    assert exit_of(error) == code


def failing(error: BaseException) -> object:
    def fail(*_: object) -> int:
        raise error

    return lambda _: fail


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> object:
    return lambda error: monkeypatch.setattr(module, "_function", failing(error))


def test_an_error_is_one_line_without_a_traceback(command: Run, fails: object) -> None:
    fails(ConfigError("the key 'tarjet' is unknown"))  # type: ignore[operator]
    ended = command("doctor")
    assert ended.code == Exit.USAGE
    assert ended.err == "scalekit doctor: the key 'tarjet' is unknown\n"


def test_an_error_of_others_has_its_kind_its_notes_and_the_way_to_more(
    command: Run, fails: object
) -> None:
    error = ValueError("array must not contain infs")
    error.add_note("while fitting 'forest'")
    fails(error)  # type: ignore[operator]
    ended = command("doctor")
    assert ended.code == Exit.FAILED
    assert ended.err.splitlines() == [
        "scalekit doctor: ValueError: array must not contain infs",
        "  while fitting 'forest'",
        "  run it again with --traceback to see where",
    ]
    assert "Traceback (most recent call last)" in command("doctor", "--traceback").err


def test_an_interrupt_is_no_failure_of_ours(command: Run, fails: object) -> None:
    fails(KeyboardInterrupt())  # type: ignore[operator]
    ended = command("doctor")
    assert (ended.code, ended.err) == (130, "scalekit: stopped\n")


def test_secrets_in_errors_are_hidden(command: Run, fails: object) -> None:
    fails(ExecutionError("cannot read postgresql://me:hunter2@db/flights"))  # type: ignore[operator]
    assert "hunter2" not in command("doctor").err


def test_characters_that_a_terminal_obeys_are_shown_and_not_sent(
    command: Run, fails: object
) -> None:
    fails(ConfigError("column \x1b]0;pwned\x07\x1b[31m"))  # type: ignore[operator]
    ended = command("doctor")
    assert "\x1b" not in ended.err
    assert "\\x1b[31m" in ended.err


@pytest.mark.parametrize(
    ("variables", "is_terminal", "colored"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
    ids=["terminal", "file", "no-color", "dumb"],
)
def test_colours_are_for_terminals_that_want_them(
    variables: dict[str, str], is_terminal: bool, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: is_terminal))
    output = output_of()
    assert output.colored is colored
    assert ("\x1b[" in output.styled("x", "bad")) is colored


def test_notes_are_left_out_when_quiet() -> None:
    err = io.StringIO()
    Output(io.StringIO(), err, quiet=True).note("fitting")
    Output(io.StringIO(), err).note("scoring")
    assert err.getvalue() == "scoring\n"


def test_json_has_no_nan_and_keeps_letters() -> None:
    out = io.StringIO()
    Output(out, io.StringIO()).json({"ä": float("inf"), "path": Path("x"), "code": Exit.GOOD})
    assert out.getvalue() == '{\n  "ä": null,\n  "path": "x",\n  "code": 0\n}\n'


def test_numbers_of_numpy_are_numbers() -> None:
    import numpy as np

    assert plain({"n": np.int64(3), "x": np.float32(0.5), "b": np.bool_(True)}) == {
        "n": 3,
        "x": 0.5,
        "b": True,
    }


def test_tables_line_up_and_hold_no_new_lines() -> None:
    assert table([]) == ""
    shown = table([["a\nb", "1,000"], ["c", "-2.5"]], ["name", "n"])
    assert shown.splitlines() == ["name      n", "a b   1,000", "c      -2.5"]


def test_lines_are_cut_for_a_screen_and_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "8")
    screen = SimpleNamespace(isatty=lambda: True)
    assert cut_to_screen("long line\nshort", screen) == "long li…\nshort"  # type: ignore[arg-type]
    assert cut_to_screen("long line", io.StringIO()) == "long line"


def test_clean_leaves_text_of_any_language_alone() -> None:
    assert clean("Zürich 東京 ✓ 🙂\tx") == "Zürich 東京 ✓ 🙂\tx"
    assert "\u202e" not in clean("abc\u202edcba")
