"""Solvers that call a function back, turned inside out: each call becomes a request of a fit."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

from scalekit.learn.passes.requests import Steps

Ask: TypeAlias = Callable[..., Any]


class _Cancelled(BaseException):
    """The fit ended before its solver: no ``except Exception`` of a solver may swallow this."""


def inverted(solve: Callable[[Ask], Any], answer: Callable[..., Steps]) -> Steps:
    """What ``solve(ask)`` returns, where each ``ask(*question)`` is answered by the steps of ``answer(*question)``.

    ``solve`` runs in a thread that waits while a question is answered, so that one of both runs at any time. SciPy's
    L-BFGS-B can be driven step by step too, but by private functions only, which changed their arguments in 1.15; a
    thread has no part in what a solver computes, and an iteration costs it some microseconds.
    """
    questions: SimpleQueue[tuple[str, Any]] = SimpleQueue()
    answers: SimpleQueue[Any] = SimpleQueue()
    thread = Thread(
        target=_work, args=(solve, questions, answers), name="scalekit-solver", daemon=True
    )
    thread.start()
    try:
        while True:
            kind, what = questions.get()
            if kind == "returned":
                return what
            if kind == "raised":
                raise what
            answers.put((yield from answer(*what)))
    finally:  # also where a pass failed, or nobody wants the rest of the fit
        answers.put(_Cancelled)
        thread.join()


def _work(
    solve: Callable[[Ask], Any],
    questions: SimpleQueue[tuple[str, Any]],
    answers: SimpleQueue[Any],
) -> None:
    def ask(*question: Any) -> Any:
        questions.put(("asked", question))
        found = answers.get()
        if found is _Cancelled:
            raise _Cancelled
        return found

    try:
        questions.put(("returned", solve(ask)))
    except _Cancelled:
        pass
    except BaseException as error:  # raised again where the fit runs
        questions.put(("raised", error))
