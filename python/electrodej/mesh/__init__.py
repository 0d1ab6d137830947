"""Surfaces and voxel meshes of particles and phases for simulation and printing."""

from electrodej.mesh.files import FORMATS, surface_bytes, write_surface
from electrodej.mesh.surfaces import Surface, surface_of
from electrodej.mesh.voxels import Bricks, bricks_of, write_bricks

__all__ = [
    "FORMATS",
    "Bricks",
    "Surface",
    "bricks_of",
    "surface_bytes",
    "surface_of",
    "write_bricks",
    "write_surface",
]
