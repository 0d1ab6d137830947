"""Arrays in NumPy's .npz, from a file that may be damaged or made by anybody."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

# More than any file of ours holds.
_LARGEST = 2**31


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name; what each says of its size is held against the file first.

    Raises
    ------
    Exception
        Of many kinds: whatever a damaged file makes NumPy and zipfile stumble over.
    """
    import numpy as np

    # Opened here, because NumPy leaves a damaged file open.
    with path.open("rb") as handle:
        with zipfile.ZipFile(handle) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise ValueError("it unpacks to more than it should")
            for entry in archive.infolist():
                with archive.open(entry) as member:
                    _check(member, entry)
        handle.seek(0)
        with np.load(handle, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}


def _check(member: IO[bytes], entry: zipfile.ZipInfo) -> None:
    from numpy.lib import format as npy

    read = npy.read_array_header_1_0 if npy.read_magic(member) == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(member)
    if min(shape, default=0) < 0 or member.tell() + math.prod(shape) * dtype.itemsize != entry.file_size:
        raise ValueError(f"{entry.filename} is of another size than it says")
