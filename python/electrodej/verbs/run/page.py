"""The page about one image, from what there is now."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from electrodej.verb import Outcome
from electrodej.verbs.report import VERB, ReportOptions
from electrodej.verbs.run.chain import Kept, Stage

if TYPE_CHECKING:
    from electrodej.verbs.run.one import Journey

_ROLES = ("table", "phases", "cracks", "morphology", "damage")


def write_page(journey: Journey, name: str) -> Outcome | None:
    """Write the page; None where there is nothing to show.

    A page of the same files stays as it is, unless a stage failed now, of which it is to tell.
    """
    from electrodej.verbs.report import page

    options = _options(journey, name)
    if options is None:
        return None
    chain = journey.chain
    command = VERB.command(options)
    facts = journey.facts
    known = None if journey.found.failed else facts.kept("report", VERB, options)
    if known is not None:
        chain.run.say(f"finished before: {command}")
        chain.stages.append(Stage("report", command, known.seconds, name))
        return Outcome(dict(known.numbers))
    chain.run.say(f"$ {command}")
    start, before = time.perf_counter(), facts.files()
    missing = [f"The stage {stage} failed: {why}" for stage, why in journey.found.failed.items()]
    story = page.Story(
        stages=[(stage.name, stage.seconds, stage.output) for stage in chain.stages],
        notes=[*missing, *chain.run.notes],
        subtitle="Measured by electrodej run",
        provenance={"commands": [*(stage.command for stage in chain.stages), command]},
    )
    numbers = page.write_page(options, replace(chain.run, notes=[], force=True), story)
    seconds = round(time.perf_counter() - start, 2)
    chain.stages.append(Stage("report", command, seconds, name))
    if not journey.found.failed:
        facts.remember("report", VERB, options, Kept(numbers, seconds), since=before)
    return Outcome(numbers)


def _options(journey: Journey, name: str) -> ReportOptions | None:
    files = journey.found.files
    given: dict[str, Any] = {role: files[role] for role in _ROLES if role in files}
    if "particles" in files:
        given |= {"grey": journey.job.image, "labels": files["particles"]}
    else:
        given = {role: path for role, path in given.items() if role not in ("phases", "cracks")}
    if "phases" not in given:
        given.pop("cracks", None)
    if not given:
        return None
    own = journey.settings.get("report", {})
    if journey.options.spacing is not None:
        given["spacing"] = journey.options.spacing
    title = own.get("title") or journey.name
    return ReportOptions(
        **{**own, **given, "title": title, "names": journey.names, "out": journey.chain.path(name)}
    )
