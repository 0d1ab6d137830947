"""``electrodej reconstruct``: from projections to a volume."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.options import (
    Choice,
    Number,
    Numbers,
    PathTo,
    Settings,
    argument,
    flag,
    nested,
    option,
    output,
    voxel_size,
)
from electrodej.run import Run
from electrodej.tomography.settings import TomographySettings
from electrodej.verb import Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing

_SCAN, _WRITTEN = "the scan", "what is written"


@dataclass(frozen=True, kw_only=True)
class ReconstructOptions(Settings):
    """Which scan is reconstructed, how, and what is written."""

    projections: PathLike = argument(
        PathTo(), "NXtomo or Data Exchange (HDF5), or a folder of TIFF with the folders flats and darks"
    )
    flats: PathLike | None = option(
        None, PathTo(), "pictures of the beam alone: a folder or a file", group=_SCAN
    )
    darks: PathLike | None = option(None, PathTo(), "pictures without the beam", group=_SCAN)
    angles: tuple[float, float] | None = option(
        None,
        Numbers((Number(-720, 720), Number(-720, 720)), metavar="FIRST,LAST"),
        "of the projections, in degrees",
        usual="the file's",
        group=_SCAN,
    )
    tomography: TomographySettings = nested(TomographySettings)
    type: str = option(
        "float32",
        Choice(("float32", "uint16", "uint8")),
        "float32 is attenuation per um; the others are scaled",
        group=_WRITTEN,
    )
    levels: tuple[float, float] | None = option(
        None,
        Numbers((Number(), Number()), metavar="LOW,HIGH"),
        "attenuations that become 0 and the largest whole number",
        usual="what holds nearly all",
        group=_WRITTEN,
    )
    picture: PathLike | None = option(
        None,
        PathTo(role="output", suffixes=(".png",)),
        "a slice with the axis as found and beside it",
        usual="OUT_axis.png",
        group=_WRITTEN,
    )
    resume: bool = flag("keep what is done in OUT.run while working, and go on from there after a stop")
    spacing: Spacing | None = voxel_size("pixel size in the sample in micrometres, instead of the file's")
    out: PathLike = output("the volume to write", ".tif", ".ome.tif", ".zarr", title="Save volume as")

    def check(self) -> None:
        from electrodej.errors import InputError

        if self.levels is not None and not self.levels[0] < self.levels[1]:
            raise InputError(f"levels: {self.levels[0]:g} is not below {self.levels[1]:g}")


def reconstruct(options: ReconstructOptions, run: Run) -> Outcome:
    """Find the axis, show it, and reconstruct."""
    from electrodej.files import check_target, described, whole_file, write_description
    from electrodej.files.names import file_beside
    from electrodej.tomography import Reconstruction, open_scan, reconstruct_to, work_folder
    from electrodej.verbs.reconstruct.picture import axis_picture
    from electrodej.volume.write import check_volume_target

    out = Path(options.out)
    picture = Path(options.picture or file_beside(out, "_axis.png"))
    about = file_beside(out, ".json")
    inputs = [options.projections]
    # What was stopped has drawn its picture already.
    again = options.resume and work_folder(out).is_dir()
    check_volume_target(out, force=run.force, inputs=inputs)
    check_target(picture, force=run.force or again, inputs=inputs, file=True)
    check_target(about, force=run.force, inputs=inputs, file=True)
    scan = open_scan(
        options.projections,
        flats=options.flats,
        darks=options.darks,
        angles=options.angles,
        pixel=None if options.spacing is None else options.spacing[2],
    )
    settings = options.tomography
    work = Reconstruction.of(scan, settings, run, spacing=options.spacing)
    with whole_file(picture, force=run.force or again) as part:
        Path(part).write_bytes(axis_picture(work).png)
    found = reconstruct_to(work, out, run, dtype=options.type, levels=options.levels, resume=options.resume)
    numbers: dict[str, Any] = {
        "volume": os.fspath(out),
        "picture": os.fspath(picture),
        "centre": work.centre.column,
        "centre_offset": work.centre.column - (scan.shape[2] - 1) / 2,
        "centre_spread": work.centre.spread,
        "projections": scan.shape[0],
        "shape": list(work.shape),
        "spacing_um": list(work.spacing),
        "levels": None if found["levels"] is None else list(found["levels"]),
    }
    description = described(
        parameters=options.as_plain(), spacing=work.spacing, packages=("algotom", "h5py"), **numbers
    )
    write_description(about, description, force=run.force)
    z, y, x = work.shape
    text = (
        f"axis at column {work.centre.column:.2f}, {numbers['centre_offset']:+.2f} pixels off the middle: "
        f"{picture}\n{x} x {y} x {z} voxels of {work.spacing[0]:g} um: {out}"
    )
    return Outcome(numbers, text, {"volume": out, "picture": picture, "description": about})


VERB = Verb(
    name="reconstruct",
    summary="make a volume from projections",
    help="""Reconstruct a volume from the projections of a parallel beam: normalise them with flats and darks,
take away zingers and rings, retrieve the phase, find the axis of rotation, and back-project.

Scans are NXtomo or Data Exchange in HDF5, or folders of TIFF. Half turns and whole ones are taken; where
the axis of a whole turn is near a side (half acquisition), the halves are joined. The axis is told, with a
picture.
Slabs fit the memory, and may be given to a Dask cluster. More: docs/reconstruct.md.""",
    example="electrodej reconstruct projections.nxs --out grey.tif --type uint8",
    options=ReconstructOptions,
    work=reconstruct,
    takes=("force", "jobs", "memory", "scheduler"),
)
