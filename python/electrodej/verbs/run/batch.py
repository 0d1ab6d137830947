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
from electrodej.verb import Outcome
from electrodej.verbs.run.config import StageSettings
from electrodej.verbs.run.facts import Facts
from electrodej.verbs.run.images import Job, Jobs, plan_jobs
from electrodej.verbs.run.one import Found, run_one
from electrodej.verbs.run.summary import SUMMARY
from electrodej.vocabulary import counted

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
        stages: dict[str, list[str]] = {}
        for stage, why in self.found.failed.items():
            stages.setdefault(why, []).append(stage)
        return "; ".join(
            why if failed == ["image"] else f"{', '.join(failed)}: {why}" for why, failed in stages.items()
        )


def run_all(options: RunOptions, settings: StageSettings, run: Run, *, command: str) -> Outcome:
    """Take every image through the chain, and sum up where there are several."""
    jobs = plan_jobs(options)
    run.note(*jobs.notes)
    folder = Path(os.fspath(options.out or ""))
    if jobs.several:
        _check_summary(folder, options, run)
    if run.scheduler is not None and jobs.several:
        found = _elsewhere(jobs.jobs, options, settings, run, command)
    else:
        found = _here(jobs, options, settings, run, command)
    done = [Done(job, each) for job, each in zip(jobs.jobs, found, strict=True)]
    for each in done:
        prefix = f"{each.job.image.name}: " if jobs.several else ""
        run.keep(prefix + text for text in each.found.notes)
    if not jobs.several:
        return _single(done[0])
    from electrodej.verbs.run.summary import sum_up

    damage = settings.get("damage", {}) if "damage" in options.stages else None
    files = sum_up(done, folder, run, by=jobs.by, damage=damage)
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


def _here(jobs: Jobs, options: RunOptions, settings: StageSettings, run: Run, command: str) -> list[Found]:
    """Take one image after the other through the chain."""
    done = []
    for number, job in enumerate(jobs.jobs):
        if jobs.several:
            run.say(f"== {job.image} ({number + 1} of {len(jobs.jobs)})")
        name = f"{job.image.name}: " if jobs.several else ""
        own = replace(run, notes=[], progress=part(run.progress, number, len(jobs.jobs), name))
        if jobs.several:
            done.append(_try(job, options, settings, own, command))
        else:
            done.append(run_one(job, options, settings, own, command=command))
    return done


def _elsewhere(
    jobs: Sequence[Job], options: RunOptions, settings: StageSettings, run: Run, command: str
) -> list[Found]:
    """Have each image taken through the chain by a worker of the cluster, several at a time."""
    how = (run.jobs, run.memory, run.force)
    # A worker that dies leaves stages that are finished: another one goes on from them, unless there were
    # results before.
    tries = [
        replace(options, resume=options.resume or not Facts(job.folder, resume=True).known) for job in jobs
    ]
    tries = [replace(each, **_absolute_models(options)) for each in tries]
    far = [_absolute(job) for job in jobs]
    found: dict[int, Found] = {}
    with run.workers() as workers:
        tasks = [(job, own, settings, how, command) for job, own in zip(far, tries, strict=True)]
        for number, each in workers.run(run_far, tasks):
            found[number] = each
            run.say(f"== {jobs[number].image} ({len(found)} of {len(jobs)} done)")
            run.progress(len(found), len(jobs), "images")
    return [found[number] for number in range(len(jobs))]


def run_far(
    job: Job,
    options: RunOptions,
    settings: StageSettings,
    how: tuple[int | None, int | None, bool],
    command: str,
) -> Found:
    """Take one image through the chain; done by a worker."""
    cores, memory, force = how
    return _try(job, options, settings, Run(jobs=cores, memory=memory, force=force), command)


def _absolute(job: Job) -> Job:
    """Return a job whose files a process elsewhere finds."""
    own = {name: path.absolute() for name, path in job.own.items()}
    return replace(job, image=job.image.absolute(), folder=job.folder.absolute(), own=own)


def _absolute_models(options: RunOptions) -> dict[str, Any]:
    """Return the models that are files or folders, where a process elsewhere finds them; names stay."""
    given = {name: getattr(options, name) for name in ("model", "phase_model", "crack_model")}
    return {
        name: Path(value).absolute()
        for name, value in given.items()
        if value is not None and Path(value).exists()
    }


def _try(job: Job, options: RunOptions, settings: StageSettings, run: Run, command: str) -> Found:
    """Take one of several images through the chain; what stops it does not stop the others."""
    try:
        found = run_one(job, options, settings, run, command=command)
    except Cancelled:
        raise
    except (ElectrodeJError, OSError, MemoryError) as error:
        found = Found(failed={"image": " ".join(str(error).split()) or "there is not enough memory"})
    if "image" in found.failed:
        run.say(f"{job.image} failed; the others go on")
    return found


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
