from __future__ import annotations

import asyncio
import os
import pickle
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import FrozenInstanceError, fields
from itertools import combinations
from pathlib import Path

import pytest

from scalekit.config import Config, Settings, config, configure, resolve
from scalekit.errors import ConfigError

Enter = Callable[[AbstractContextManager[object]], object]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory whose pyproject.toml can be written by the test."""
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_settings(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.scalekit]\n{text}\n")


# The levels, weakest first: each sets ``backend`` to its own name.
LEVELS = ("pyproject", "environment", "process", "block", "argument")


def set_level(
    level: str, project: Path, monkeypatch: pytest.MonkeyPatch, stack: ExitStack
) -> dict[str, str]:
    """Set ``backend`` at one level; returns what has to be given as an argument."""
    match level:
        case "pyproject":
            write_settings(project, f'backend = "{level}"')
        case "environment":
            monkeypatch.setenv("SCALEKIT_BACKEND", level)
        case "process":
            configure(backend=level)
        case "block":
            stack.enter_context(config(backend=level))
        case "argument":
            return {"backend": level}
    return {}


def expected_origin(level: str, project: Path) -> str:
    return {
        "pyproject": f"pyproject.toml ({project / 'pyproject.toml'})",
        "environment": "SCALEKIT_BACKEND",
        "process": "sk.configure(...)",
        "block": "with sk.config(...)",
        "argument": "argument backend=",
    }[level]


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_wins_over_the_default(level, project, monkeypatch):
    with ExitStack() as stack:
        arguments = set_level(level, project, monkeypatch, stack)
        assert resolve(**arguments).backend == level
        assert resolve(**arguments).origin("backend") == expected_origin(level, project)


@pytest.mark.parametrize(("weak", "strong"), list(combinations(LEVELS, 2)))
def test_the_stronger_of_two_levels_wins(weak, strong, project, monkeypatch):
    with ExitStack() as stack:
        arguments = set_level(strong, project, monkeypatch, stack)
        arguments |= set_level(weak, project, monkeypatch, stack)
        assert resolve(**arguments).backend == strong
        assert resolve(**arguments).origin("backend") == expected_origin(strong, project)


def test_levels_are_joined_setting_by_setting(project, monkeypatch):
    write_settings(project, "strict = true\npreview_rows = 3")
    monkeypatch.setenv("SCALEKIT_PREVIEW_ROWS", "4")
    configure(address="tcp://127.0.0.1:8786")
    with config(deterministic=True):
        found = resolve(backend="pandas")
    assert found == Config(
        backend="pandas",
        strict=True,
        preview_rows=4,
        address="tcp://127.0.0.1:8786",
        deterministic=True,
    )


def test_nothing_set_gives_the_defaults(project):
    assert resolve() == Config()
    assert resolve().origin("backend") == "default"


def test_an_argument_of_none_was_not_given(project):
    configure(backend="pandas")
    assert resolve(backend=None).backend == "pandas"
    assert resolve(backend=None).origin("backend") == "sk.configure(...)"


def test_config_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Config().backend = "pandas"  # type: ignore[misc]


def test_settings_name_every_field_of_config():
    settings = {field.name for field in fields(Config)} - {"origins"}
    assert set(Settings.__annotations__) == settings
    for name in settings:
        configure(**{name: None})


def test_a_config_knows_where_its_settings_come_from(project, monkeypatch):
    monkeypatch.setenv("SCALEKIT_ADDRESS", "tls://scheduler:8786")
    monkeypatch.setenv("SCALEKIT_BACKEND", "pandas")
    found = resolve(backend="dask")
    assert found.origin("backend") == "argument backend="
    assert found.origin("address") == "SCALEKIT_ADDRESS"
    assert found.origin("strict") == "default"
    other = found.given("elsewhere", address="head:6379")
    assert (other.address, other.origin("address"), other.backend) == (
        "head:6379",
        "elsewhere",
        "dask",
    )
    assert other.given("SCALEKIT_ADDRESS", address="tls://scheduler:8786") == found
    assert pickle.loads(pickle.dumps(found)).origins == found.origins


# With-blocks


def test_blocks_nest_and_come_back(project):
    with config(backend="pandas", strict=True):
        with config(backend="polars") as inner:
            assert (inner.backend, inner.strict) == ("polars", True)
        assert resolve().backend == "pandas"
    assert resolve() == Config()


def test_a_block_comes_back_on_an_exception(project):
    with pytest.raises(KeyError), config(backend="pandas"):
        raise KeyError
    assert resolve().backend == "auto"


def test_a_block_is_checked_where_it_is_written():
    with pytest.raises(ConfigError):
        config(preview_rows=-1)


def test_a_block_belongs_to_its_thread(project):
    inside, outside = threading.Event(), threading.Event()
    seen: dict[str, str] = {}

    def other() -> None:
        inside.wait(10)
        seen["before"] = resolve().backend
        with config(backend="ray"):
            seen["own"] = resolve().backend
            outside.set()

    thread = threading.Thread(target=other)
    thread.start()
    with config(backend="pandas"):
        inside.set()
        assert outside.wait(10)
        assert resolve().backend == "pandas"
    thread.join(10)
    assert seen == {"before": "auto", "own": "ray"}


def test_a_block_belongs_to_its_task(project):
    async def run(name: str) -> str:
        with config(backend=name):
            await asyncio.sleep(0)
            return resolve().backend

    async def both() -> list[str]:
        return await asyncio.gather(run("pandas"), run("polars"))

    assert asyncio.run(both()) == ["pandas", "polars"]


# The process


def test_configure_reaches_every_thread(project):
    configure(backend="pandas")
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(resolve().backend))
    thread.start()
    thread.join(10)
    assert seen == ["pandas"]


def test_configure_none_takes_one_setting_back(project):
    configure(backend="pandas", strict=True)
    configure(backend=None)
    assert resolve() == Config(strict=True)


def test_a_refused_configure_changes_nothing(project):
    configure(backend="pandas")
    with pytest.raises(ConfigError):
        configure(backend="polars", preview_rows="many")
    assert resolve() == Config(backend="pandas")


def test_no_level_writes_to_the_environment(project):
    before = dict(os.environ)
    configure(backend="pandas")
    with config(strict=True):
        resolve(memory_budget="1GiB")
    assert dict(os.environ) == before


# Values


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("SCALEKIT_BACKEND", " polars ", "backend", "polars"),
        ("SCALEKIT_BACKEND", "", "backend", "auto"),
        ("SCALEKIT_PROGRESS", "off", "progress", False),
        ("SCALEKIT_PROGRESS", "auto", "progress", None),
        ("SCALEKIT_STRICT", "1", "strict", True),
        ("SCALEKIT_DETERMINISTIC", "TRUE", "deterministic", True),
        ("SCALEKIT_MEMORY_BUDGET", "512MiB", "memory_budget", 512 * 1024**2),
        ("SCALEKIT_MEMORY_BUDGET", "1000", "memory_budget", 1000),
        ("SCALEKIT_PREVIEW_ROWS", "0", "preview_rows", 0),
        ("SCALEKIT_ADDRESS", "ray://127.0.0.1:10001", "address", "ray://127.0.0.1:10001"),
    ],
)
def test_variables_are_read_by_type(variable, text, name, value, project, monkeypatch):
    monkeypatch.setenv(variable, text)
    assert getattr(resolve(), name) == value


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (1, 1),
        ("2GiB", 2 * 1024**3),
        ("2 gb", 2 * 1000**3),
        ("1.5kB", 1500),
        ("10B", 10),
        ("3TiB", 3 * 1024**4),
    ],
)
def test_sizes(text, size):
    assert resolve(memory_budget=text).memory_budget == size


@pytest.mark.parametrize("bad", ["", "GiB", "2 bananas", "-1GB", "1e9", "0", 0, -1, 1.5, True, []])
def test_sizes_without_meaning(bad):
    with pytest.raises(ConfigError, match=r"memory_budget is .* expected a size"):
        resolve(memory_budget=bad)


@pytest.mark.parametrize(
    ("setting", "bad"),
    [
        ("backend", ""),
        ("backend", 3),
        ("progress", "perhaps"),
        ("progress", 1),
        ("strict", "yes"),
        ("deterministic", 0),
        ("preview_rows", -1),
        ("preview_rows", True),
        ("preview_rows", "10"),
        ("address", " "),
    ],
)
def test_values_without_meaning(setting, bad):
    with pytest.raises(
        ConfigError, match=rf"{setting} is .* \(from sk.configure\(...\)\); expected"
    ):
        configure(**{setting: bad})


@pytest.mark.parametrize(
    ("variable", "bad"),
    [
        ("SCALEKIT_STRICT", "perhaps"),
        ("SCALEKIT_PREVIEW_ROWS", "ten"),
        ("SCALEKIT_MEMORY_BUDGET", "lots"),
    ],
)
def test_a_bad_variable_is_named(variable, bad, project, monkeypatch):
    monkeypatch.setenv(variable, bad)
    with pytest.raises(ConfigError, match=rf"'{bad}' \(from {variable}\)"):
        resolve()


def test_automatic_again_under_a_level_that_decided(project):
    configure(progress=False, memory_budget="1GB")
    with config(progress="auto", memory_budget="auto") as inside:
        assert (inside.progress, inside.memory_budget) == (None, None)


# Unknown keys


@pytest.mark.parametrize("setter", [resolve, config, configure])
def test_an_unknown_key_names_the_nearest(setter):
    with pytest.raises(
        ConfigError,
        match=r"'backnd' .*did you mean 'backend'.*known: address, allow_insecure, backend",
    ):
        setter(backnd="polars")


def test_an_unknown_key_in_pyproject_names_the_file(project):
    write_settings(project, 'bakcend = "polars"')
    with pytest.raises(ConfigError, match=r"pyproject.toml.*did you mean 'backend'"):
        resolve()


def test_a_misspelt_variable_is_refused(project, monkeypatch):
    monkeypatch.setenv("SCALEKIT_BACKND", "polars")
    with pytest.raises(ConfigError, match="did you mean 'SCALEKIT_BACKEND'"):
        resolve()


@pytest.mark.parametrize("variable", ["SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENVIRONMENT_URL"])
def test_variables_of_other_programs_are_none_of_ours(variable, project, monkeypatch):
    monkeypatch.setenv(variable, "x")
    assert resolve() == Config()


def test_the_origin_of_an_unknown_setting():
    with pytest.raises(ConfigError, match="did you mean 'strict'"):
        resolve().origin("stric")


# pyproject.toml


def test_the_nearest_pyproject_counts(project, monkeypatch):
    write_settings(project, 'backend = "outer"')
    inner = project / "package" / "notebooks"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert resolve().backend == "outer"
    write_settings(project / "package", 'backend = "inner"')
    assert resolve().backend == "inner"


def test_a_changed_pyproject_is_read_again(project):
    write_settings(project, 'backend = "a"')
    assert resolve().backend == "a"
    write_settings(project, 'backend = "longer"')
    assert resolve().backend == "longer"


def test_an_unchanged_pyproject_is_read_once(project, monkeypatch):
    write_settings(project, 'backend = "a"')
    resolve()
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: pytest.fail("read again"))
    assert resolve().backend == "a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.scalekit", "cannot read settings from .*pyproject.toml"),
        ("[tool]\nscalekit = 3", "must be a table"),
        (
            "[tool.scalekit]\nstrict = 'yes'",
            "strict is 'yes' .from .*pyproject.toml.*true or false",
        ),
    ],
)
def test_a_broken_pyproject_is_named(text, message, project):
    (project / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        resolve()


def test_a_deleted_working_directory_has_no_pyproject(project, monkeypatch):
    gone = project / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert resolve() == Config()
