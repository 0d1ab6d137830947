"""``electrodej filter``: a chain of filters over a grey image."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from electrodej.errors import UsageError
from electrodej.filters import STEPS, Steps
from electrodej.options import Choice, Image, PathTo, Settings, argument, flag, option, output, voxel_size
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing

if TYPE_CHECKING:
    from electrodej.filters import Step


@dataclass(frozen=True, kw_only=True)
class FilterOptions(Settings):
    """Which image is filtered, by what, and what is written."""

    image: Any = argument(Image(), "the grey volume, or a single image", title="Grey image")
    steps: tuple[Step, ...] = option(
        "nlm", Steps(), "filters with commas between them, each with its parameters", title="Filters"
    )
    slices: bool = flag("filter each slice by itself, and not in three dimensions")
    type: str = option(
        "same", Choice(("same", "uint8", "uint16", "float32")), "the kind of numbers that is written"
    )
    preview: PathLike | None = option(
        None,
        PathTo(role="output", suffixes=(".png",)),
        "a picture of the middle slice before and after, with a profile; without --out, that is all",
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike | None = output(
        "the image to write", ".tif", ".ome.tif", ".zarr", default=None, title="Save image as"
    )


def filter_image(options: FilterOptions, run: Run) -> Outcome:
    """Filter an image, look at what that does, or both."""
    import numpy as np

    from electrodej.files import check_target
    from electrodej.filters import filter_volume
    from electrodej.volume import open_volume
    from electrodej.volume.write import check_volume_target

    if options.out is None and options.preview is None:
        raise UsageError("say where the image goes with --out, or see what the filters do with --preview")
    if options.out is not None:
        check_volume_target(options.out, force=run.force, inputs=[options.image])
    if options.preview is not None:
        check_target(options.preview, force=run.force, inputs=[options.image], file=True)
    numbers: dict[str, Any] = {"steps": [step.text for step in options.steps]}
    files: dict[str, PathLike] = {}
    with open_volume(options.image, spacing=options.spacing, memory=run.room) as volume:
        if options.out is not None:
            kind = np.dtype(volume.dtype if options.type == "same" else options.type)
            files["image"] = filter_volume(
                volume, options.steps, options.out, run, flat=options.slices, dtype=kind
            )
        if options.preview is not None:
            from electrodej.verbs.filter.preview import write_preview

            files["preview"] = options.preview
            numbers |= write_preview(volume, options, run)
        numbers["spacing_um"] = list(volume.require_spacing())
    numbers |= {role: os.fspath(path) for role, path in files.items()}
    lines = [f"{role}: {os.fspath(path)}" for role, path in files.items()]
    if "noise_before" in numbers:
        ratios = (numbers["snr_before"], numbers["snr_after"])
        before, after = ("no noise" if ratio is None else f"{ratio:.3g}" for ratio in ratios)
        lines.append(
            f"noise {numbers['noise_before']:.3g} -> {numbers['noise_after']:.3g}, "
            f"contrast over noise {before} -> {after}"
        )
    return Outcome(numbers, "\n".join(lines), files)


def _listed() -> str:
    lines = []
    for name, step in STEPS.items():
        lines.append(f"  {name:<11} {step.summary}")
        parts = [f"{each.name} ({each.default_text or '0'})" for each in step.options()]
        lines.append(" " * 14 + ", ".join(parts))
    return "\n".join(lines)


VERB = Verb(
    name="filter",
    summary="take away noise, rings, stripes and backgrounds",
    help=f"""Filter a grey image, slab by slab and without seams. Filters come one after the other:

  --steps "median:radius=0.1um,nlm:strength=0.8n:reach=5px"

Lengths are in um, nm or px (voxels), levels in grey values, or with n in noise levels, which are estimated
from the image. The filters, and their parameters with what is usual:

{_listed()}""",
    example='electrodej filter grey.tif --steps "rings,nlm:strength=0.8n" --out filtered.tif',
    options=FilterOptions,
    work=filter_image,
    takes=("force", "jobs", "memory", "scheduler"),
    menu=Menu(
        "Filter Image",
        ("image", "steps", "spacing", "out"),
        further=("slices", "type", "preview"),
        needs=("out",),
        shows="image",
        names={"image": "grey"},
    ),
)
