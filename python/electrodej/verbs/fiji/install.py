"""``electrodej fiji install``: put ElectrodeJ into a Fiji."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from electrodej.options import PathTo, option
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.verbs.fiji import FijiOptions
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.fiji.install import Change


@dataclass(frozen=True, kw_only=True)
class InstallOptions(FijiOptions):
    """Into which Fiji, and which Python works for it."""

    python: PathLike | None = option(
        None, PathTo(metavar="PROGRAM"), "the Python that works for Fiji", usual="the one running now"
    )


def install(options: InstallOptions, run: Run) -> Outcome:
    """Put it in."""
    from electrodej.fiji.install import install

    change = install(options.folder, python=options.python)
    end = f"ElectrodeJ is in {change.fiji}; restart Fiji and look under Plugins > ElectrodeJ"
    return told(change, end, run)


def told(change: Change, end: str, run: Run) -> Outcome:
    """Return what was changed in a Fiji, ending with a sentence."""
    run.note(*(f"left {name}: it was changed since ElectrodeJ wrote it" for name in change.left))
    run.note(*change.notes)
    lines = [
        f"{action} {name}"
        for action, names in (("wrote", change.written), ("removed", change.removed))
        for name in names
    ]
    return Outcome(change.as_dict(), "\n".join([*lines, end]))


VERB = Verb(
    name="fiji install",
    summary="put ElectrodeJ's commands, macros and models into a Fiji",
    help="""Put ElectrodeJ's menu commands, macros, models and colours into a Fiji folder.

A file that ElectrodeJ did not write is never touched; one that you changed is left, and named.""",
    example="electrodej fiji install ~/Fiji",
    options=InstallOptions,
    work=install,
)
