"""From a file of settings to data, estimators and a protocol: read, checked and imported, and nothing evaluated.

``document.py`` reads TOML and knows on which line a key stands, ``section.py`` checks its values, ``imports.py``
turns ``module:name`` into objects, ``estimators.py`` and ``grid.py`` make estimators of tables, ``data.py`` and
``features.py`` make frames, and ``experiment.py`` puts it all together.
"""
