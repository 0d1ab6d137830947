"""``electrodej link``: labels of single slices to 3D labels."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from electrodej.linking.settings import LinkSettings
from electrodej.options import Choice, Image, Settings, argument, nested, option, output, voxel_size
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import VIEWS, PathLike, Spacing, View, counted


@dataclass(frozen=True, kw_only=True)
class LinkOptions(Settings):
    """What is linked, and how."""

    slices: Any = argument(
        Image(labels=True, frames=True), "labels that mean nothing from slice to slice", title="Slice labels"
    )
    view: View = option("xy", Choice(VIEWS), "the plane of the slices, in a volume in ZYX order")
    settings: LinkSettings = nested(LinkSettings)
    spacing: Spacing | None = voxel_size()
    out: PathLike = output("the label volume to write", ".tif", title="Save labels as")


def link(options: LinkOptions, run: Run) -> Outcome:
    """Link and write."""
    from electrodej.linking import link_volume
    from electrodej.volume import VolumeWriter
    from electrodej.volume.frames import open_slices
    from electrodej.volume.write import check_volume_target

    check_volume_target(options.out, force=run.force, inputs=[options.slices])
    with open_slices(options.slices, spacing=options.spacing) as volume:
        size = volume.require_spacing()
        linked = link_volume(volume, options.settings, run, spacing=size, view=options.view)
        with VolumeWriter(
            options.out, linked.shape, linked.dtype, spacing=size, labels=True, force=run.force
        ) as writer:
            for z0, z1, slab in linked.slabs():
                writer.write(z0, slab)
                run.progress(z1, linked.shape[0], "writing labels")
    if linked.count == 0:
        doubt = (
            "are all smaller than --min-volume" if linked.sections else "are the slices labels, and not all 0"
        )
        run.note(f"no particle was found; {doubt}?")
    drawn = f", {linked.drawn} drawn" if options.settings.fill else ""
    return Outcome(
        {
            "particles": linked.count,
            "sections": linked.sections,
            "drawn_sections": linked.drawn,
            "labels": os.fspath(options.out),
            "spacing_um": list(size),
        },
        f"{counted(linked.count, 'particle')} from {counted(linked.sections, 'section')}{drawn}: "
        f"{options.out}",
        {"labels": options.out},
    )


VERB = Verb(
    name="link",
    summary="link the labels of single slices to 3D labels",
    help="""Link the labels of single slices to 3D labels.

SLICES is a stack, a folder of slices or a movie (as Fiji's StarDist plugin writes it) in which a label
number means something within its slice only. Sections become particles by optimal assignment; sections
and slices that are missing are bridged, pieces of one particle joined, particles that hang together by a
neck parted. The rules: docs/link.md.""",
    example="electrodej link slices.tif --fill --out particles.tif",
    options=LinkOptions,
    work=link,
    takes=("force", "memory"),
    menu=Menu(
        "Link Slices",
        ("slices", "view", "by", "gap", "fill", "spacing", "out"),
        further=("max_jump", "neck", "min_volume"),
        shows="labels",
    ),
)
