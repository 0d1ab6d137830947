"""``electrodej fiji``: put ElectrodeJ into a Fiji, take it away, or say what stops it there."""

from __future__ import annotations

from dataclasses import dataclass

from electrodej.options import PathTo, Settings, argument
from electrodej.verb import Group
from electrodej.vocabulary import PathLike


@dataclass(frozen=True, kw_only=True)
class FijiOptions(Settings):
    """Which Fiji it is about."""

    folder: PathLike = argument(PathTo(role="folder"), "the folder of the Fiji", word="dir")


GROUP = Group(
    name="fiji",
    summary="put ElectrodeJ into a Fiji, or say what is missing there",
    help="""Put ElectrodeJ's menu commands, macros, models and colours into a Fiji folder (install), take
exactly that away again (uninstall), or say what would stop ElectrodeJ, StarDist or CSBDeep from running
there (doctor).

A file that ElectrodeJ did not write is never touched; one that you changed is left, and named.""",
    example="electrodej fiji install ~/Fiji",
    members=("install", "uninstall", "doctor"),
    title="what",
)
