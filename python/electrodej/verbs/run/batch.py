"""One image or many, a folder each; what failed is listed, and a table and a page are over all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import Cancelled, ElectrodeJError, OutputError
from electrodej.progress import part
from electrodej.run import Run
from electrodej.verb import Outcome, counted
from electrodej.verbs.run.config import StageSettings
from electrodej.verbs.run.images import Job, plan_jobs
from electrodej.verbs.run.one import Found, run_one
from electrodej.verbs.run.summary import SUMMARY

if TYPE_CHECKING:
    from electrodej.verbs.run import RunOptions


@dataclass(frozen=True)
class Done:
    """An image and what came of it."""

    job: Job
    found: Found

    @property
    def failure(self) -> str:
        """Why it is not whole, in a line; "" where it is."""
        return "; ".join(
            why if stage == "image" else f"{stage}: {why}" for stage, why in self.found.failed.items()
        )


def run_all(options: RunOptions, settings: StageSettings, run: Run, *, command: str) -> Outcome:
    """Take every image through the chain, and sum up where there are several."""
    jobs = plan_jobs(options)
    run.note(*jobs.notes)
    folder = Path(os.fspath(options.out or ""))
    if jobs.several:
        _check_summary(folder, options, run)
    done = []
    for number, job in enumerate(jobs.jobs):
        if jobs.several:
            run.say(f"== {job.image} ({number + 1} of {len(jobs.jobs)})")
        name = f"{job.image.name}: " if jobs.several else ""
        own = replace(run, notes=[], progress=part(run.progress, number, len(jobs.jobs), name))
        try:
            found = run_one(job, options, settings, own, command=command)
        except Cancelled:
            raise
        except (ElectrodeJError, OSError, MemoryError) as error:
            if not jobs.several:
                raise
            text = " ".join(str(error).split()) or "there is not enough memory"
            run.say(f"{job.image}: {text}")
            found = Found(failed={"image": text})
        done.append(Done(job, found))
    for each in done:
        prefix = f"{each.job.image.name}: " if jobs.several else ""
        run.notes.extend(
            note for note in (prefix + text for text in each.found.notes) if note not in run.notes
        )
    if not jobs.several:
        return _single(done[0])
    from electrodej.verbs.run.summary import sum_up

    files = sum_up(done, folder, by=jobs.by, run=run)
    return _several(done, files)


def _check_summary(folder: Path, options: RunOptions, run: Run) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made ({error.strerror or error}); choose another folder with --out"
        ) from error
    if (folder / SUMMARY).exists() and not (run.force or options.resume):
        raise OutputError(
            f"{folder / SUMMARY} exists already; give --resume to keep what is finished, --force to replace "
            "it, or another folder with --out"
        )


def _numbers(done: Done) -> dict[str, Any]:
    return {
        "image": os.fspath(done.job.image),
        "folder": os.fspath(done.job.folder),
        "particles": done.found.particles,
        "files": {stage: os.fspath(path) for stage, path in done.found.files.items()},
        "failed": dict(done.found.failed),
    }


def _single(done: Done) -> Outcome:
    lines = [] if done.found.particles is None else [f"{counted(done.found.particles, 'particle')} measured"]
    report = done.found.files.get("report")
    lines += [] if report is None else [f"report: {report}"]
    return Outcome(_numbers(done), "\n".join(lines), dict(done.found.files), failure=done.failure)


def _several(done: Sequence[Done], files: dict[str, Path]) -> Outcome:
    failed = [each for each in done if each.failure]
    lines = [
        f"{each.job.image}: " + (each.failure or counted(each.found.particles or 0, "particle"))
        for each in done
    ]
    lines += [f"{name}: {path}" for name, path in files.items()]
    numbers = {
        "images": [_numbers(each) for each in done],
        "done": len(done) - len(failed),
        **{name: os.fspath(path) for name, path in files.items()},
    }
    failure = ""
    if failed:
        names = ", ".join(each.job.image.name for each in failed)
        failure = (
            f"{len(failed)} of {counted(len(done), 'image')} failed: {names}; {files['summary']} says why"
        )
    return Outcome(numbers, "\n".join(lines), dict(files), failure=failure)
