"""``electrodej report``: the page about an electrode, from the files that are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from electrodej.errors import UsageError
from electrodej.options import Image, Names, PathTo, Settings, Text, option, output, voxel_size
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing

_TABLES = (".csv", ".parquet")


@dataclass(frozen=True, kw_only=True)
class ReportOptions(Settings):
    """What there is to show; what is not there is left out."""

    grey: Any = option(None, Image(metavar="GREY"), "the grey volume")
    labels: Any = option(None, Image(metavar="LABELS", labels=True), "its particles")
    table: PathLike | None = option(
        None,
        PathTo(metavar="TABLE", suffixes=_TABLES),
        "the table of particles that measure wrote; the tables of cracks and contacts beside it are found",
    )
    phases: Any = option(None, Image(metavar="PHASES", labels=True), "the phases")
    names: tuple[str, ...] = option(
        (), Names(numbered=True), "names of the phases 0, 1, ..., e.g. pore,binder,particle"
    )
    cracks: Any = option(None, Image(metavar="CRACKS", labels=True), "the cracks, to draw over the phases")
    morphology: PathLike | None = option(
        None, PathTo(metavar="TABLE", suffixes=_TABLES), "the measures of the phases that morphology wrote"
    )
    damage: PathLike | None = option(None, PathTo(metavar="DIR", role="input"), "the folder that damage made")
    scores: tuple[PathLike, ...] = option(
        (),
        PathTo(metavar="FILE", suffixes=(".json",)),
        "scores that score wrote (may be given again)",
        many=True,
    )
    title: str = option("", Text(), "heading of the page", usual="the name of the image or the table")
    spacing: Spacing | None = voxel_size()
    out: PathLike = output("the page to write", ".html")

    def check(self) -> None:
        if (self.grey is None) is not (self.labels is None):
            raise UsageError("slices are shown with their particles; give --grey and --labels together")
        if self.phases is not None and self.grey is None:
            raise UsageError("phases are shown beside the grey slice; give --grey and --labels too")
        if self.cracks is not None and self.phases is None:
            raise UsageError("cracks are drawn over the phases; give --phases too")
        shown = (self.grey, self.table, self.morphology, self.damage)
        if all(each is None for each in shown) and not self.scores:
            raise UsageError("there is nothing to show; give --table, --grey with --labels, or another part")


def report(options: ReportOptions, run: Run) -> Outcome:
    """Write the page from whatever there is."""
    from electrodej.verbs.report.page import write_page

    numbers = write_page(options, run)
    return Outcome(numbers, f"report: {numbers['report']}", {"report": numbers["report"]})


VERB = Verb(
    name="report",
    summary="write the page about an electrode from the files that are there",
    help="""Write one page about an electrode: slices with their particles, the table, distributions, phases,
cracks, damage and scores, as far as their files are given. It opens from disk, loads nothing and prints.""",
    example="electrodej report --grey grey.tif --labels particles.tif --table t.csv --out report.html",
    options=ReportOptions,
    work=report,
    takes=("force",),
)
