"""``scalekit run``: the steps of an experiment in their order."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import perf_counter

from scalekit.backends.registry import find_backend
from scalekit.checks.report import DataReport
from scalekit.command.exits import Exit
from scalekit.command.experiment.experiment import Experiment, read_experiment
from scalekit.command.experiment.imports import importing_from
from scalekit.command.output import Output
from scalekit.command.run.checks import checked, is_stopped, stop_level
from scalekit.command.run.dry import dry_run
from scalekit.command.run.fits import fit_models, ways_of
from scalekit.command.run.judged import judge_models, terms_of
from scalekit.command.run.ready import Ready, make_ready
from scalekit.command.run.shown import found_of, text_of, write_results
from scalekit.command.run.tracked import track_of, tracked
from scalekit.config import Config
from scalekit.config import config as settings
from scalekit.display.text import amount, duration_text


def run(arguments: Namespace, output: Output) -> int:
    """Run an experiment: rows, checks, fits, scores, and what is made of them."""
    path = Path(arguments.experiment)
    with importing_from(path.resolve().parent):
        experiment = read_experiment(path).only(arguments.only)
        _check_tables(experiment)
        given = {"backend": arguments.backend, "sample": arguments.sample, "store": arguments.store}
        with experiment.settings(**given) as config:
            if config.backend != "auto":
                find_backend(config.backend, config.origin("backend"))
            ready = make_ready(experiment)
            with _sampled(ready, config, output) as inside:
                if arguments.dry_run:
                    return dry_run(ready, inside, output, as_json=arguments.json)
                return _run(ready, inside, arguments, output)


def _sampled(ready: Ready, config: Config, output: Output) -> AbstractContextManager[Config]:
    """A block in which all queries take the same sample, where one is asked for."""
    if config.sample in (None, 1) or config.sample_on is not None:
        return settings()
    if not ready.sample_on:
        output.note(
            "the rows have no column that the protocol keeps together, so that each query chooses what its sample "
            "goes by: name one as sample_on = ... in [settings]"
        )
        return settings()
    return settings(sample_on=ready.sample_on)


def _check_tables(experiment: Experiment) -> None:
    """Read the tables that later steps need: what is wrong in them is said now, and not after an hour of fits."""
    stop_level(experiment.sections["checks"])
    ways_of(experiment.sections["fit"])
    terms_of(experiment)
    track_of(experiment)


def _run(ready: Ready, config: Config, arguments: Namespace, output: Output) -> int:
    experiment = ready.experiment
    reports = _checked(ready, output)
    if is_stopped(experiment.sections["checks"], reports):
        _tell_stopped(reports, arguments, output)
        return Exit.NEGATIVE
    with tracked(experiment) as block:
        with _step(f"fitting {amount(len(experiment.models), 'model')}", output):
            models = fit_models(ready)
        with _step("scoring all of them in one pass", output):
            judged = judge_models(ready, models, reports, output)
    found = found_of(ready, config, judged, block.id if block else None)
    if arguments.out:
        write_results(Path(arguments.out), judged, found, output)
    if arguments.json:
        output.json(found)
    else:
        output.write("\n".join(text_of(ready, judged, output)))
    return Exit.GOOD if judged.is_positive else Exit.NEGATIVE


def _checked(ready: Ready, output: Output) -> Mapping[str, DataReport]:
    section = ready.experiment.sections["checks"]
    if not section.values:
        return {}
    with _step("checking the rows", output):
        reports = checked(section, {"test" if ready.given else "rows": ready.judged, **ready.given})
    for report in reports.values():
        if report.level != "pass":
            output.note(str(report))
    return reports


def _tell_stopped(reports: Mapping[str, DataReport], arguments: Namespace, output: Output) -> None:
    """Why nothing was fitted."""
    if arguments.json:
        checks = {name: report.to_dict() for name, report in reports.items()}
        output.json({"checks": checks, "exit": Exit.NEGATIVE})
    else:
        output.write("\n".join(str(report) for report in reports.values()))
    output.error("scalekit run: the rows do not keep the rules of [checks], and nothing was fitted")


@contextmanager
def _step(what: str, output: Output) -> Iterator[None]:
    """Say what is going on, and how long it took."""
    output.note(f"{what} ...")
    began = perf_counter()
    yield
    output.note(f"  done in {duration_text(perf_counter() - began)}")
