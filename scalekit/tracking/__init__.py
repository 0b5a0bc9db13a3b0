"""Runs and models: what fits and evaluations leave, what is in production, and why.

For users: ``sk.track``, ``sk.runs``, ``sk.open_run``, ``sk.promote``, ``sk.rollback``, ``sk.models``,
``sk.load_model``. For the layers above:

``keeping.track_fit(Fitted(model, seconds, training))``
    called by ``sk.fit`` at its end; keeps the fit where somebody wants it kept, else does nothing.
``opened = keeping.open_evaluation(model)``; ``opened.run_id``; ``opened.leave(Evaluated(...))``
    called by ``sk.evaluate``: the identifier before the report is drawn (None where nothing is kept), and then
    everything that the run keeps. Neither raises what the store raises: a run that cannot be written is a
    ``TrackingWarning``, so that no result is lost by it.
``with keeping.untracked():``
    around fits and evaluations that are steps of something (folds, baselines, learning curves).
``results.Fitted``, ``results.Evaluated``, ``record.Measured(value, low, high)``
    what is handed over.
``loading.open_run(id).tallies()``, ``.metrics()``, ``.report()``, ``.load_model()``; ``listing.runs()``
    what comes back. ``tallies()`` are Arrow tables by role and name, as they were handed over.
``loading.version_of("models:/churn@production", store)`` and ``loading.run_of(...)``
    the :class:`~scalekit.tracking.registry.ModelVersion`, whose ``uri`` is a decision's ``incumbent``, and its run.
``decision.Decision``
    what a promotion needs of a decision: ``passed``, ``reasons``, ``independent``, ``candidate``, ``incumbent``,
    ``to_dict()``.
"""
