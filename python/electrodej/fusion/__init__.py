"""From pictures of particles to 3D particle labels."""

from electrodej.fusion.agreement import COLUMNS as AGREEMENT_COLUMNS
from electrodej.fusion.agreement import Agreement
from electrodej.fusion.components import connected_components
from electrodej.fusion.fuse import FusedParticles, Fusion, fuse_views, start_fusion
from electrodej.fusion.intact import IntactFusion, IntactMaterial
from electrodej.fusion.linking import LinkedVolume, link_slices, link_volume
from electrodej.fusion.linking_settings import LinkSettings
from electrodej.fusion.refine import RefinedFusion, refine_borders
from electrodej.fusion.settings import METHODS, VIEWS, FusionSettings, Method
from electrodej.fusion.views import Views, as_bytes
from electrodej.fusion.watershed import BYTES_PER_VOXEL, ClassicSettings, segment_classic

__all__ = [
    "AGREEMENT_COLUMNS",
    "BYTES_PER_VOXEL",
    "METHODS",
    "VIEWS",
    "Agreement",
    "ClassicSettings",
    "FusedParticles",
    "Fusion",
    "FusionSettings",
    "IntactFusion",
    "IntactMaterial",
    "LinkSettings",
    "LinkedVolume",
    "Method",
    "RefinedFusion",
    "Views",
    "as_bytes",
    "connected_components",
    "fuse_views",
    "link_slices",
    "link_volume",
    "refine_borders",
    "segment_classic",
    "start_fusion",
]
