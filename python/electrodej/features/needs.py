"""What has to be worked out before an attribute can be."""

from __future__ import annotations

import enum


class Need(enum.Flag):
    """Parts of the work; only those that some attribute needs are done."""

    NOTHING = 0
    GREY = enum.auto()  # grey sums of each label
    FACES = enum.auto()  # touching faces
    FILL = enum.auto()  # closing and hole filling
    FILL_GREY = enum.auto()
    ROUGH = enum.auto()
    CONTACT = enum.auto()
    SURFACE = enum.auto()
    FERET = enum.auto()
    PIECES = enum.auto()
    DEPTH = enum.auto()
    DEPTH_GREY = enum.auto()  # grey by depth; with DEPTH
    DENSITY = enum.auto()
    EDGES = enum.auto()  # perimeter of the raw particle
