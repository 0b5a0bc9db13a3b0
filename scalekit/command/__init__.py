"""The command line: ``scalekit run``, ``runs``, ``compare``, ``promote``, ``rollback``, ``report`` and ``doctor``.

``main.main(argv)`` runs one command and gives its exit code (``exits.Exit``); ``arguments.COMMANDS`` is the table of
commands. Results go to standard output, all else to standard error. ``experiment.experiment.read_experiment(path)`` reads an
experiment file into data, estimators and tables, all checked and nothing run.
"""
