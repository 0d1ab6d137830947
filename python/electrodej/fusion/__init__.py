"""From pictures of particles to 3D particle labels."""

from electrodej.fusion.linking import LinkedVolume, link_slices, link_volume
from electrodej.fusion.linking_settings import LinkSettings
from electrodej.fusion.watershed import BYTES_PER_VOXEL, ClassicSettings, segment_classic

__all__ = [
    "BYTES_PER_VOXEL",
    "ClassicSettings",
    "LinkSettings",
    "LinkedVolume",
    "link_slices",
    "link_volume",
    "segment_classic",
]
