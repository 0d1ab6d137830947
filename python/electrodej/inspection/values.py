"""Grey values that nothing can be done with, sought in the whole image and not in a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from electrodej.errors import InputError
from electrodej.machine import memory_text
from electrodej.run import Run
from electrodej.volume import check_grey

if TYPE_CHECKING:
    from electrodej.volume import Volume

# An image of real numbers is read as a whole up to this many bytes, some seconds.
_MOST_TO_READ = 2 * 2**30


def refuse_nan(volume: Volume, run: Run | None = None) -> None:
    """Refuse an image with a value that is no number, wherever it is, unless reading takes too long.

    Raises
    ------
    electrodej.errors.InputError
        The message names the place of the first such value.
    """
    if volume.dtype.kind != "f":
        return
    if volume.nbytes > _MOST_TO_READ:
        if run is not None:
            run.note(
                f"some slices were looked at; whether there is NaN in others of these "
                f"{memory_text(volume.nbytes)} is said by the verbs that read them all"
            )
        return
    for z0, _, slab in volume.slabs():
        check_grey(slab, volume.path, start=z0)


def refuse_blank(volume: Volume) -> None:
    """Refuse an image that has one value everywhere; of others, no more than the first slab is read.

    Raises
    ------
    electrodej.errors.InputError
        There is nothing to see.
    """
    value = volume[:1, :1, :1].item()
    if all((slab == value).all() for _, _, slab in volume.slabs()):
        raise InputError(f"{volume.path}: {nothing_to_see(value)}")


def nothing_to_see(value: float) -> str:
    """Return what is said of an image that has one value everywhere.

    >>> nothing_to_see(0)
    'all voxels have the value 0: there is nothing to see; export the scan again'
    """
    return f"all voxels have the value {value:g}: there is nothing to see; export the scan again"
