"""``segment particles`` with a StarDist model of volumes: 3D labels at once."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from electrodej.errors import InputError, UsageError
from electrodej.run import Run
from electrodej.verb import Outcome
from electrodej.verbs.segment.ways import is_thin, thickness
from electrodej.vocabulary import Shape, Spacing, counted

if TYPE_CHECKING:
    from electrodej.fusion.fuse import Fusion
    from electrodej.networks.stardist3d.predict import Found
    from electrodej.verbs.segment.particles import ParticlesOptions
    from electrodej.volume import Volume

# Borders of the network lie within so many of its voxels of the edge in the grey volume: 1.5 scored better
# than 1 or 2 on phantoms of all kinds.
_DOUBT = 1.5
# With less material than a ball of this share of the smallest body, a particle of --intact is none.
_LEAST_VOXELS = 8.0


def check(options: ParticlesOptions, run: Run) -> None:
    """Refuse what a model of volumes has no use for."""
    if run.scheduler is not None:
        raise UsageError("--scheduler is for models of sections; a model of volumes looks at them here")
    if options.probability is not None:
        raise UsageError("--probability is for models of sections; leave it out with a model of volumes")
    if options.settings.view != "xy":
        raise UsageError("--view is for models of sections; a model of volumes looks along all axes")


def solid_particles(options: ParticlesOptions, run: Run) -> Outcome:
    """Find the particles of a volume, refine their borders, and write them."""
    from electrodej.inspection import known_look, look_first
    from electrodej.models.libraries import use_threads
    from electrodej.networks.stardist3d.model import load_solid
    from electrodej.networks.stardist3d.predict import find_solids
    from electrodej.volume import VolumeWriter, check_grey, compact_dtype, open_volume
    from electrodej.volume.write import check_volume_target

    check(options, run)
    check_volume_target(options.out, force=run.force, inputs=[options.image])
    settings = options.settings
    use_threads(run.cores)
    model = load_solid(options.model, engine=options.engine)
    with open_volume(options.image, spacing=options.spacing) as grey:
        size = grey.require_spacing()
        check_grey(grey[:1, :1, :1], grey.path)
        if grey.is_2d:
            raise InputError(
                f"{grey.path} is a single section, and {options.model} is a model of volumes; take one of "
                "sections, such as nmc-particles"
            )
        look = known_look(options.model, model.spacing)
        ready = look_first(grey, [look], run, scale=settings.scale, as_is=options.as_is)
        first, second = run.part(0, 2), run.part(1, 2)
        found = find_solids(
            ready.volume,
            model,
            voxel=min(size[1:]) / ready.scales()["xy"] * min(model.spacing) / min(model.spacing[1:]),
            probability=settings.probability_threshold,
            overlap=settings.overlap_threshold,
            borders=options.refine != 0,
            folder=Path(options.out).absolute().parent,
            run=first,
        )
        reach = reach_of(options.refine, found.factor)
        with (
            closing(_finished(found, ready.volume, reach, options, second)) as particles,
            VolumeWriter(
                options.out,
                grey.shape,
                compact_dtype(particles.count),
                spacing=size,
                labels=True,
                force=run.force,
            ) as writer,
        ):
            for z0, part in particles.slabs():
                writer.write(z0, part)
                second.progress(z0 + len(part), grey.shape[0], "label particles")
        numbers = {
            "model": os.fspath(options.model),
            "engine": model.engine.name,
            "particles": particles.count,
            "dropped_without_material": getattr(particles, "dropped", 0),
            "candidates": found.candidates,
            "network_shape": list(found.shown),
            "tiles": found.tiles,
            "refine": reach,
            "probability_threshold": settings.probability_threshold or model.probability_threshold,
            "overlap_threshold": settings.overlap_threshold or model.overlap_threshold,
            "labels": os.fspath(options.out),
            "spacing_um": list(size),
            "look": ready.as_plain(),
        }
    if particles.count == 0:
        run.note(_why_none(grey.shape, size, os.fspath(options.model)))
    return Outcome(
        numbers, f"{counted(particles.count, 'particle')} in {options.out}", {"labels": options.out}
    )


def _why_none(shape: Shape, size: Spacing, model: str) -> str:
    """Return what to ask where nothing was found."""
    if is_thin(shape, size):
        return (
            f"no particle was found; the volume is {thickness(shape, size):.2g} um thin, too little for "
            f"{model}, which wants to see whole particles: take a model of sections, such as nmc-particles"
        )
    return f"no particle was found; does {model} know such images?"


def reach_of(wanted: int | None, factor: tuple[float, ...]) -> int:
    """Return by how many voxels borders move at most: as far as the network may be wrong."""
    from electrodej.fusion.refine import FARTHEST

    return min(FARTHEST, max(1, round(_DOUBT * min(factor)))) if wanted is None else wanted


def _finished(found: Found, grey: Volume, reach: int, options: ParticlesOptions, run: Run) -> Fusion:
    """Return the particles with their borders moved, and cracks left out where that is asked for."""
    from electrodej.fusion import FusedMaterial, Material
    from electrodej.networks.stardist3d.borders import Bordered

    quiet = replace(run, progress=lambda *_: None)
    particles: Fusion = found.drawn
    if found.greys is not None:
        particles = Bordered(found.drawn, grey, found.greys, levels=found.levels, reach=reach)
    if options.intact:
        material = Material(grey, quiet, spacing=grey.require_spacing())
        particles = FusedMaterial(particles, material, quiet, least=_LEAST_VOXELS)
    return particles
