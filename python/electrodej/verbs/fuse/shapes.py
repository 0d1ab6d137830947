"""The second stage of a fusion: a network that knows shapes runs over the labels, view by view."""

from __future__ import annotations

from pathlib import Path

from electrodej.run import Run
from electrodej.verbs.fuse.views import Network
from electrodej.vocabulary import VIEWS, Spacing


def look_at_shapes(labels: Path, network: Network, folder: Path, spacing: Spacing, run: Run) -> list[Path]:
    """Run a shape model over the drawn labels; return the probabilities of the xy, xz and yz sections.

    Parameters
    ----------
    labels
        The label volume.
    network
        A StarDist model trained on sections that `electrodej.fusion.shapes.render` drew.
    folder
        Where the probabilities go.
    spacing
        Voxel size (z, y, x) in micrometres.
    run
        How the work is done.
    """
    from electrodej.fusion.shapes import DrawnLabels
    from electrodej.networks.stardist.settings import ViewSettings
    from electrodej.networks.stardist.views import predict_view
    from electrodej.volume import open_volume

    paths = [folder / f"shapes-{view}.tif" for view in VIEWS]
    with open_volume(labels, spacing=spacing) as volume:
        for axis, (view, path) in enumerate(zip(VIEWS, paths, strict=True)):
            predict_view(
                DrawnLabels(volume, axis, spacing=spacing),
                network.loaded,
                ViewSettings(view=view),
                run.part(axis, 3, "shapes: "),
                spacing=spacing,
                probability=path,
            )
    return paths
