"""Images between numpy and ImageJ, slice by slice, in one copy, with the voxel size kept.

ImageJ keeps a stack as one Java array for each slice, so that the voxels have to be copied once; the memory
of one side is lent to the other for that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.fiji.images import calibration
from electrodej.vocabulary import Spacing
from electrodej.volume import check_labels, check_spacing, max_label
from electrodej.volume.lut import label_colours
from electrodej.volume.tiff import as_signed

Array = NDArray[Any]

# numpy's type: the signed type of the same size that Java has, Java's array, and a buffer's view of it.
_KINDS = {
    "uint8": (np.int8, "JByte", "slice"),
    "uint16": (np.int16, "JShort", "asShortBuffer"),
    "float32": (np.float32, "JFloat", "asFloatBuffer"),
}
_LARGEST_WHOLE_FLOAT = 2**24
_BITS = {8: np.uint8, 16: np.uint16, 32: np.float32}
_RGB = 4  # ImagePlus.COLOR_RGB


def to_imagej(
    array: Array, *, spacing: tuple[float, float, float], title: str = "image", labels: bool = False
) -> Any:
    """Return an array as an ``ij.ImagePlus``.

    Parameters
    ----------
    array
        ZYX or YX; uint8, uint16 or float32, labels of any whole numbers.
    spacing
        Voxel size (z, y, x) in micrometres.
    title
        What ImageJ calls the image.
    labels
        Whether it holds labels: 16-bit (32-bit float above 65,535), in the colours of labels, shown from 0
        to the highest.

    Raises
    ------
    InputError
        ImageJ has no such type of voxels, or cannot hold such labels.

    Examples
    --------
    ::

        connection = electrodej.fiji.connect(light=True)
        image = connection.to_imagej(np.zeros((4, 5, 6), np.uint8), spacing=(0.1, 0.07, 0.07))
    """
    scyjava = require("scyjava", what="converting images", extra="fiji")
    size = check_spacing(spacing)
    # Java is handed the bytes as they lie, in the order of this machine.
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.ndim not in (2, 3):
        raise InputError(f"{title} has {array.ndim} dimensions; an image has two (YX) or three (ZYX)")
    highest = 0
    if labels:
        array, highest = _as_imagej_labels(array, title)
    if array.dtype.name not in _KINDS:
        raise InputError(
            f"{title} has values of type {array.dtype}, and ImageJ has uint8, uint16 and float32; "
            "convert it to one of these"
        )
    volume = array[np.newaxis] if array.ndim == 2 else array
    image = scyjava.jimport("ij.ImagePlus")(title, _stack(volume, scyjava))
    image.setDimensions(1, len(volume), 1)
    _calibrate(image, size)
    if labels:
        _paint(image, highest, scyjava)
    return image


def to_numpy(image: Any) -> tuple[Array, Spacing | None]:
    """Return the voxels of an ``ij.ImagePlus`` in the order ZYX, and its voxel size or None.

    The voxel size is (z, y, x) in micrometres; None for an image that is not calibrated.

    Raises
    ------
    InputError
        It has colours, channels or time points.
    """
    title = str(image.getTitle())
    _check_axes(image, title)
    kind = _BITS[int(image.getBitDepth())]
    signed = _KINDS[np.dtype(kind).name][0]
    voxels = np.empty((image.getStackSize(), image.getHeight(), image.getWidth()), kind)
    stack = image.getStack()
    for z in range(len(voxels)):
        voxels[z].view(signed).reshape(-1)[:] = memoryview(stack.getPixels(z + 1))
    if image.getCalibration().isSigned16Bit():
        voxels = as_signed(voxels)
    return voxels, spacing_of(image)


def spacing_of(image: Any) -> Spacing | None:
    """Return ImageJ's calibration (z, y, x) in micrometres, or None where there is none."""
    size = image.getCalibration()
    if not size.scaled():
        return None
    return calibration(
        {
            "title": str(image.getTitle()),
            "voxel": [float(size.pixelDepth), float(size.pixelHeight), float(size.pixelWidth)],
            "unit": [str(size.getZUnit()), str(size.getYUnit()), str(size.getXUnit())],
        }
    )


def _stack(volume: Array, scyjava: Any) -> Any:
    import jpype

    height, width = volume.shape[1:]
    signed, java, view = _KINDS[volume.dtype.name]
    order = scyjava.jimport("java.nio.ByteOrder").nativeOrder()
    java_array = jpype.JArray(getattr(jpype, java))
    stack = scyjava.jimport("ij.ImageStack")(width, height)
    for plane in volume:
        pixels = java_array(height * width)
        lent = np.ascontiguousarray(plane).view(signed).reshape(-1)
        getattr(jpype.nio.convertToDirectBuffer(lent).order(order), view)().get(pixels)
        stack.addSlice("", pixels)
    return stack


def _as_imagej_labels(array: Array, title: str) -> tuple[Array, int]:
    checked = check_labels(array, title)
    highest = max_label(checked)
    if highest <= np.iinfo(np.uint16).max:
        return checked.astype(np.uint16, copy=False), highest
    if highest > _LARGEST_WHOLE_FLOAT:
        raise InputError(
            f"{title} has label {highest}, and ImageJ's 32-bit images tell whole numbers apart up to "
            f"{_LARGEST_WHOLE_FLOAT}; renumber the labels"
        )
    return checked.astype(np.float32), highest


def _calibrate(image: Any, size: Spacing) -> None:
    scale = image.getCalibration()
    scale.pixelDepth, scale.pixelHeight, scale.pixelWidth = size
    scale.setUnit("micron")


def _paint(image: Any, highest: int, scyjava: Any) -> None:
    reds, greens, blues = (colours.view(np.int8) for colours in label_colours())
    image.setLut(scyjava.jimport("ij.process.LUT")(bytes_of(reds), bytes_of(greens), bytes_of(blues)))
    image.setDisplayRange(0.0, float(max(1, highest)))


def bytes_of(values: Array) -> Any:
    """Return an array of signed bytes as Java's."""
    import jpype

    return jpype.JArray(jpype.JByte)(values)


def _check_axes(image: Any, title: str) -> None:
    if int(image.getType()) == _RGB:
        raise InputError(f"{title} is a colour image; turn it into grey values with Image > Type > 8-bit")
    channels, frames = int(image.getNChannels()), int(image.getNFrames())
    if channels > 1:
        raise InputError(f"{title} has {channels} channels; choose one of them")
    if frames > 1:
        raise InputError(
            f"{title} has {frames} time points; if they are slices in depth, say so with Image > Properties"
        )
