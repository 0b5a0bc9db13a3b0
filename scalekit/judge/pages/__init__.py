"""Pages: a report or a comparison as text, as Markdown, and as one HTML file with pictures and without scripts.

In processing order:

``sections``         from a report to what is said of it: sentences, tables, facts, pictures (``blocks``, ``picture``)
``report_page``      the ten sections of a report; ``comparison_page`` those of a comparison
``marks``            what is drawn within axes, as values; ``axes`` what axes span and where their ticks are
``plot``             a plot as SVG; ``row_plot``, ``drawing``, ``labels`` and ``shades`` are its parts
``html``             a page as HTML (``style`` has its style sheet), ``markdown`` and ``text`` as those

All of it is made of tallies and figures, never of rows.
"""
