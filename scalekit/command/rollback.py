"""``scalekit rollback``: the version before becomes the production version again."""

from __future__ import annotations

from argparse import Namespace

from scalekit.command.exits import Exit
from scalekit.command.output import Output
from scalekit.command.store import store_of
from scalekit.tracking.promotion import rollback as roll_back


def rollback(arguments: Namespace, output: Output) -> int:
    """Move the alias ``production`` back."""
    with store_of(arguments) as root:
        version = roll_back(arguments.name, reason=arguments.reason, root=root)
    if arguments.json:
        output.json(version)
    else:
        output.write(f"{version.uri} is in production again (run {version.run})")
    return Exit.GOOD
