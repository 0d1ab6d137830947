"""From pictures of particles to 3D particle labels."""

from electrodej.fusion.watershed import BYTES_PER_VOXEL, ClassicSettings, segment_classic

__all__ = ["BYTES_PER_VOXEL", "ClassicSettings", "segment_classic"]
