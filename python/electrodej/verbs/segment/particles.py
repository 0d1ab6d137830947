"""``electrodej segment particles``: the particles of a grey image as labels."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError, UsageError
from electrodej.models.engines.names import EngineName, engine_option
from electrodej.networks.stardist.settings import OF_A_MODEL, ViewSettings
from electrodej.options import (
    Image,
    PathTo,
    Settings,
    Whole,
    argument,
    as_is,
    flag,
    nested,
    option,
    output,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.verbs.segment.ways import WATERSHED
from electrodej.vocabulary import PathLike, Spacing, counted

if TYPE_CHECKING:
    from electrodej.volume import Volume

OF_REGIONS = "with a Mask R-CNN"


@dataclass(frozen=True, kw_only=True)
class ParticlesOptions(Settings):
    """In what particles are sought, and with what."""

    image: Any = argument(Image(), "the grey volume, or a single section", title="Grey image")
    model: PathLike = option(
        "nmc-particles",
        PathTo(metavar="M", role="model"),
        "a bundled model, a StarDist model folder (of sections or volumes), a zip made by electrodej export, "
        "a Mask R-CNN (a folder or LIBNet's .h5), or watershed",
    )
    intact: bool = flag("leave cracks and dark cores out of the labels, as measure needs it for the damage")
    settings: ViewSettings = nested(ViewSettings)
    as_is: bool = as_is()
    probability: PathLike | None = option(
        None,
        PathTo(metavar="P", role="output", suffixes=(".tif",)),
        "also write the probability of each voxel, 8-bit: 255 is 1",
        group=OF_A_MODEL,
    )
    engine: EngineName = engine_option(group=OF_A_MODEL)
    refine: int | None = option(
        None,
        Whole(0, 8),
        "with a model of volumes: move borders by up to N voxels to the edges in the grey volume",
        usual="one and a half times a voxel of the network",
        group=OF_A_MODEL,
    )
    confidence: PathLike | None = option(
        None,
        PathTo(metavar="C.csv", role="output", suffixes=(".csv",)),
        "also write how sure the network is of each particle, as score --coco reads it",
        group=OF_REGIONS,
    )
    explain: PathLike | None = option(
        None,
        PathTo(metavar="DIR", role="folder"),
        "also write pictures of each step on the middle section: anchors, proposals, boxes, masks",
        group=OF_REGIONS,
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike = output("the label volume to write", ".tif", title="Save labels as")

    def check(self) -> None:
        if self.model != WATERSHED:
            return
        for each in self.options():
            if each.group and self.value_of(each) != each.default:
                needed = "a Mask R-CNN" if each.group == OF_REGIONS else "a StarDist model"
                raise UsageError(f"{each.flag} needs {needed}, and watershed is none")


def particles(options: ParticlesOptions, run: Run) -> Outcome:
    """Find the particles and write them."""
    from electrodej.networks.maskrcnn.place import is_maskrcnn
    from electrodej.networks.stardist3d.model import is_solid

    if options.model == WATERSHED and run.scheduler is not None:
        raise UsageError("--scheduler needs a StarDist model; watershed holds the whole volume at once")
    if options.model == WATERSHED:
        return _watershed(options, run)
    if is_maskrcnn(options.model):
        from electrodej.verbs.segment.regions import region_particles

        return region_particles(options, run)
    for name in ("confidence", "explain"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name} needs a Mask R-CNN, and {os.fspath(options.model)} is none")
    if is_solid(options.model):
        from electrodej.verbs.segment.solid import solid_particles

        return solid_particles(options, run)
    if options.refine is not None:
        raise UsageError("--refine is for a model of volumes; `electrodej fuse` refines borders, too")
    return _stardist(options, run)


def _watershed(options: ParticlesOptions, run: Run) -> Outcome:
    from electrodej.fusion import ClassicSettings, Material, segment_classic
    from electrodej.inspection import Look, look_first
    from electrodej.volume import check_grey, open_volume, write_volume
    from electrodej.volume.labels import cast_labels, compact_dtype
    from electrodej.volume.write import check_volume_target

    settings = ClassicSettings()
    check_volume_target(options.out, force=run.force, inputs=[options.image])
    with open_volume(options.image, spacing=options.spacing) as grey:
        size = grey.require_spacing()
        _check_memory(grey, run.memory)
        ready = look_first(
            grey, [Look(name=WATERSHED, particles="bright")], run, as_is=options.as_is, masks=True
        )
        labels = segment_classic(check_grey(ready.volume.read(), grey.path), settings, run, spacing=size)
        if options.intact:
            labels *= Material(ready.volume, run, spacing=size).mask(0, grey.shape[0])
    count = int(labels.max(initial=0))
    write_volume(
        options.out, cast_labels(labels, compact_dtype(count)), spacing=size, labels=True, force=run.force
    )
    if count == 0:
        run.note(
            f"no particle was found; the watershed drops what is less than {2 * settings.min_radius:g} um "
            "across: check the voxel size, or take a model for smaller ones"
        )
    return Outcome(
        {
            "particles": count,
            "labels": os.fspath(options.out),
            "spacing_um": list(size),
            "look": ready.as_plain(),
        },
        f"{counted(count, 'particle')} in {options.out}",
        {"labels": options.out},
    )


def _check_memory(grey: Volume, memory: int | None) -> None:
    from electrodej.fusion import BYTES_PER_VOXEL
    from electrodej.machine import check_fits

    check_fits(
        math.prod(grey.shape) * BYTES_PER_VOXEL,
        memory,
        what=f"{grey.path}: the watershed holds the whole volume and",
        advice="segment a smaller part, or give more with --memory",
    )


def _stardist(options: ParticlesOptions, run: Run) -> Outcome:
    from electrodej.inspection import known_look, look_first
    from electrodej.models.libraries import use_threads
    from electrodej.networks.stardist.model import load_stardist
    from electrodej.networks.stardist.views import predict_view
    from electrodej.verbs.segment.intact import outlined
    from electrodej.volume import check_grey, open_volume

    settings, files = options.settings, _targets(options, run)
    use_threads(run.cores)
    model = load_stardist(options.model, engine=options.engine)
    with open_volume(options.image, spacing=options.spacing) as grey:
        size = grey.require_spacing()
        check_grey(grey[:1, :1, :1], grey.path)
        if grey.is_2d and settings.view != "xy":
            raise InputError(f"{grey.path} is a single section; it has no {settings.view} view")
        ready = look_first(
            grey,
            [known_look(options.model, model.info.spacing)],
            run,
            scale=settings.scale,
            as_is=options.as_is,
        )
        with outlined(options, ready.volume, run) as drawn:
            found = predict_view(
                ready.volume,
                model,
                replace(settings, scale=ready.scales()[settings.view]),
                run,
                spacing=size,
                labels=drawn,
                probability=options.probability,
            )
    rows, columns = found.scale
    if rows != columns:
        run.note(f"pixels are not square: for the network, rows were stretched by {rows / columns:.3g}")
    return Outcome(
        {
            "model": os.fspath(options.model),
            "engine": model.engine.name,
            "view": settings.view,
            "sections": found.sections,
            "outlines": found.outlines,
            "scale": list(found.scale),
            "probability_threshold": settings.probability_threshold or model.probability_threshold,
            "overlap_threshold": settings.overlap_threshold or model.overlap_threshold,
            "labels": os.fspath(options.out),
            "probability": None if options.probability is None else os.fspath(options.probability),
            "spacing_um": list(size),
            "look": ready.as_plain(),
        },
        f"{counted(found.outlines, 'outline')} in {counted(found.sections, settings.view + ' section')} "
        f"in {options.out}",
        files,
    )


def _targets(options: ParticlesOptions, run: Run) -> dict[str, PathLike]:
    """Return what is written, once it is sure that it may be."""
    from electrodej.volume.write import check_volume_target

    files = {"labels": options.out}
    if options.probability is not None:
        files["probability"] = options.probability
    for target in files.values():
        check_volume_target(target, force=run.force, inputs=[options.image])
    if len({Path(target).absolute() for target in files.values()}) < len(files):
        raise InputError(
            f"{options.out} is to hold both labels and probabilities; give each a file of its own"
        )
    return files


VERB = Verb(
    name="segment particles",
    summary="outlines of particles",
    help="""Find the particles of a grey image and write them as labels.

With a StarDist model, every section of the chosen view is segmented on its own, as Fiji's StarDist plugin
does it: labels are numbered on from section to section and mean nothing across sections. `electrodej link`
joins them along one view; `electrodej fuse` runs a model in all three views and gives 3D particles at once.

With a StarDist model of volumes, `nmc-particles-3d` or one that `electrodej train stardist --dimensions 3`
made, the labels are 3D particles at once: the volume is brought to the voxels of the training, looked at in
large tiles, and borders are moved to the edges in the grey volume.

A Mask R-CNN (`nmc-regions`, what `electrodej train maskrcnn` made, or with Keras a `mask_rcnn_*.h5` of
LIBNet's kind) looks at sections as a StarDist model does, and draws a mask of each particle.

The model `watershed` needs no training and gives 3D particles: Otsu's threshold, cracks closed, touching
particles parted by a watershed of their distance to the surface. It holds the whole volume in memory.""",
    example="electrodej segment particles grey.tif --model nmc-particles --view xz --out outlines.tif",
    options=ParticlesOptions,
    work=particles,
    takes=("force", "jobs", "memory", "scheduler"),
    menu=Menu(
        "Segment Particles",
        ("image", "model", "view", "spacing", "out"),
        further=("intact", "probability_threshold", "overlap_threshold", "scale", "refine"),
        models=("nmc-particles", "nmc-particles-3d", "nmc-regions", WATERSHED),
        shows="labels",
        names={"image": "grey"},
        plugin="starDist",
    ),
)
