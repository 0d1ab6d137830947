"""How large a model and its settings may be. Networks for 2D images stay far below."""

from __future__ import annotations

MIB = 1 << 20
# Of all numbers that a graph holds, when they are laid out in memory.
MOST_CONSTANT_BYTES = 1024 * MIB
# Of the files in a zip, unpacked. Weights hardly compress: a file that grows more than so many times, and is
# larger than a description may be, is made to fill memory.
MOST_UNPACKED = 1024 * MIB
MOST_GROWTH = 50
SMALL = 16 * MIB
MOST_ENTRIES = 10_000
MOST_NODES = 200_000
# Of channels, rays, filters, and what image sizes are multiples of.
MOST_COUNT = 4096
# Pixels along an edge for which a network predicts once; levels of a U-Net; edge of a kernel.
MOST_CELL = 64
MOST_LEVELS = 8
MOST_KERNEL = 31
# Convolutions after one another on a level; entries of a description of layers, of which each has about ten.
MOST_REPEATS = 8
MOST_PARTS = 10_000
# Of a voxel's edge, in micrometres.
SMALLEST_VOXEL, LARGEST_VOXEL = 1e-5, 1e5
# Of the seconds in which a file of weights is looked through.
MOST_SECONDS = 30
# A description nests layers in models in models; no author does so deeper.
MOST_DEPTH = 100
