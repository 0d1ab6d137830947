"""How many labelled voxels lie in each of many boxes, without counting any voxel twice."""

from __future__ import annotations

import numpy as np

from electrodej.compiled import compiled
from electrodej.features.typing import Array, Ints, Whole


@compiled
def add_plane(plane: Array, columns: Array) -> None:
    """Add the labelled voxels of a plane (y, x) to what lies above each of its places."""
    nothing = plane.dtype.type(0)
    for y in range(plane.shape[0]):
        row, target = plane[y], columns[y]
        for x in range(row.size):
            target[x] += np.int32(row[x] != nothing)


@compiled
def sum_table(columns: Array, table: Ints) -> None:
    """table[y, x] = sum of columns[:y, :x]."""
    for y in range(columns.shape[0]):
        total = np.int64(0)
        for x in range(columns.shape[1]):
            total += columns[y, x]
            table[y + 1, x + 1] = table[y, x + 1] + total


@compiled
def box_sum(table: Ints, box: Ints) -> Whole:
    """The sum over the rows and columns of ``box`` (z0, z1, y0, y1, x0, x1)."""
    return table[box[3], box[5]] - table[box[2], box[5]] - table[box[3], box[4]] + table[box[2], box[4]]


@compiled
def count_in_boxes(labels: Array, z0: Whole, boxes: Ints, starts: Ints, stops: Ints) -> Ints:
    """Labelled voxels of the planes ``labels`` (z, y, x), the first being plane ``z0``, in each box.

    ``starts`` and ``stops`` list the boxes in the order in which they begin and end in z. While the
    planes are added up from the top, the sum over a box is the difference between the moment it ends
    and the moment it begins: two tables of sums at most for each plane where one does, none elsewhere.
    """
    nz, ny, nx = labels.shape
    found = np.zeros(boxes.shape[0], dtype=np.int64)
    columns = np.zeros((ny, nx), dtype=np.int32)
    table = np.zeros((ny + 1, nx + 1), dtype=np.int64)
    i = j = 0
    for z in range(nz + 1):
        last = z == nz
        # Boxes that began before these planes begin with nothing above them.
        while i < starts.size and boxes[starts[i], 0] <= z0 and z == 0:
            i += 1
        ready = False
        while i < starts.size and boxes[starts[i], 0] <= z0 + z and not last:
            if not ready:
                sum_table(columns, table)
                ready = True
            found[starts[i]] -= box_sum(table, boxes[starts[i]])
            i += 1
        while j < stops.size and (boxes[stops[j], 1] <= z0 + z or last):
            box = boxes[stops[j]]
            if box[1] > z0 and box[0] < z0 + nz:
                if not ready:
                    sum_table(columns, table)
                    ready = True
                found[stops[j]] += box_sum(table, box)
            j += 1
        if not last:
            add_plane(labels[z], columns)
    return found
