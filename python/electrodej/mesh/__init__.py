"""Surfaces and voxel meshes of particles and phases for simulation and printing."""

from electrodej.mesh.coarse import coarser_surface
from electrodej.mesh.files import FORMATS, surface_bytes, write_surface
from electrodej.mesh.surface import Surface
from electrodej.mesh.surfaces import surface_of
from electrodej.mesh.voxels import Bricks, bricks_of, write_bricks

__all__ = [
    "FORMATS",
    "Bricks",
    "Surface",
    "bricks_of",
    "coarser_surface",
    "surface_bytes",
    "surface_of",
    "write_bricks",
    "write_surface",
]
