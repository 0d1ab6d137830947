"""Surfaces of particles and phases for simulation and printing."""

from electrodej.mesh.files import FORMATS, surface_bytes, write_surface
from electrodej.mesh.surfaces import Surface, surface_of

__all__ = ["FORMATS", "Surface", "surface_bytes", "surface_of", "write_surface"]
