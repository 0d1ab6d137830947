"""A volume from a scan, slab by slab into a file, on threads or a cluster, and resumed after a stop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files.checkpoint import Checkpoint
from electrodej.machine import memory_text
from electrodej.run import Run
from electrodej.tomography.centre import check_inside, find_centre
from electrodej.tomography.normalise import line_integrals
from electrodej.tomography.phase import Optics
from electrodej.tomography.rows import is_half_acquisition, reconstruct_rows
from electrodej.tomography.scan import Centre, Scan
from electrodej.tomography.settings import TomographySettings
from electrodej.vocabulary import PathLike, Shape, Spacing
from electrodej.volume import VolumeWriter

# Rows that share their places in memory: more gain nothing.
_MOST_ROWS = 32
# Arrays of a slab's sinograms, in 4 bytes, that are there at once; with Fourier transforms.
_COPIES = 8
_SLABS_FOR_LEVELS = 3
# Of a finished slab: what is kept for a stop is read again only below twice this.
_MOST_BYTES = 2**30


@dataclass(frozen=True)
class Reconstruction:
    """A reconstruction that is ready to be done.

    Attributes
    ----------
    scan, settings
        What of, and how.
    centre
        The axis.
    spacing
        Voxel size (z, y, x) in micrometres.
    optics
        For the phase; None where it is not retrieved.
    """

    scan: Scan
    settings: TomographySettings
    centre: Centre
    spacing: Spacing
    optics: Optics | None

    @classmethod
    def of(
        cls,
        scan: Scan,
        settings: TomographySettings | None = None,
        run: Run | None = None,
        *,
        spacing: Spacing | None = None,
    ) -> Reconstruction:
        """Return the reconstruction of a scan, its axis found and its settings held against it.

        Raises
        ------
        electrodej.errors.InputError
            The scan, its geometry or the settings cannot be used.
        """
        settings, run = settings or TomographySettings(), run or Run()
        scan.check(flats=not (settings.normalised or settings.lines))
        pixel = spacing[2] if spacing is not None else scan.pixel
        if pixel is None:
            raise InputError(
                f"{scan.path} does not say its pixel size; give it in micrometres with --spacing, e.g. 0.07"
            )
        if spacing is not None and not (spacing[0] == spacing[1] == spacing[2]):
            raise InputError("the pixels of projections are squares; give one length as --spacing, e.g. 0.07")
        if not 1e-3 <= pixel <= 1000:
            raise InputError(
                f"{scan.path}: a pixel of {pixel:g} um is none of a tomograph; the file may have the wrong "
                "unit: give --spacing in micrometres"
            )
        first, last = settings.rows or (0, scan.shape[1])
        if last > scan.shape[1]:
            raise InputError(f"rows: the detector has {scan.shape[1]} rows, and {first},{last} goes beyond")
        optics = _optics(scan, settings, pixel)
        fixed = settings.fixed_centre
        if fixed is not None:
            centre = Centre(fixed)
        else:
            run.progress(0, 1, "finding the axis")
            centre = find_centre(scan, settings)
        check_inside(scan, centre.column)
        if centre.spread > 1:
            run.note(
                f"WARNING: rows do not agree on the axis (by {centre.spread:.2g} pixels); look at the "
                "picture and give --centre"
            )
        found = cls(scan, settings, centre, (pixel, pixel, pixel), optics)
        found._check_region()
        return found

    @property
    def rows(self) -> tuple[int, int]:
        """First row of the detector, and the one after the last."""
        return self.settings.rows or (0, self.scan.shape[1])

    @property
    def width(self) -> int:
        """Edge of a whole slice in voxels; of a half acquisition more than the detector's."""
        width, column = self.scan.shape[2], self.centre.column
        if is_half_acquisition(self.scan.angles, column, width):
            return 2 * int(np.ceil(max(column, width - 1 - column))) + 1
        return width

    @property
    def shape(self) -> Shape:
        """Voxels of the volume."""
        _, _, height, width = self.settings.region or (0, 0, self.width, self.width)
        return (self.rows[1] - self.rows[0], height, width)

    def slab(self, first: int, last: int) -> NDArray[np.float32]:
        """Return the slices of some rows, counted from the detector's first: attenuation per micrometre."""
        lines = line_integrals(self.scan, (first, last), self.settings, self.optics)
        return reconstruct_rows(
            lines, self.scan.angles, self.settings, centre=self.centre, pixel=self.spacing[2]
        )

    def bytes_for(self, rows: int) -> int:
        """Return the memory that so many rows take."""
        count, _, columns = self.scan.shape
        margin = 0 if self.optics is None else self.optics.margin
        sinograms = 4 * count * columns * (_COPIES * rows + 4 * margin)
        slices = 4 * self.width**2 * rows * (2 if self.settings.method in ("fbp", "gridding") else 5)
        return sinograms + slices

    def facts(self) -> dict[str, Any]:
        """Return what the result depends on."""
        flats, darks = self.scan.flats, self.scan.darks
        return {
            "projections": _stamp(self.scan.path),
            "flats": None if flats is None else _stamp(flats.frames.path),
            "darks": None if darks is None else _stamp(darks.path),
            "angles": [float(self.scan.angles[0]), float(self.scan.angles[-1]), len(self.scan.angles)],
            "settings": self.settings.as_plain(),
            "centre": self.centre.column,
            "spacing_um": list(self.spacing),
        }

    def _check_region(self) -> None:
        if self.settings.region is not None:
            y, x, height, width = self.settings.region
            if y + height > self.width or x + width > self.width:
                raise InputError(
                    f"region: slices have {self.width} x {self.width} pixels, and {y},{x},{height},{width} "
                    "goes beyond"
                )


def _stamp(path: Path) -> list[Any]:
    """Return by what a file, or a folder with all that is in it, is known again."""
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    stats = [each.stat() for each in files]
    return [
        path.name,
        len(stats),
        sum(stat.st_size for stat in stats),
        max((stat.st_mtime_ns for stat in stats), default=0),
    ]


def reconstruct_to(
    work: Reconstruction,
    out: PathLike,
    run: Run | None = None,
    *,
    dtype: str = "float32",
    levels: tuple[float, float] | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Reconstruct a volume into a file.

    Parameters
    ----------
    work
        See `Reconstruction.of`.
    out
        What is written: .tif, .ome.tif or .zarr.
    dtype
        "float32", attenuation per micrometre; "uint8" or "uint16", scaled.
    levels
        What becomes 0 and the largest whole number; found in three slabs by default.
    resume
        Keep finished slabs in ``OUT.run``, and go on from them.
    run
        How the work is done; a scheduler gives slabs to a Dask cluster.

    Returns
    -------
    dict
        ``levels`` of whole numbers, and ``slab`` rows at a time.
    """
    run = run or Run()
    kind = np.dtype(dtype)
    with run.workers() as workers:
        depth = slab_rows(work, workers.count, run)
        first, last = work.rows
        facts = {**work.facts(), "dtype": dtype, "levels": levels}
        kept = Checkpoint(work_folder(out), "reconstruction", facts) if resume else None
        known = {} if kept is None else kept.state()
        if kind.kind == "u" and levels is None:
            levels = known.get("found") or find_levels(work, depth)
        if kept is not None:
            kept.open(found=levels)
        slabs = _slabs(work.rows, depth, [] if kept is None else kept.names())
        with VolumeWriter(out, work.shape, kind, spacing=work.spacing, force=run.force) as writer:
            together = workers.count  # later ones may come, and are no part of this
            for start in range(0, len(slabs), together):
                some = slabs[start : start + together]
                done = (
                    {}
                    if kept is None
                    else {each: kept.load(_name(*each))["slab"] for each in some if kept.has(_name(*each))}
                )
                missing = [each for each in some if each not in done]
                for number, slab in workers.run(
                    _slab, [(work, *each, kind.name, levels) for each in missing]
                ):
                    done[missing[number]] = slab
                    if kept is not None:
                        kept.save(_name(*missing[number]), {"slab": slab})
                for z0, z1 in some:
                    writer.write(z0 - first, done.pop((z0, z1)))
                    run.progress(z1 - first, last - first, "reconstructing")
        if kept is not None:
            kept.discard()
    return {"levels": levels, "slab": depth}


def _slabs(rows: tuple[int, int], depth: int, finished: list[str]) -> list[tuple[int, int]]:
    """Return the slabs that cover the rows: those finished, however deep, and between them new ones."""
    found = []
    first, last = rows
    ends = [(int(z0), int(z1)) for z0, z1 in re.findall(r"^slab-(\d+)-(\d+)$", "\n".join(finished), re.M)]
    for z0, z1 in [*sorted(ends), (last, last)]:
        found += [(z, min(z + depth, z0)) for z in range(first, z0, depth)]
        if z0 < z1:
            found.append((z0, z1))
        first = z1
    return found


def work_folder(out: PathLike) -> Path:
    """Return where finished slabs are kept while working, for a volume that can be resumed."""
    return Path(out).with_name(f"{Path(out).name}.run")


def slab_rows(work: Reconstruction, workers: int, run: Run) -> int:
    """Return how many rows are reconstructed at once, so that all workers fit the memory."""
    rows = work.rows[1] - work.rows[0]
    one = work.bytes_for(1)
    if one > run.room:
        raise InputError(
            f"one slice takes {memory_text(one)}, and {memory_text(run.room)} may be used; give more with "
            "--memory, or a part of the slices with --region"
        )
    deep = _MOST_ROWS if work.optics is None else max(_MOST_ROWS, 4 * work.optics.margin)
    depth = min(deep, -(-rows // workers))
    depth = max(1, min(depth, _MOST_BYTES // (4 * work.shape[1] * work.shape[2])))
    while depth > 1 and workers * work.bytes_for(depth) > run.room:
        depth = depth * 3 // 4
    return max(1, depth)


def find_levels(work: Reconstruction, depth: int) -> tuple[float, float]:
    """Return what becomes 0 and the largest number: 0.1 and 99.9 % of three slabs, and a tenth beyond."""
    first, last = work.rows
    places = sorted(
        {first + (last - first) * k // (_SLABS_FOR_LEVELS + 1) for k in range(1, _SLABS_FOR_LEVELS + 1)}
    )
    values = np.concatenate([work.slab(z, min(z + min(depth, 2), last)).ravel() for z in places])
    low, high = (float(value) for value in np.percentile(values, (0.1, 99.9)))
    edge = 0.1 * (high - low) or 1.0
    return low - edge, high + edge


def _slab(
    work: Reconstruction, first: int, last: int, kind: str, levels: tuple[float, float] | None
) -> NDArray[Any]:
    slab = work.slab(first, last)
    if kind == "float32":
        return slab
    assert levels is not None
    most = np.iinfo(kind).max
    share = (slab - np.float32(levels[0])) * np.float32(most / (levels[1] - levels[0]))
    found: NDArray[Any] = np.clip(np.rint(share), 0, most).astype(kind)
    return found


def _name(first: int, last: int) -> str:
    return f"slab-{first:06d}-{last:06d}"


def _optics(scan: Scan, settings: TomographySettings, pixel: float) -> Optics | None:
    if settings.phase == "none":
        return None
    energy, distance = settings.energy or scan.energy, settings.distance or scan.distance
    for name, value in (("energy", energy), ("distance", distance)):
        if value is None:
            raise InputError(
                f"{scan.path} does not say the {name}; give --{name} for --phase {settings.phase}"
            )
    assert energy is not None
    assert distance is not None
    assert settings.delta_beta is not None
    return Optics(pixel, energy, distance, settings.delta_beta)
