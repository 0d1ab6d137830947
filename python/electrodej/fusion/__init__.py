"""From pictures of particles to 3D particle labels."""

from electrodej.fusion.watershed import ClassicSettings, segment_classic

__all__ = ["ClassicSettings", "segment_classic"]
