"""``electrodej mesh``: a surface or a voxel mesh of phases or particles, for simulation."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.options import Image, Number, Settings, Whole, argument, option, output, voxel_size
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing

_VOXELS = ".vtu"


@dataclass(frozen=True, kw_only=True)
class MeshOptions(Settings):
    """What becomes a mesh, and how."""

    image: Any = argument(Image(labels=True), "phases or particles")
    select: tuple[int, ...] = option(
        (),
        Whole(0, metavar="N"),
        "which number in the image (may be given again)",
        many=True,
        usual="all but 0",
    )
    smoothing: int = option(10, Whole(0, 1000), "steps of smoothing of a surface; 0 for the voxels' stairs")
    coarsen: float = option(
        0.0, Number(0), "take triangles away while no point moves by more than this", unit="um"
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike = output(
        "the surface to write, .stl, .ply, .obj or .glb, or a brick for each voxel, .vtu",
        ".stl",
        ".ply",
        ".obj",
        ".glb",
        _VOXELS,
    )


def mesh(options: MeshOptions, run: Run) -> Outcome:
    """Make the mesh and write it."""
    from electrodej.files import check_target
    from electrodej.inspection.look import refuse_grey
    from electrodej.volume import check_labels, open_volume

    out = check_target(options.out, force=run.force, inputs=[options.image], file=True)
    with open_volume(options.image, spacing=options.spacing) as volume:
        size, name = volume.require_spacing(), volume.path
        refuse_grey(volume)
        numbers = check_labels(volume.read(progress=run.progress), name)
    write = _bricks if out.suffix.lower() == _VOXELS else _surface
    found = write(numbers, size, out, options, run)
    text = ", ".join(f"{value:g} {what.replace('_', ' ')}" for what, value in found.items())
    return Outcome({"mesh": os.fspath(out), **found}, f"{out}: {text}", {"mesh": out})


def _surface(numbers: Any, size: Spacing, out: Path, options: MeshOptions, run: Run) -> dict[str, float]:
    import numpy as np

    from electrodej.mesh import surface_of, write_surface

    mask = np.isin(numbers, options.select) if options.select else numbers > 0
    if not mask.any():
        raise InputError(f"{options.image} has no voxel of what is to be a mesh; check --select")
    surface = surface_of(mask, spacing=size, smoothing=options.smoothing, coarsen=options.coarsen)
    write_surface(out, surface, force=run.force)
    return {"triangles": len(surface.faces), "volume_um3": surface.volume}


def _bricks(numbers: Any, size: Spacing, out: Path, options: MeshOptions, run: Run) -> dict[str, float]:
    import numpy as np

    from electrodej.mesh import bricks_of, write_bricks

    there = [int(value) for value in np.unique(numbers)]
    keep = list(options.select) or [value for value in there if value > 0]
    if not set(keep) & set(there):
        raise InputError(f"{options.image} has no voxel of what is to be a mesh; check --select")
    bricks = bricks_of(numbers, spacing=size, keep=keep)
    write_bricks(out, bricks, force=run.force)
    return {"bricks": len(bricks.cells), "corners": len(bricks.corners)}


VERB = Verb(
    name="mesh",
    summary="write a surface or a voxel mesh of phases or particles",
    help="""Write the surface of phases or particles (STL, PLY, OBJ, glTF; closed, smoothed, same volume;
fewer triangles with --coarsen), or a brick for each voxel for finite elements (VTU).""",
    example="electrodej mesh phases.tif --select 2 --out particles.stl",
    options=MeshOptions,
    work=mesh,
    takes=("force",),
)
