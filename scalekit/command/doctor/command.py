"""``scalekit doctor``: looks at everything, says what it found, and ends with what that means."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import scalekit
from scalekit.command.doctor.backends import BackendState, backend_states, package_versions
from scalekit.command.doctor.clusters import Address, ClusterState, addresses, ask
from scalekit.command.doctor.machine import memory_state, platform_state, settings_of
from scalekit.command.doctor.store import StoreState, store_state
from scalekit.command.exits import Exit
from scalekit.command.output import Output, table
from scalekit.config import Config, resolve
from scalekit.display.text import amount
from scalekit.errors import ConfigError

Findings = dict[str, Any]


def doctor(arguments: Namespace, output: Output) -> int:
    """Look at this installation, and say what works."""
    found, problem = _settings(arguments)
    known = found or Config()
    states = backend_states()
    store = store_state(known, known.origin("store"))
    clusters = _asked(addresses(known), arguments.deadline, output)
    report = {
        "scalekit": scalekit.__version__,
        **platform_state(),
        "packages": package_versions(),
        "backends": states,
        "clusters": clusters,
        "memory": memory_state(known),
        "store": store,
        "settings": [] if found is None else settings_of(found),
    }
    problems = [*([problem] if problem else []), *_problems(known, states, clusters, store)]
    code = Exit.USAGE if problem else Exit.NEGATIVE if problems else Exit.GOOD
    if arguments.json:
        output.json({**report, "problems": problems, "exit": code})
    else:
        output.write("\n".join(_lines(report, problems, output)))
    return code


def _settings(arguments: Namespace) -> tuple[Config | None, str]:
    """The settings, or what is wrong with them: the rest can be looked at all the same."""
    try:
        return resolve(backend=arguments.backend, store=arguments.store), ""
    except ConfigError as error:
        return None, str(error)


def _asked(known: tuple[Address, ...], deadline: float, output: Output) -> tuple[ClusterState, ...]:
    """All clusters at once: together they take no longer than one."""
    if not known:
        return ()
    output.note(f"asking {', '.join(address.backend for address in known)} ...")
    with ThreadPoolExecutor(len(known)) as pool:
        return tuple(pool.map(lambda address: ask(address, deadline), known))


def _problems(
    config: Config,
    states: tuple[BackendState, ...],
    clusters: tuple[ClusterState, ...],
    store: StoreState,
) -> Iterator[str]:
    """What would keep a query from running as it is configured."""
    by_name = {state.name: state for state in states}
    if config.backend != "auto":
        state, origin = by_name.get(config.backend), config.origin("backend")
        if state is None:
            yield str(
                ConfigError.unknown_choice(
                    "backend", config.backend, ["auto", *by_name], origin=origin
                )
            )
        elif not state.usable:
            yield f"backend {state.name!r} (from {origin}) cannot be used: {state.why}"
    for cluster in clusters:
        for finding in cluster.findings:
            if finding.level == "error":
                yield f"{cluster.address} (from {cluster.origin}): {finding.what}; {finding.way_out}"
    if not store.usable:
        yield f"store {store.root} (from {store.origin}): {store.why}"


def _lines(report: Findings, problems: list[str], output: Output) -> Iterator[str]:
    yield output.styled(f"scalekit {report['scalekit']}", "bold") + (
        f" · Python {report['python']} · {report['system']} · {report['cores']} cores"
    )
    yield ""
    yield output.styled("Backends", "bold")
    yield from _backend_lines(report["backends"], output)
    yield ""
    yield output.styled("Clusters", "bold")
    yield from _cluster_lines(report["clusters"], output)
    yield ""
    yield output.styled("Memory", "bold")
    yield f"  {report['memory'].words()}"
    yield ""
    yield output.styled("Store of runs", "bold")
    yield _store_line(report["store"], output)
    yield ""
    yield output.styled("Packages", "bold")
    yield table(list(map(list, report["packages"].items())), indent="  ")
    yield ""
    yield output.styled("Settings", "bold")
    rows = [[s["name"], _text(s["value"]), s["origin"]] for s in report["settings"]]
    yield table(rows, indent="  ")
    yield ""
    yield from _verdict(problems, output)


def _backend_lines(states: tuple[BackendState, ...], output: Output) -> Iterator[str]:
    width = max((len(state.name) for state in states), default=0)
    for state in states:
        mark = output.mark("good" if state.usable else "bad")
        said = " ".join(
            part for part in (state.version or "", output.styled(state.why, "dim")) if part
        )
        yield f"  {mark} {state.name.ljust(width)}  {said}"


def _cluster_lines(clusters: tuple[ClusterState, ...], output: Output) -> Iterator[str]:
    if not clusters:
        yield "  - no address is configured: a query that needs a cluster starts one on this machine"
    for cluster in clusters:
        mark = output.mark("good" if cluster.answers else "bad")
        who = output.styled(f"{cluster.address} ({cluster.backend}, from {cluster.origin})", "bold")
        yield f"  {mark} {who}: {'answers' if cluster.answers else 'cannot be used'} after {cluster.seconds:.1f} s"
        for finding in cluster.findings:
            kind = {"ok": "good", "warn": "warn", "error": "bad"}[finding.level]
            yield f"      {output.mark(kind)} {output.styled(finding.what, 'dim')}"
            if finding.way_out:
                yield f"        way out: {finding.way_out}"


def _store_line(store: StoreState, output: Output) -> str:
    mark = output.mark("good" if store.usable else "bad")
    where = output.styled(f"{store.root} (from {store.origin})", "bold")
    if not store.usable:
        return f"  {mark} {where}: {output.styled(store.why, 'dim')}"
    held = [(store.runs, "run"), (store.projects, "project"), (store.models, "registered model")]
    return f"  {mark} {where}: {', '.join(amount(number or 0, noun) for number, noun in held)}"


def _verdict(problems: list[str], output: Output) -> Iterator[str]:
    if not problems:
        yield f"{output.mark('good')} nothing stands in the way"
    for problem in problems:
        yield f"{output.mark('bad')} {output.styled(problem, 'bad')}"


def _text(value: object) -> str:
    if value is None:
        return "-"
    return ",".join(value) if isinstance(value, tuple) else str(value)
