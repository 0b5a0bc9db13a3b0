"""The protocol: one frozen value that says how models for a target are split, measured and compared.

What other packages use of it:

- ``protocol.Protocol``, ``split.Split``, ``split.Intervals``: the values. After a :class:`Protocol` is made, all of
  its defaults have values (``primary``, ``metrics``, ``baselines``, ``split.kind``, ``ci.unit``);
  ``key``, ``group``, ``series`` and ``slices`` are tuples of names, empty where there are none. ``.id``, ``.to_dict()``,
  ``.to_yaml()``, ``.with_()``, ``.from_file()``, ``.from_dict()``; ``.unit`` and ``.block`` are the columns that decide
  splits by hash and blocks.
- ``inferred.protocol_of(frame, protocol_or_path_or_None, **keywords)``: a protocol that fits a frame, its task
  inferred where it is not given; all its columns are there.
- ``rows.role_of(protocol, frame)``: an expression, ``"train"``, ``"valid"`` or ``"test"`` for each row (null: in a gap
  between them), the rows of ``sk.split(frame, protocol)``; ``rows.pinned(protocol, frame)``: the same protocol
  with the cut-offs that its split by time has in this frame.
- ``slices.slices_of(protocol, frame)``: name -> how rows come to its levels; ``slices.levels(frame, slices)``.
- ``fingerprint.Fingerprint``, ``fingerprint.of_rows(rows, columns)``, ``fingerprint.joined``, ``fingerprint.of_frame``:
  which rows a test was made on, whoever read them in whatever order.
- ``tasks.TASKS``: the tasks; metrics and their defaults are those of :mod:`scalekit.judge.metrics`.
"""

from __future__ import annotations

from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.protocol.split import Intervals, Split

__all__ = ["Intervals", "Protocol", "Split"]
