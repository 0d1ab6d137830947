"""``electrodej phantom``: a synthetic cathode with known truth."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common, number_within, parse_shape

if TYPE_CHECKING:
    from electrodej.phantom import PhantomConfig

HELP = """Make a synthetic NMC cathode and write it into a new folder DIR:

  grey.tif      the image
  labels.tif    intact material of each particle: what is measured
  outlines.tif  each particle with its cracks and core: what segmentation is trained on
  phases.tif    0 pore, 1 binder, 2 particle, 3 crack
  truth.csv     centre, size and damage of each particle
  phantom.json  every setting; --config takes it again

The same settings and seed give the same voxels, whatever --jobs and --memory are."""
EXAMPLE = "electrodej phantom electrode --shape 256,256,256 --seed 1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("dir", metavar="DIR", help="the folder to make")
    parser.add_argument("--shape", metavar="Z,Y,X", type=parse_shape, help="voxels (default: 128,256,256)")
    parser.add_argument(
        "--solid",
        metavar="SHARE",
        type=number_within(0, 0.55),
        help="share of the volume inside particles, 0 to 0.55 (default: 0.5)",
    )
    parser.add_argument(
        "--contrast",
        choices=("absorption", "phase"),
        help="absorption: binder hardly shows beside pores; phase: it does (default: absorption)",
    )
    parser.add_argument("--config", metavar="FILE", help="start from the phantom.json of another phantom")
    parser.add_argument(
        "--format", choices=("tif", "zarr"), default="tif", help="TIFF or OME-Zarr (default: %(default)s)"
    )
    add_common(
        parser,
        "spacing",
        "force",
        "jobs",
        "memory",
        "seed",
        spacing="voxel size in micrometres (default: 0.07,0.07,0.07)",
    )


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Make it and say what is in it."""
    from electrodej.phantom import write_phantom
    from electrodej.run import Run

    config = _config(options)
    truth = write_phantom(
        options.dir,
        config,
        suffix=".zarr" if options.format == "zarr" else ".tif",
        run=Run(jobs=options.jobs, memory=options.memory, force=options.force, progress=context.progress),
    )
    volume = math.prod(config.shape) * math.prod(config.spacing)
    result = {
        "folder": options.dir,
        "particles": len(truth["label"]),
        "solid_share": float(truth["volume"].sum()) / volume,
        "mean_damage": float(truth["damage"].mean()) if len(truth["damage"]) else None,
        "shape": list(config.shape),
        "spacing_um": list(config.spacing),
        "seed": config.seed,
    }
    context.finish_progress()
    context.say(
        f"{result['particles']} particles fill {100 * result['solid_share']:.1f} % "
        f"of {' x '.join(map(str, config.shape))} voxels in {options.dir}"
    )
    return result


def _config(options: argparse.Namespace) -> PhantomConfig:
    from pathlib import Path

    from electrodej.errors import InputError
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
        "shape": options.shape,
        "spacing": options.spacing,
        "solid_fraction": options.solid,
        "seed": options.seed,
        "pore_grey": None if options.contrast is None else PORE_GREY[options.contrast],
    }
    return config.changed({name: value for name, value in given.items() if value is not None})
