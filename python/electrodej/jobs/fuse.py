"""Three views of a volume on disk to 3D particle labels on disk."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError, OutputError
from electrodej.files import check_target, whole_file
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.fusion import FusionSettings, IntactMaterial, Method
    from electrodej.volume import Volume

PathLike = str | os.PathLike[str]
Spacing = tuple[float, float, float]

_NOTE = "views.json"


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
    pictures: PathLike | None = None,
    spacing: Spacing | None = None,
    memory: int | None = None,
    jobs: int | None = None,
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
        Move the particles' borders by up to this many voxels to the edges in ``grey``.
    pictures
        A folder for overlays in three views and a sheet of the doubtful particles; None writes none.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the files.
    memory, jobs
        How many bytes and how many threads may be used.
    force
        Replace outputs that exist.
    progress
        Told of the slices done.

    Returns
    -------
    result
        What was written, the number of particles and how far the views agree on them.
    """
    from electrodej.fusion import Views
    from electrodej.volume import open_volume

    inputs = [path for path in (xy, xz, yz, grey) if path is not None]
    targets = check_outputs(out, pictures, inputs=inputs, force=force)
    with contextlib.ExitStack() as stack:

        def opened(path: PathLike | None) -> Volume | None:
            return None if path is None else stack.enter_context(open_volume(path, spacing=spacing))

        volumes = [opened(path) for path in (xy, xz, yz)]
        size = _voxel_size(volumes)
        views = Views(*volumes, spacing=size)
        under = opened(grey)
        if under is not None and under.shape != views.shape:
            raise InputError(
                f"{under.path}: the grey volume has another shape than the views; give the one they are of"
            )
        material = _material(under, size, progress) if intact else None
        if refine is not None and under is None:
            raise InputError("borders move to the edges in the grey volume; give it with --grey")
        result, columns = _fuse_and_write(
            views, targets, grey=under, material=material, refine=refine, method=method, settings=settings,
            memory=memory, jobs=jobs, force=force, progress=progress,
        )  # fmt: skip
        if pictures is not None:
            from electrodej.jobs.fuse_pictures import draw_pictures

            result["pictures"] = draw_pictures(
                Path(pictures), Path(out), views=views, grey=under, columns=columns, force=force
            )
    return result


def fuse_image(
    image: PathLike,
    *,
    model: PathLike,
    out: PathLike,
    scale: float | None = None,
    resume: bool = False,
    method: Method = "flow",
    settings: FusionSettings | None = None,
    intact: bool = False,
    refine: int | None = None,
    pictures: PathLike | None = None,
    spacing: Spacing | None = None,
    memory: int | None = None,
    jobs: int | None = None,
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
    resume
        Take the views that a stopped run with the same image, model and scale has finished.
    out, method, settings, intact, refine, pictures, spacing, memory, jobs, force, progress
        As `fuse_views` has them.
    """
    from electrodej.volume import open_volume

    check_outputs(out, pictures, inputs=[image], force=force)
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
    resumed = _open_folder(folder, _identity(image, model, scale, size), resume=resume)
    paths = {view: folder / f"{view}.tif" for view in ("xy", "xz", "yz")}
    for number, (view, path) in enumerate(paths.items()):
        if not path.exists():
            _predict(
                image, model, view, path, scale=scale, spacing=size, memory=memory, jobs=jobs,
                progress=_third(progress, number),
            )  # fmt: skip
    result = fuse_views(
        *paths.values(), out=out, method=method, settings=settings, grey=image, intact=intact,
        refine=refine, pictures=pictures, spacing=size, memory=memory, jobs=jobs, force=force,
        progress=_third(progress, 3),
    )  # fmt: skip
    _remove_views(folder)
    return result | {"model": os.fspath(model), "resumed_views": resumed}


def check_outputs(
    out: PathLike, pictures: PathLike | None, *, inputs: Sequence[PathLike], force: bool
) -> dict[str, Path]:
    """The paths of the labels and the table, once it is sure that both may be written."""
    from electrodej.files.tables import check_table_target
    from electrodej.volume.write import format_of

    labels = check_target(out, force=force, inputs=inputs)
    format_of(labels)
    table = beside(out, "_agreement.csv")
    check_table_target(table, force=force, inputs=inputs)
    if pictures is not None:
        if Path(pictures).exists() and not Path(pictures).is_dir():
            raise OutputError(f"{os.fspath(pictures)} is a file, and pictures go to a folder; choose another")
        for name in ("overlay_xy", "overlay_xz", "overlay_yz", "doubtful"):
            if Path(pictures).is_dir():
                check_target(Path(pictures) / f"{name}.png", force=force, inputs=inputs)
    return {"labels": labels, "table": table}


def beside(out: PathLike, ending: str) -> Path:
    """``particles.ome.tif`` and ``_agreement.csv`` make ``particles_agreement.csv``."""
    path = Path(out)
    stem = path.stem
    return path.with_name((stem[:-4] if stem.lower().endswith(".ome") else stem) + ending)


def _fuse_and_write(
    views: Any,
    targets: dict[str, Path],
    *,
    grey: Volume | None,
    material: IntactMaterial | None,
    refine: int | None,
    method: Method,
    settings: FusionSettings | None,
    memory: int | None,
    jobs: int | None,
    force: bool,
    progress: Progress,
) -> tuple[dict[str, Any], dict[str, Any]]:
    from electrodej.files.tables import write_table
    from electrodej.fusion import Agreement, FusionSettings, RefinedFusion, start_fusion
    from electrodej.fusion.slabs import cores, in_order
    from electrodej.volume import VolumeWriter, compact_dtype

    chosen = settings or FusionSettings()
    depth = views.shape[0]
    first, second = _halves(progress)
    fusion = start_fusion(
        views, method=method, settings=chosen, jobs=jobs, memory=memory,
        folder=targets["labels"].absolute().parent, progress=first,
    )  # fmt: skip
    try:
        if refine is not None and grey is not None:
            fusion = RefinedFusion(
                fusion,
                grey,
                spacing=views.spacing,
                reach=refine,
                progress=lambda *_: first(1, 1, "learn greys"),
            )
        agreement = Agreement(views, fusion.count)
        kind = compact_dtype(fusion.count)
        with VolumeWriter(
            targets["labels"], views.shape, kind, spacing=views.spacing, labels=True, force=force
        ) as writer:

            def compared(slab: tuple[int, Any]) -> tuple[int, Any, tuple[int, Any]]:
                z0, part = slab
                seen = agreement.count(z0, part)
                return z0, part if material is None else part * material.mask(z0, len(part)), seen

            # The views are read and compared while the slabs before are packed and written.
            with contextlib.closing(in_order(compared, fusion.slabs(), jobs=cores(jobs))) as coming:
                for z0, part, seen in coming:
                    agreement.take(*seen)
                    writer.write(z0, part)
                    second(z0 + len(part), depth, "label particles")
            columns = agreement.columns(targets["labels"].name)
            write_table(
                targets["table"],
                columns,
                description=_description(views, method, chosen, refine),
                force=force,
            )
    finally:
        fusion.close()
    agreed = columns["Agreement"]
    mean = float(agreed.mean()) if len(agreed) else None
    result = {
        "particles": fusion.count,
        "labels": os.fspath(targets["labels"]),
        "table": os.fspath(targets["table"]),
        "method": method,
        "mean_agreement": None if mean is None or math.isnan(mean) else mean,
        "spacing_um": list(views.spacing),
    }
    return result, columns


def _material(grey: Volume | None, spacing: Spacing, progress: Progress) -> IntactMaterial:
    from electrodej.fusion import IntactMaterial

    if grey is None:
        raise InputError("cracks can be left out only where the grey volume is known; give it with --grey")
    return IntactMaterial(grey, spacing=spacing, progress=progress)


def _description(views: Any, method: str, settings: FusionSettings, refine: int | None) -> dict[str, Any]:
    import electrodej
    from electrodej.fusion import AGREEMENT_COLUMNS, VIEWS

    return {
        "columns": AGREEMENT_COLUMNS,
        "method": method,
        "settings": asdict(settings) | {"refine": refine},
        "views": {name: volume.path.name for name, volume in zip(VIEWS, views.volumes, strict=True)},
        "shape": list(views.shape),
        "spacing_um": list(views.spacing),
        "electrodej": electrodej.__version__,
    }


def _voxel_size(volumes: Sequence[Volume | None]) -> Spacing:
    """The first voxel size that a view knows; where none does, the first view says so."""
    there = [volume for volume in volumes if volume is not None]
    if not there:
        raise InputError("fusion needs the probabilities of the xy, xz and yz sections; none is given")
    known = [volume.spacing for volume in there if volume.spacing is not None]
    return known[0] if known else there[0].require_spacing()


def _predict(
    image: PathLike,
    model: PathLike,
    view: Any,
    path: Path,
    *,
    scale: float | None,
    spacing: Spacing,
    memory: int | None,
    jobs: int | None,
    progress: Progress,
) -> None:
    from electrodej.jobs.segment import find_sections
    from electrodej.networks.stardist.views import ViewSettings

    find_sections(
        image, model=model, out=None, probability=path, settings=ViewSettings(view=view, scale=scale),
        spacing=spacing, memory=memory, jobs=jobs or 1, progress=progress,
    )  # fmt: skip


def _identity(image: PathLike, model: PathLike, scale: float | None, spacing: Spacing) -> dict[str, Any]:
    """What finished views must be of to be taken up again."""

    def mark(path: PathLike) -> list[Any]:
        place = Path(path)
        if not place.exists():
            return [os.fspath(path)]  # a bundled model, by name
        state = place.stat()
        return [str(place.resolve()), state.st_size if place.is_file() else None, state.st_mtime_ns]

    return {"image": mark(image), "model": mark(model), "scale": scale, "spacing_um": list(spacing)}


def _open_folder(folder: Path, identity: dict[str, Any], *, resume: bool) -> list[str]:
    """Make the folder of the views, or take it up; return the views that are finished in it."""
    note = folder / _NOTE
    if folder.exists():
        if not _is_views_folder(folder):
            raise OutputError(f"{folder} is needed for the three views and is something else; move it away")
        if resume:
            if _read_note(note) != identity:
                raise InputError(
                    f"{folder} has the views of another image, model, scale or voxel size; start anew "
                    "without --resume"
                )
            return [view for view in ("xy", "xz", "yz") if (folder / f"{view}.tif").exists()]
        _remove_views(folder)
    try:
        folder.mkdir()
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror}); choose another --out") from error
    with whole_file(note) as part:
        part.write_text(json.dumps(identity) + "\n", encoding="utf-8")
    return []


def _is_views_folder(folder: Path) -> bool:
    """Whether a folder holds what an earlier run put there, and nothing else."""
    known = {_NOTE, *(f"{view}.tif" for view in ("xy", "xz", "yz"))}
    entries = list(folder.iterdir()) if folder.is_dir() else []
    return (folder / _NOTE).is_file() and all(
        entry.name in known or (entry.name.startswith(".") and ".partial" in entry.name) for entry in entries
    )


def _read_note(note: Path) -> Any:
    try:
        return json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{note} is damaged; start anew without --resume") from error


def _remove_views(folder: Path) -> None:
    """Remove the views; a folder into which somebody put something meanwhile stays with it."""
    if _is_views_folder(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _third(progress: Progress, number: int) -> Progress:
    """Progress of one of four stages that take about equally long."""

    def told(done: float, total: float, stage: str) -> None:
        name = ("xy view", "xz view", "yz view", "fuse")[number]
        progress(number + done / max(total, 1), 4, f"{name}: {stage}")

    return told


def _halves(progress: Progress) -> tuple[Progress, Progress]:
    def first(done: float, total: float, stage: str) -> None:
        progress(0.8 * done / max(total, 1), 1, stage)

    def second(done: float, total: float, stage: str) -> None:
        progress(0.8 + 0.2 * done / max(total, 1), 1, stage)

    return first, second
