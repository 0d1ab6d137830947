"""``electrodej fiji uninstall``: take ElectrodeJ out of a Fiji."""

from __future__ import annotations

from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.verbs.fiji import FijiOptions
from electrodej.verbs.fiji.install import told


def uninstall(options: FijiOptions, run: Run) -> Outcome:
    """Take it away."""
    from electrodej.fiji.install import uninstall

    change = uninstall(options.folder)
    return told(change, f"ElectrodeJ is out of {change.fiji}", run)


VERB = Verb(
    name="fiji uninstall",
    summary="take exactly that away again",
    help="""Take away what electrodej fiji install wrote, and nothing else.

A file that you changed since is left, and named.""",
    example="electrodej fiji uninstall ~/Fiji",
    options=FijiOptions,
    work=uninstall,
)
