"""Judging models: one protocol, one pass, every number with an interval; reports and comparisons.

In processing order:

``protocol``     by what is judged: task, target, splits, metrics, guards (:class:`~scalekit.judge.protocol.Protocol`)
``statistics``   what a pass keeps of the rows, and the figures and intervals that are made of it
``metrics``      one table of all metrics
``forecast``     folds with a rolling origin, horizons, and metrics of series
``scoring``      models to the rows, tallies back, in one pass on any backend
``baselines``    what a model is held against; ``threshold``, from which a row is positive
``evaluate``     one model: a :class:`~scalekit.judge.report.Report`
``findings``     checks SKL01 to SKL16 of a report: ``findings.check(report, evidence)``, with ``findings.summaries(...)``
                 for what they want to know of the rows in the same pass (``evidence`` has the interfaces)
``compare``      several models: a :class:`~scalekit.judge.comparison.Comparison`, with a
                 :class:`~scalekit.judge.decision.Decision` for each
``leaderboard``  the runs that were judged alike, in order
``pages``        text, Markdown and HTML of reports (``report_text``, ``report_markdown``, ``report_html(report, path)``,
                 ``report_snippet``) and of comparisons (``comparison_text`` and so on)
"""
