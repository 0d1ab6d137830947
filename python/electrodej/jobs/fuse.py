"""Three views of a volume on disk to 3D particle labels on disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError, OutputError
from electrodej.files import scratch_folder
from electrodej.jobs.fuse_kept import VIEWS, identity, open_folder, remove_views, round_folder, worth_keeping
from electrodej.jobs.fuse_open import check_apart, open_views
from electrodej.jobs.fuse_rounds import check_teachable, keep_model, learn
from electrodej.jobs.fuse_write import beside, check_outputs, fuse_and_write
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.fusion import FusionSettings, Method
    from electrodej.workers import Workers

PathLike = str | os.PathLike[str]
Spacing = tuple[float, float, float]


def fuse_views(
    xy: PathLike | None,
    xz: PathLike | None,
    yz: PathLike | None,
    *,
    out: PathLike,
    method: Method = "flow",
    settings: FusionSettings | None = None,
    grey: PathLike | None = None,
    intact: bool = False,
    refine: int | None = None,
    shapes: PathLike | None = None,
    pictures: PathLike | None = None,
    spacing: Spacing | None = None,
    memory: int | None = None,
    jobs: int | None = None,
    scheduler: Any = None,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fuse the probabilities of three views and write labels and the agreement table.

    Parameters
    ----------
    xy, xz, yz
        The probability volumes, all in the volume's own order (Z, Y, X).
    out
        The label volume; its suffix chooses the format. The table lies beside it: ``particles.tif`` comes
        with ``particles_agreement.csv`` and its description.
    method, settings
        As `electrodej.fusion.fuse_views` has them.
    grey
        The grey volume under the outlines in the pictures; without it, the summed probabilities.
    intact
        Leave cracks and dark cores out of the labels, as the attributes need it; asks for ``grey``.
    refine
        Move the particles' borders by up to this many voxels to the edges in ``grey``; by default 1 where
        there is a grey volume. 0 leaves them where the views have them.
    shapes
        A StarDist model that runs over the drawn labels (`electrodej.fusion.shapes.render`) in each view;
        what it says is fused again, and these are the particles.
    pictures
        A folder for overlays in three views and a sheet of the doubtful particles; None writes none.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the files.
    memory, jobs
        How many bytes and how many threads may be used.
    scheduler
        Address of a Dask scheduler ("tcp://host:port") or a `distributed.Client`: its workers follow the
        flow, with the same labels. They open the files themselves, under the same paths.
    force
        Replace outputs that exist.
    progress
        Told of the slices done.

    Returns
    -------
    result
        What was written, the number of particles and how far the views agree on them.
    """
    wanted = _Wanted(method, settings, grey, intact, refine, shapes, pictures, spacing, memory, jobs, force)
    check_apart(xy, xz, yz)
    _check_grey_given(wanted)
    given = [path for path in (xy, xz, yz, grey) if path is not None]
    check_outputs(out, pictures, inputs=given, force=force)
    _check_shapes(shapes)
    with _workers(scheduler, jobs) as workers:
        return _fuse((xy, xz, yz), out, wanted, workers=workers, progress=progress)


def fuse_image(
    image: PathLike,
    *,
    model: PathLike,
    out: PathLike,
    scale: float | None = None,
    rounds: int = 0,
    resume: bool = False,
    method: Method = "flow",
    settings: FusionSettings | None = None,
    intact: bool = False,
    refine: int | None = None,
    shapes: PathLike | None = None,
    pictures: PathLike | None = None,
    spacing: Spacing | None = None,
    memory: int | None = None,
    jobs: int | None = None,
    scheduler: Any = None,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Run a StarDist model over the three views of ``image`` and fuse what it finds.

    The views' probabilities are written to a folder beside ``out`` (``particles_views`` for
    ``particles.tif``), which goes when the labels are there and stays when the run is stopped.

    Parameters
    ----------
    image
        The grey volume.
    model
        Name of a bundled model, a model folder or an exported zip.
    scale
        Enlarges the sections for the network; by default the voxel size decides.
    rounds
        So many times the model is first trained further on sections of what it found in the three views
        together. What becomes of it is kept beside ``out``, ``particles_model`` for ``particles.tif``.
    resume
        Take the views and rounds that a stopped run with the same image, model and scale has finished.
    out, method, settings, intact, refine, shapes, pictures, spacing, memory, jobs, force, progress
        As `fuse_views` has them.
    scheduler
        As `fuse_views` has it; its workers also run the model, each over one view.
    """
    from electrodej.models.bundled import find_model
    from electrodej.volume import open_volume

    check_outputs(out, pictures, inputs=[image], force=force)
    find_model(model)
    _check_shapes(shapes)
    kept = beside(out, "_model")
    if rounds:
        check_teachable(model, kept, force=force)
    with open_volume(image, spacing=spacing) as grey:
        if grey.is_2d:
            raise InputError(
                f"{os.fspath(image)} is a single section, and fusion needs the three views of a volume; find "
                "its particles with 'electrodej segment particles'"
            )
        size = grey.require_spacing()
    folder = beside(out, "_views")
    for given in (image, model):
        if folder.resolve() in Path(given).resolve().parents:
            raise OutputError(f"{folder} is needed for the three views, and {given} lies in it; move it away")
    wanted = _Wanted(method, settings, image, intact, refine, shapes, pictures, size, memory, jobs, force)
    with _workers(scheduler, jobs) as workers:
        known = identity(image, model, scale, size, rounds, _taught_with(wanted) if rounds else None)
        resumed = open_folder(folder, known, resume=resume, force=force)
        with worth_keeping(folder):
            finder = _Finder(image, wanted, scale, size, workers)
            taught = model
            for number in range(1, rounds + 1):
                told = _part(progress, number - 1, rounds + 1, f"round {number}: ")
                taught = _teach(finder, taught, model, round_folder(folder, number), kept.name, told)
            result = finder.find(taught, folder, out, _part(progress, rounds, rounds + 1))
            if rounds:
                result["model_learnt"] = keep_model(Path(taught), kept, force=force)
    remove_views(folder)
    return result | {"model": os.fspath(model), "rounds": rounds, "resumed_views": resumed}


@dataclass(frozen=True)
class _Wanted:
    """What a fusion goes by, as `fuse_views` has it."""

    method: Method
    settings: FusionSettings | None
    grey: PathLike | None
    intact: bool
    refine: int | None
    shapes: PathLike | None
    pictures: PathLike | None
    spacing: Spacing | None
    memory: int | None
    jobs: int | None
    force: bool


def _taught_with(wanted: _Wanted) -> dict[str, Any]:
    """What the labels that a round learns from depend on, as JSON has it."""
    from electrodej.fusion import FusionSettings

    settings = asdict(wanted.settings or FusionSettings())
    return {"method": wanted.method, "settings": settings, "refine": wanted.refine}


@dataclass(frozen=True)
class _Finder:
    """Runs a model over the three views of an image and fuses what it says."""

    image: PathLike
    wanted: _Wanted
    scale: float | None
    spacing: Spacing
    workers: Workers | None

    def find(self, model: PathLike, place: Path, labels: PathLike, progress: Progress) -> dict[str, Any]:
        """Find the particles; the views that are not in ``place`` yet are put there."""
        wanted = self.wanted
        paths = {view: place / f"{view}.tif" for view in VIEWS}
        _see(
            self.image, model, paths, scale=self.scale, spacing=self.spacing, memory=wanted.memory,
            jobs=wanted.jobs, workers=self.workers, progress=progress,
        )  # fmt: skip
        return _fuse(list(paths.values()), labels, wanted, workers=self.workers, progress=_stage(progress, 3))


def _teach(
    finder: _Finder, model: PathLike, first: PathLike, place: Path, name: str, progress: Progress
) -> Path:
    """Do a round in ``place``, unless that is done: find particles, and train the model on them."""
    taught = place / name
    if not taught.is_dir():
        place.mkdir(exist_ok=True)
        plain = replace(finder.wanted, intact=False, shapes=None, pictures=None, force=True)
        found = replace(finder, wanted=plain).find(model, place, place / "labels.tif", _part(progress, 0, 2))
        learn(
            finder.image, found["labels"], found["table"], [place / f"{view}.tif" for view in VIEWS],
            model=model, first=first, out=taught, scale=finder.scale, spacing=finder.spacing, jobs=plain.jobs,
            progress=_part(progress, 1, 2),
        )  # fmt: skip
    return taught


def _fuse(
    paths: Sequence[PathLike | None],
    out: PathLike,
    wanted: _Wanted,
    *,
    workers: Workers | None,
    progress: Progress,
) -> dict[str, Any]:
    """Fuse once, or with a shape model twice."""
    if wanted.shapes is None:
        return _fuse_once(paths, out, wanted, workers=workers, progress=progress)
    from electrodej.jobs.fuse_shapes import see_shapes

    with contextlib.ExitStack() as stack:
        open_views(stack, paths, grey=wanted.grey, spacing=wanted.spacing)
    first = replace(wanted, grey=None, intact=False, refine=0, pictures=None, force=False)
    with scratch_folder(out) as folder:
        rough = folder / "rough.tif"
        found = _fuse_once(paths, rough, first, workers=workers, progress=_part(progress, 0, 3))
        shown = see_shapes(
            rough, model=wanted.shapes, folder=folder, spacing=found["spacing_um"], memory=wanted.memory,
            jobs=wanted.jobs, progress=_part(progress, 1, 3),
        )  # fmt: skip
        last = replace(wanted, spacing=found["spacing_um"])
        result = _fuse_once(shown, out, last, seen=paths, workers=workers, progress=_part(progress, 2, 3))
    return result | {"shapes": os.fspath(wanted.shapes), "particles_before_shapes": found["particles"]}


def _fuse_once(
    paths: Sequence[PathLike | None],
    out: PathLike,
    wanted: _Wanted,
    *,
    seen: Sequence[PathLike | None] | None = None,
    workers: Workers | None,
    progress: Progress,
) -> dict[str, Any]:
    """Fuse ``paths``; agreement and pictures are of the views ``seen``, where these are others."""
    from electrodej.fusion import IntactMaterial

    with contextlib.ExitStack() as stack:
        views, under = open_views(stack, paths, grey=wanted.grey, spacing=wanted.spacing)
        first = views if seen is None else open_views(stack, seen, spacing=wanted.spacing)[0]
        material = None
        if wanted.intact and under is not None:
            material = IntactMaterial(under, spacing=views.spacing, progress=progress)
        reach = int(under is not None) if wanted.refine is None else wanted.refine
        result, columns = fuse_and_write(
            views, out, seen=first, grey=under, material=material, refine=reach, method=wanted.method,
            settings=wanted.settings, memory=wanted.memory, jobs=wanted.jobs, workers=workers,
            force=wanted.force, progress=progress,
        )  # fmt: skip
        if wanted.pictures is not None:
            from electrodej.jobs.fuse_pictures import draw_pictures

            result["pictures"] = draw_pictures(
                Path(wanted.pictures), Path(out), views=first, grey=under, columns=columns, force=wanted.force
            )
    return result


def _check_grey_given(wanted: _Wanted) -> None:
    if wanted.grey is None and wanted.intact:
        raise InputError("cracks can be left out only where the grey volume is known; give it with --grey")
    if wanted.grey is None and wanted.refine:
        raise InputError("borders move to the edges in the grey volume; give it with --grey")


def _check_shapes(shapes: PathLike | None) -> None:
    """Refuse a shape model that is none before hours of other work."""
    if shapes is not None:
        from electrodej.networks.stardist.model import load_stardist

        load_stardist(shapes)


@contextlib.contextmanager
def _workers(scheduler: Any, jobs: int | None) -> Iterator[Workers | None]:
    """The workers of a cluster while they are needed; None for this machine's own threads."""
    if scheduler is None:
        yield None
        return
    from electrodej import workers

    with workers.hired(scheduler, jobs) as hired:
        yield hired


def _see(
    image: PathLike,
    model: PathLike,
    paths: dict[str, Path],
    *,
    scale: float | None,
    spacing: Spacing,
    memory: int | None,
    jobs: int | None,
    workers: Workers | None,
    progress: Progress,
) -> None:
    """Run the model over the views that are not there yet: one by one here, each by one worker there."""
    missing = [view for view, path in paths.items() if not path.exists()]
    common = (scale, spacing, memory, jobs)
    if workers is None:
        for view in missing:
            _see_view(image, model, view, paths[view], *common, _stage(progress, VIEWS.index(view)))
        return
    where = Path(model).resolve() if Path(model).exists() else model
    tasks = [(Path(image).resolve(), where, view, paths[view].resolve(), *common) for view in missing]
    progress(0, 4, "views")
    with contextlib.closing(workers.run(_see_view, tasks)) as coming:
        for done, _ in enumerate(coming, start=1):
            progress(done, 4, "views")


def _see_view(
    image: PathLike,
    model: PathLike,
    view: Any,
    path: Path,
    scale: float | None,
    spacing: Spacing,
    memory: int | None,
    jobs: int | None,
    progress: Progress = silent,
) -> None:
    from electrodej.jobs.segment import find_sections
    from electrodej.networks.stardist.views import ViewSettings

    # A worker that died may have finished the file before it could say so.
    find_sections(
        image, model=model, out=None, probability=path, settings=ViewSettings(view=view, scale=scale),
        spacing=spacing, memory=memory, jobs=jobs or 1, force=True, progress=progress,
    )  # fmt: skip


def _stage(progress: Progress, number: int) -> Progress:
    """Progress of one of four stages that take about equally long."""
    name = ("xy view", "xz view", "yz view", "fuse")[number]
    return _part(progress, number, 4, f"{name}: ")


def _part(progress: Progress, number: int, parts: int, name: str = "") -> Progress:
    def told(done: float, total: float, stage: str) -> None:
        progress(number + done / max(total, 1), parts, f"{name}{stage}")

    return told
