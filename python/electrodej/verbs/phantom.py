"""``electrodej phantom``: a synthetic cathode with known truth."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from electrodej.errors import InputError
from electrodej.options import (
    Choice,
    Number,
    PathTo,
    Settings,
    ShapeOf,
    argument,
    flag,
    nested,
    option,
    seed,
    voxel_size,
)
from electrodej.phantom.looks import LOOKS
from electrodej.phantom.scan import ScanSettings
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import PathLike, Shape, Spacing, counted

# What particles fill may be so far from what was asked for before it is told.
_ASTRAY = 0.1

if TYPE_CHECKING:
    from electrodej.phantom import PhantomConfig


@dataclass(frozen=True, kw_only=True)
class PhantomOptions(Settings):
    """Which cathode is made; what is not given is as in the configuration, or as usual."""

    folder: PathLike = argument(PathTo(role="folder"), "the folder to make", word="dir")
    shape: Shape | None = option(None, ShapeOf(), "voxels", usual="128,256,256")
    solid: float | None = option(
        None,
        Number(0, 0.9, metavar="SHARE"),
        "share of the volume inside particles, 0 to 0.9",
        usual="0.5",
    )
    look: str | None = option(
        None,
        Choice(tuple(LOOKS)),
        "the kind of electrode and scan; other options change it",
        usual="usual",
    )
    contrast: str | None = option(
        None,
        Choice(("absorption", "phase")),
        "absorption: binder hardly shows beside pores; phase: it does",
        usual="absorption",
    )
    config: PathLike | None = option(
        None, PathTo(metavar="FILE", suffixes=(".json",)), "start from the phantom.json of another phantom"
    )
    format: str = option("tif", Choice(("tif", "zarr")), "TIFF or OME-Zarr")
    scan: bool = flag("also scan a pillar of it: projections.nxs, and attenuation.tif, its truth")
    scanning: ScanSettings = nested(ScanSettings)
    spacing: Spacing | None = voxel_size("voxel size in micrometres", usual="0.07,0.07,0.07")
    seed: int | None = seed(default=None)

    def check(self) -> None:
        if not self.scan and self.scanning != ScanSettings():
            raise InputError("how a phantom is scanned is told without --scan; add it")


def phantom(options: PhantomOptions, run: Run) -> Outcome:
    """Make it and say what is in it."""
    from electrodej.phantom import write_phantom

    config = _config(options)
    suffix: Literal[".tif", ".zarr"] = ".zarr" if options.format == "zarr" else ".tif"
    if options.scan:
        _check_scan(config)
    truth = write_phantom(options.folder, config, run, suffix=suffix)
    volume = math.prod(config.shape) * math.prod(config.spacing)
    solid = float(truth["volume"].sum()) / volume
    count = len(truth["label"])
    numbers = {
        "folder": os.fspath(options.folder),
        "particles": count,
        "solid_share": solid,
        "mean_damage": float(truth["damage"].mean()) if count else None,
        "shape": list(config.shape),
        "spacing_um": list(config.spacing),
        "seed": config.seed,
    }
    if count and abs(solid - config.solid_fraction) > _ASTRAY:
        run.note(
            f"particles fill {solid:.0%} and not the {config.solid_fraction:.0%} that were asked for; "
            "choose a larger volume, or other radii"
        )
    size = " x ".join(map(str, config.shape))
    fill = "fills" if count == 1 else "fill"
    text = f"{counted(count, 'particle')} {fill} {100 * solid:.1f} % of {size} voxels in {options.folder}"
    files: dict[str, PathLike] = {"folder": options.folder}
    if options.scan:
        files["projections"] = _scan(options, config, suffix, run)
        numbers["projections"] = os.fspath(files["projections"])
        text += f"; {options.scanning.angles} projections in {files['projections']}"
    return Outcome(numbers, text, files)


def _check_scan(config: PhantomConfig) -> None:
    """Refuse what cannot be scanned before anything is made."""
    from electrodej.extras import require

    require("h5py", what="writing a scan", extra="tomo")
    if max(config.spacing) > 1.0001 * min(config.spacing):
        raise InputError("a scan has cubes for voxels; give one length as --spacing, e.g. 0.14")


def _scan(options: PhantomOptions, config: PhantomConfig, suffix: str, run: Run) -> Path:
    """Scan the phantom that lies in the folder."""
    from electrodej.phantom import attenuation_of, write_scan
    from electrodej.volume import open_volume, write_volume

    folder = Path(options.folder)
    with open_volume(folder / f"phases{suffix}") as phases:
        image = attenuation_of(phases.read())
    write_volume(folder / f"attenuation{suffix}", image, spacing=config.spacing, force=run.force)
    target = folder / "projections.nxs"
    return write_scan(target, image, options.scanning, run, pixel=config.spacing[2], seed=config.seed)


def _config(options: PhantomOptions) -> PhantomConfig:
    from electrodej.phantom import PORE_GREY, PhantomConfig

    config = PhantomConfig()
    if options.config is not None:
        try:
            config = PhantomConfig.from_json(Path(options.config).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{options.config} cannot be read ({error}); give the phantom.json of a phantom"
            ) from error
    given = {
        "look": options.look,
        "shape": options.shape,
        "spacing": options.spacing,
        "solid_fraction": options.solid,
        "seed": options.seed,
        "pore_grey": None if options.contrast is None else PORE_GREY[options.contrast],
    }
    return config.changed({name: value for name, value in given.items() if value is not None})


VERB = Verb(
    name="phantom",
    summary="make a synthetic cathode with known truth",
    help="""Make a synthetic NMC cathode and write it into a new folder DIR:

  grey.tif      the image
  labels.tif    intact material of each particle: what is measured
  outlines.tif  each particle with its cracks and core: what segmentation is trained on
  phases.tif    0 pore, 1 binder, 2 particle, 3 crack
  truth.csv     centre, size and damage of each particle
  phantom.json  every setting; --config takes it again

With --scan also projections.nxs (NXtomo), which electrodej reconstruct takes, with what goes wrong in a scan.

The same settings and seed give the same voxels, whatever --jobs and --memory are.""",
    example="electrodej phantom electrode --shape 256,256,256 --seed 1",
    options=PhantomOptions,
    work=phantom,
    takes=("force", "jobs", "memory"),
    menu=Menu(
        "Make Phantom",
        ("folder", "shape", "spacing", "seed"),
        further=("solid", "contrast", "config", "format"),
    ),
)
