"""Optional parts of ElectrodeJ: imported where they are needed, named when they are missing."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from electrodej.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas

# Extra -> the packages it brings that the code asks for.
EXTRAS: dict[str, tuple[str, ...]] = {
    "train": ("tensorflow", "tf2onnx", "onnx", "roifile"),
    "fiji": ("pyimagej", "scyjava", "appose", "roifile", "pandas"),
    "damage": ("scikit-learn", "shap", "networkx"),
    "parquet": ("pyarrow",),
    "onnxruntime": ("onnxruntime",),
    "bpx": ("bpx",),
    "tomo": ("algotom", "h5py"),
    "pandas": ("pandas",),
    "cluster": ("distributed",),
}


# They bring TensorFlow, whose native half writes to stderr before any of its settings can be made.
_TALKATIVE = ("tensorflow", "keras", "stardist", "csbdeep")


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of those of the packages that are there."""
    from importlib import metadata

    versions = {}
    for package in packages:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return versions


def require(module: str, *, what: str, extra: str) -> Any:
    """Import ``module``, or say which extra brings it.

    Parameters
    ----------
    module
        Dotted name of the module.
    what
        What the user wanted to do, as the start of a sentence: "training a StarDist model".
    extra
        The extra of ElectrodeJ that brings the module.
    """
    root = module.partition(".")[0]
    talkative = root in _TALKATIVE and "tensorflow" not in sys.modules
    if talkative:
        # It tells of processors and missing graphics cards on stderr unless it is told before not to.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _greetings_kept_back() if talkative else contextlib.nullcontext():
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] == root:
            raise MissingExtraError(what, extra, root) from error
        raise


def data_frame(columns: Mapping[str, Any]) -> pandas.DataFrame:
    """Return columns as a data frame of pandas."""
    made: pandas.DataFrame = require("pandas", what="a data frame", extra="pandas").DataFrame(columns)
    return made


@contextlib.contextmanager
def _greetings_kept_back() -> Iterator[None]:
    """Keep what native code writes to stderr during an import; show it on failure only."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        try:
            former = os.dup(2)
        except OSError:  # a program without a stderr
            yield
            return
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(former, 2)
            kept.seek(0)
            os.write(2, kept.read())
            raise
        finally:
            os.dup2(former, 2)
            os.close(former)
