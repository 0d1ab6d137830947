"""What ElectrodeJ does, as functions of arrays: the door for Python.

>>> import numpy as np
>>> import electrodej as ej
>>> labels = np.zeros((12, 12, 24), np.uint16)
>>> labels[2:10, 2:10, 2:10], labels[2:10, 2:10, 12:20] = 1, 2
>>> table = ej.measure(labels * 50, labels, spacing=(0.5, 0.5, 0.5), attributes="Volume")
>>> len(table), table["Volume"].tolist()
(2, [64.0, 64.0])

Images are arrays (Z, Y, X), open volumes or paths; the voxel size ``spacing`` is (z, y, x) in micrometres and
may be left out where the image knows its own. The verbs of the command line are in `electrodej.verbs.do`.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing, View

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from electrodej.damage import DamageConfig, DamageResult
    from electrodej.features import FeatureTable
    from electrodej.networks.semantic import Phases
    from electrodej.report import Section
    from electrodej.verb import Outcome
    from electrodej.volume import Volume

    Image = PathLike | Volume | NDArray[Any]
    Table = FeatureTable | pd.DataFrame | Mapping[str, NDArray[Any]] | PathLike


def find_particles(
    grey: Image,
    *,
    spacing: Spacing | None = None,
    model: PathLike = "nmc-particles",
    view: View = "xy",
    run: Run | None = None,
) -> NDArray[Any]:
    """Outline the particles on every section of a view, or on one section.

    Parameters
    ----------
    grey
        The image.
    spacing
        Voxel size (z, y, x) in micrometres.
    model
        A bundled StarDist model, a model's folder or an exported zip.
    view
        Which sections: along z, y or x.
    run
        Memory, threads and progress.

    Returns
    -------
    array of uint16 or uint32
        Labels, numbered on from section to section: they mean nothing across sections. `link` joins them,
        and `fuse` finds particles in three views at once.
    """
    with _done("segment particles", run, image=grey, spacing=spacing, model=model, view=view) as outcome:
        return _array(outcome.files["labels"])


def find_phases(
    grey: Image,
    *,
    spacing: Spacing | None = None,
    model: PathLike | Sequence[PathLike] = "nmc-phases",
    run: Run | None = None,
) -> Phases:
    """Tell the phases of an image apart, or its cracks with ``model="nmc-cracks"``.

    Parameters
    ----------
    grey, spacing, run
        As `find_particles` has them.
    model
        A network, or several whose mean is taken.

    Returns
    -------
    Phases
        ``values`` are the phases as numbers, ``names`` what they are called.
    """
    import numpy as np

    from electrodej.networks.semantic import Phases
    from electrodej.verbs.segment.outputs import DISAGREEMENT, PHASES

    models = (model,) if isinstance(model, str | os.PathLike) else tuple(model)
    maps = ("probability", DISAGREEMENT)[: min(len(models), 2)]
    with _done("segment phases", run, maps, image=grey, spacing=spacing, model=models) as outcome:
        found = {name: _array(path) for name, path in outcome.files.items()}
    shares = [array for name, array in found.items() if name not in (PHASES, DISAGREEMENT)]
    names = {entry["value"]: entry["name"] for entry in outcome.numbers["classes"]}
    disagreement = found.get(DISAGREEMENT, np.zeros_like(shares[0]))
    return Phases(found[PHASES], np.maximum.reduce(shares), disagreement, names)


def fuse(
    grey: Image,
    *,
    spacing: Spacing | None = None,
    model: PathLike = "nmc-particles",
    run: Run | None = None,
    **options: Any,
) -> NDArray[Any]:
    """Find 3D particles from the xy, xz and yz sections of a volume.

    Parameters
    ----------
    grey, spacing, model, run
        As `find_particles` has them.
    options
        Of the verb `fuse`: ``intact=True`` leaves cracks and dark cores out of the labels, as `measure` needs
        it for the damage.

    Returns
    -------
    array of uint16 or uint32
        Labels of shape (Z, Y, X).
    """
    with _done("fuse", run, image=grey, spacing=spacing, model=model, **options) as outcome:
        return _array(outcome.files["labels"])


def link(
    slices: Image,
    *,
    spacing: Spacing | None = None,
    view: View = "xy",
    run: Run | None = None,
    **settings: Any,
) -> NDArray[Any]:
    """Join labels that were found slice by slice to 3D particles.

    Parameters
    ----------
    slices
        Labels (Z, Y, X) that mean something within their slice only.
    spacing, view, run
        As `find_particles` has them.
    settings
        Of `electrodej.linking.LinkSettings`: ``fill=True`` draws missing sections.

    Examples
    --------
    >>> import numpy as np
    >>> slices = np.array([[[7, 7, 0, 1]], [[1, 1, 0, 9]]], np.uint8)
    >>> link(slices, spacing=(0.07, 0.07, 0.07)).tolist()
    [[[1, 1, 0, 2]], [[1, 1, 0, 2]]]
    """
    from electrodej import linking

    voxels, size = _voxels(slices, spacing)
    return linking.link(voxels, linking.LinkSettings(**settings), run, spacing=size, view=view)


def measure(
    grey: Image, labels: Image, *, spacing: Spacing | None = None, run: Run | None = None, **settings: Any
) -> FeatureTable:
    """Measure every particle: the 21 attributes, damage and more, one row each.

    Parameters
    ----------
    grey, labels
        The image and its particles, 0 is background.
    spacing
        Voxel size (z, y, x) in micrometres.
    run
        Threads or a cluster, memory and progress.
    settings
        Of `electrodej.features.features`: ``radius``, ``attributes``, ``crop``, ``exclude_border``.

    Returns
    -------
    FeatureTable
        Columns by name; ``to_pandas()`` gives a data frame, ``write()`` a file with its description.
    """
    from electrodej.features import features
    from electrodej.volume import common_spacing, open_volume

    with contextlib.ExitStack() as stack:
        first, second = (stack.enter_context(open_volume(each, spacing=spacing)) for each in (grey, labels))
        return features(first, second, run, spacing=common_spacing(first, second), **settings)


def morphology(
    phases: Image, *, spacing: Spacing | None = None, names: Sequence[str] = ()
) -> dict[str, float]:
    """Measure phases: the share of each, the area between each two, mean chords.

    Parameters
    ----------
    phases
        Numbers of phases (Z, Y, X) or (Y, X); 255 is not labelled.
    spacing
        Voxel size (z, y, x) in micrometres.
    names
        Of the phases 0, 1, 2 ...

    Examples
    --------
    >>> import numpy as np
    >>> half = np.repeat([[[0, 0, 0, 1]]], 4, axis=1)
    >>> morphology(half, spacing=(1, 1, 1), names=("pore", "solid"))["Share_pore"]
    0.75
    """
    from electrodej.morphology import PhaseImage, measure_phases

    voxels, size = _voxels(phases, spacing)
    found = measure_phases(PhaseImage(voxels, spacing=size, names=dict(enumerate(names))))
    return {each.name: each.value for each in found}


def explain_damage(
    table: Table,
    config: DamageConfig | None = None,
    run: Run | None = None,
) -> DamageResult:
    """Explain the damage of the particles in a table: a random forest, SHAP values, and how sure they are.

    Parameters
    ----------
    table
        From `measure`, columns by name, or where a table lies.
    config
        How it is regressed and how often that is repeated.
    run
        Cores and progress.
    """
    from electrodej import damage

    given = table if isinstance(table, str | os.PathLike) else _columns(table)
    return damage.explain_damage(damage.make_table(given), config, run)


def report(
    out: PathLike,
    table: Table,
    *,
    grey: Image | None = None,
    labels: Image | None = None,
    spacing: Spacing | None = None,
    title: str = "An electrode",
    sections: Sequence[Section] = (),
    run: Run | None = None,
) -> Path:
    """Write the page about measured particles: slices, table, distributions.

    Parameters
    ----------
    out
        Ends in ``.html``.
    table
        From `measure`, columns by name, or where a table lies.
    grey, labels, spacing
        The image, its particles and the voxel size, to show slices.
    title
        Heading of the page.
    sections
        Further parts of the page.
    run
        Whether an existing page may be replaced, and progress.
    """
    from electrodej.report import ReportContent, write_report

    run = run or Run()
    measured: Any = table
    if isinstance(table, str | os.PathLike):
        from electrodej.damage.table_file import read_table_file

        measured = read_table_file(table)
    with contextlib.ExitStack() as stack:
        image, particles = (_opened(each, spacing, stack) for each in (grey, labels))
        content = ReportContent(
            title=title,
            grey=image,
            labels=particles,
            spacing=getattr(image, "spacing", None) if spacing is None else spacing,
            table=_columns(measured),
            units=getattr(measured, "units", {}),
            definitions=getattr(measured, "definitions", {}),
            provenance=getattr(measured, "provenance", {}),
            notes=getattr(measured, "notes", ()),
            sections=sections,
        )
        return write_report(out, content, force=run.force, progress=run.progress)


def _columns(table: Any) -> Mapping[str, NDArray[Any]]:
    """Return the columns of a table by name: of ours, of a data frame, or of what are columns already."""
    columns: Any = getattr(table, "columns", table)
    if isinstance(columns, Mapping):
        return columns
    return {str(name): table[name].to_numpy() for name in columns}


def _opened(image: Any, spacing: Spacing | None, stack: contextlib.ExitStack) -> Any:
    """Return the volume of a path, open until the work is done; what is no path comes back as it is."""
    from electrodej.volume import open_volume

    if isinstance(image, str | os.PathLike):
        return stack.enter_context(open_volume(image, spacing=spacing))
    return image


@contextlib.contextmanager
def _done(name: str, run: Run | None, maps: Sequence[str] = (), **values: Any) -> Iterator[Outcome]:
    """Do a verb as the shell does it, with outputs that are there until they are read.

    ``maps`` are options that name further outputs.
    """
    from electrodej.verbs import find

    verb = find(name)
    with tempfile.TemporaryDirectory(prefix="electrodej-") as folder:
        files = {option: Path(folder) / f"{option}.tif" for option in ("out", *maps)}
        yield verb.run(verb.make(**values, **files), run)


def _voxels(image: Image, spacing: Spacing | None) -> tuple[NDArray[Any], Spacing]:
    """Return the voxels of an image, (Y, X) of a single one, and their size."""
    from electrodej.volume import open_volume

    with open_volume(image, spacing=spacing) as volume:
        voxels = volume.read()
        return voxels[0] if volume.is_2d else voxels, volume.require_spacing()


def _array(path: PathLike) -> NDArray[Any]:
    from electrodej.volume import open_volume

    with open_volume(path) as volume:
        return volume.read()
