"""ImageJ in this process: plain ImageJ from Maven Central, or a whole Fiji through pyimagej."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import ElectrodeJError, InputError, MissingExtraError, VoxelSizeError
from electrodej.extras import require
from electrodej.fiji.convert import to_imagej, to_numpy
from electrodej.fiji.images import UNCALIBRATED
from electrodej.fiji.results import from_results_table, labels_of, outlines, to_results_table
from electrodej.run import Run
from electrodej.vocabulary import Spacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from electrodej.features import FeatureTable

STARDIST_PLUGIN = "Fiji's StarDist plugin"
_OFFLINE = (
    "a local Fiji needs the network at its first start too, for pyimagej's Java half; "
    "without one, electrodej.fiji.connect(light=True) works with plain ImageJ"
)


class Connection:
    """An ImageJ that runs in this process.

    Attributes
    ----------
    ij
        pyimagej's gateway, or None in the light mode.
    IJ
        The class ``ij.IJ``, for ImageJ's own commands.
    """

    to_imagej = staticmethod(to_imagej)
    to_numpy = staticmethod(to_numpy)
    to_results_table = staticmethod(to_results_table)
    from_results_table = staticmethod(from_results_table)

    def __init__(self, ij: Any, IJ: Any) -> None:
        self.ij = ij
        self.IJ = IJ

    @property
    def light(self) -> bool:
        """Whether this is plain ImageJ."""
        return self.ij is None

    def outlines(self, labels: Any) -> list[Any]:
        """Return the selections of all particles of a label image, one for each particle and slice."""
        return outlines(labels, scijava=self._context())

    def labels_of(self, rois: list[Any], like: Any) -> Any:
        """Return a label image, of the size of another, from selections as `outlines` gives them."""
        return labels_of(rois, like, scijava=self._context())

    def _context(self) -> Any:
        return None if self.ij is None else self.ij.context()

    def run_script(
        self, name: str | os.PathLike[str], inputs: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Run a menu command by its name, see `electrodej.fiji.scripting.run_script`."""
        from electrodej.fiji.scripting import run_script

        return run_script(name, inputs, scijava=self._context())

    def stardist(self, grey: Any, model: str | os.PathLike[str]) -> Any:
        """Return the labels that Fiji's own StarDist plugin finds in an ``ij.ImagePlus``; needs a Fiji.

        Parameters
        ----------
        grey
            The open image; every xy section is labelled on its own, and the labels are numbered on.
        model
            A bundled model's name, a model's folder, or a zip with its sidecar beside it.

        Raises
        ------
        ElectrodeJError
            There is no plugin, or no such model; the message says what to do.
        """
        from electrodej.models.bundled import find_model

        inputs = {"grey": grey, "model": str(find_model(model).absolute()), "engine": STARDIST_PLUGIN}
        return self.run_script("Segment Particles", inputs)["labels"]

    def to_scijava_table(self, table: FeatureTable) -> Any:
        """Return a table as SciJava's, in pyimagej's own conversion; needs a Fiji."""
        return self._gateway("SciJava tables").py.to_java(table.to_pandas())

    def to_dataset(self, array: NDArray[Any], *, axes: str = "zyx") -> Any:
        """Return an array as an ImgLib2 Dataset that shares numpy's memory; needs a Fiji."""
        gateway = self._gateway("datasets")
        import xarray

        return gateway.py.to_java(
            xarray.DataArray(array, dims=["pln" if axis == "z" else axis for axis in axes])
        )

    def _gateway(self, what: str) -> Any:
        if self.ij is None:
            raise ElectrodeJError(f"{what} need a Fiji; connect with the folder of one")
        return self.ij


def connect(
    fiji: str | os.PathLike[str] | Any = None,
    *,
    light: bool = False,
    interactive: bool = False,
    memory: str | None = None,
) -> Connection:
    """Start ImageJ in this process, or take one that runs.

    Parameters
    ----------
    fiji
        The folder of a Fiji, a Maven endpoint such as ``"sc.fiji:fiji"``, or pyimagej's gateway. By
        default the folder that ELECTRODEJ_FIJI names.
    light
        Plain ImageJ 1.54p with SciJava's scripts, from Maven Central: no Fiji, no plugins.
    interactive
        Show ImageJ's window (a Fiji with a screen).
    memory
        The most that Java may take, as ``4g``.

    Raises
    ------
    MissingExtraError
        pyimagej or scyjava is not installed.
    ElectrodeJError
        It cannot be started; the message says what to do.

    Examples
    --------
    ::

        connection = connect(light=True)
        image = connection.IJ.openImage("grey.tif")
    """
    if hasattr(fiji, "py"):
        return _connected(fiji)
    if light:
        if fiji is not None or interactive:
            raise InputError(
                "the light mode is plain ImageJ without a window; leave fiji and interactive out"
            )
        from electrodej.fiji.jvm import start_light

        return Connection(None, start_light(memory=memory, scripting=True))
    where = fiji or os.environ.get("ELECTRODEJ_FIJI")
    if not where:
        raise InputError("no Fiji was named; give its folder, set ELECTRODEJ_FIJI, or connect(light=True)")
    place = Path(where)
    if (place.is_absolute() or os.sep in str(where)) and not (place / "jars").is_dir():
        raise InputError(f"{place} is no Fiji folder; give the folder that has jars and plugins in it")
    scyjava = require("scyjava", what="connecting to Fiji", extra="fiji")
    from electrodej.fiji.content import library
    from electrodej.fiji.jvm import prefer_present_java, suit_python

    prefer_present_java(scyjava.config)
    # Before that of the Fiji, so that scripts and library are of one version; it may also have none.
    scyjava.config.add_classpath(str(library()))
    if memory is not None:
        scyjava.config.add_option(f"-Xmx{memory}")
    suit_python(scyjava.config)
    try:
        imagej = require("imagej", what="connecting to Fiji", extra="fiji")
        gateway = imagej.init(os.fspath(where), mode="interactive" if interactive else "headless")
    except MissingExtraError:
        raise
    except Exception as error:
        raise ElectrodeJError(f"{where} could not be started ({_first_line(error)}); {_OFFLINE}") from error
    return _connected(gateway)


def measure(
    connection: Connection,
    grey: Any,
    labels: Any,
    *,
    spacing: Spacing | None = None,
    run: Run | None = None,
    **options: Any,
) -> FeatureTable:
    """Measure the particles of two ``ij.ImagePlus``.

    Parameters
    ----------
    connection
        Where the images come from.
    grey, labels
        The open images.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the images' calibration.
    run
        Threads, memory and progress.
    options
        As `electrodej.features.features` has them.
    """
    from electrodej.features import features
    from electrodej.volume import ArrayVolume, common_spacing

    volumes = []
    for image in (grey, labels):
        voxels, own = connection.to_numpy(image)
        size = own if spacing is None else spacing
        volumes.append(ArrayVolume(voxels, spacing=size, name=str(image.getTitle())))
    if not any(volume.spacing for volume in volumes):
        raise _in_python(VoxelSizeError(f"{volumes[0].path}: {UNCALIBRATED}"))
    try:
        common = common_spacing(*volumes)
    except VoxelSizeError as error:
        raise _in_python(error) from error
    grey, labels = volumes
    return features(grey, labels, run, spacing=common, **options)


def _in_python(error: VoxelSizeError) -> VoxelSizeError:
    """Return an error that tells who calls from Python what to give."""
    said = str(error).replace("e.g. 0.07,0.07,0.07", "e.g. (0.07, 0.07, 0.07)")
    return VoxelSizeError(said.replace("--spacing Z,Y,X", "spacing=(z, y, x)"))


def _connected(gateway: Any) -> Connection:
    import scyjava

    from electrodej.fiji.jvm import stop_filter_threads

    scyjava.when_jvm_stops(stop_filter_threads)
    return Connection(gateway, scyjava.jimport("ij.IJ"))


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
