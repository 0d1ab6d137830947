"""From pictures of particles to 3D particle labels."""

from electrodej.fusion.agreement import COLUMNS as AGREEMENT_COLUMNS
from electrodej.fusion.agreement import Agreement
from electrodej.fusion.classic import BYTES_PER_VOXEL, ClassicSettings, segment_classic
from electrodej.fusion.components import connected_components
from electrodej.fusion.fuse import FusedParticles, Fusion, fuse_views, start_fusion
from electrodej.fusion.material import FusedMaterial, Material
from electrodej.fusion.refine import RefinedFusion, refine_borders
from electrodej.fusion.settings import METHODS, FusionSettings, Method
from electrodej.fusion.views import Views, as_bytes

__all__ = [
    "AGREEMENT_COLUMNS",
    "BYTES_PER_VOXEL",
    "METHODS",
    "Agreement",
    "ClassicSettings",
    "FusedMaterial",
    "FusedParticles",
    "Fusion",
    "FusionSettings",
    "Material",
    "Method",
    "RefinedFusion",
    "Views",
    "as_bytes",
    "connected_components",
    "fuse_views",
    "refine_borders",
    "segment_classic",
    "start_fusion",
]
