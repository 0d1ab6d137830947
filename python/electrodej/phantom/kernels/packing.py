"""Balls that push each other apart and draw near neighbours in, in a box that repeats itself."""

from __future__ import annotations

import math

import numpy as np

from electrodej.compiled import compiled


@compiled
def cell_list(centres: np.ndarray, box: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Balls by grid cell: ``order[start[c]:start[c + 1]]`` are those in cell c."""
    count = centres.shape[0]
    start = np.zeros(cells[0] * cells[1] * cells[2] + 1, np.int64)
    home = np.empty(count, np.int64)
    for i in range(count):
        cell = 0
        for axis in range(3):
            step = int(centres[i, axis] / box[axis] * cells[axis])
            cell = cell * cells[axis] + min(step, cells[axis] - 1)
        home[i] = cell
        start[cell + 1] += 1
    for cell in range(1, start.size):
        start[cell] += start[cell - 1]
    order = np.empty(count, np.int64)
    fill = start[:-1].copy()
    for i in range(count):
        order[fill[home[i]]] = i
        fill[home[i]] += 1
    return order, start


@compiled
def relax(
    centres: np.ndarray,
    radii: np.ndarray,
    box: np.ndarray,
    cells: np.ndarray,
    steps: int,
    pull: float,
    reach: float,
) -> float:
    """Move ``centres`` in place and return the largest overlap left, as a share of the smaller radius.

    Overlapping balls part by the overlap, the lighter one moving more; balls whose gap is under ``reach``
    times the smaller radius close ``pull`` of it.
    """
    count = centres.shape[0]
    move = np.zeros((count, 3))
    ties = np.zeros(count, np.int64)
    worst = 0.0
    between = np.zeros(3)
    for _ in range(steps):
        order, start = cell_list(centres, box, cells)
        move[:] = 0.0
        ties[:] = 0
        worst = 0.0
        for cz in range(cells[0]):
            for cy in range(cells[1]):
                for cx in range(cells[2]):
                    here = (cz * cells[1] + cy) * cells[2] + cx
                    for step in range(27):
                        # Along an axis with a single cell there is no other neighbour.
                        if (
                            (cells[0] == 1 and step // 9 != 1)
                            or (cells[1] == 1 and step // 3 % 3 != 1)
                            or (cells[2] == 1 and step % 3 != 1)
                        ):
                            continue
                        nz = (cz + step // 9 - 1 + cells[0]) % cells[0]
                        ny = (cy + step // 3 % 3 - 1 + cells[1]) % cells[1]
                        nx = (cx + step % 3 - 1 + cells[2]) % cells[2]
                        there = (nz * cells[1] + ny) * cells[2] + nx
                        for a in range(start[here], start[here + 1]):
                            i = order[a]
                            for b in range(start[there], start[there + 1]):
                                j = order[b]
                                if i >= j:
                                    continue
                                square = 0.0
                                for axis in range(3):
                                    d = centres[j, axis] - centres[i, axis]
                                    d -= box[axis] * math.floor(d / box[axis] + 0.5)
                                    between[axis] = d
                                    square += d * d
                                contact = radii[i] + radii[j]
                                small = min(radii[i], radii[j])
                                outer = contact + reach * small
                                if square >= outer * outer or square == 0.0:
                                    continue
                                distance = math.sqrt(square)
                                gap = distance - contact
                                if gap < 0.0:
                                    worst = max(worst, -gap / small)
                                    shift = gap * 1.02
                                    ties[i] += 1
                                    ties[j] += 1
                                else:
                                    shift = pull * gap
                                mi = radii[i] * radii[i] * radii[i]
                                mj = radii[j] * radii[j] * radii[j]
                                share = mj / (mi + mj)
                                for axis in range(3):
                                    unit = between[axis] / distance
                                    move[i, axis] += shift * share * unit
                                    move[j, axis] -= shift * (1.0 - share) * unit
        for i in range(count):
            # Pushes from many sides add up; shared out, they do not overshoot.
            damp = 1.0 / max(1.0, 0.5 * ties[i])
            for axis in range(3):
                place = centres[i, axis] + damp * move[i, axis]
                place -= box[axis] * math.floor(place / box[axis])
                centres[i, axis] = min(max(place, 0.0), np.nextafter(box[axis], 0.0))
    return worst


@compiled
def covered_share(points: np.ndarray, centres: np.ndarray, radii: np.ndarray, box: np.ndarray) -> float:
    """Share of the points that lie in a ball, in a box that repeats itself."""
    inside = 0
    for p in range(points.shape[0]):
        for i in range(centres.shape[0]):
            square = 0.0
            for axis in range(3):
                d = centres[i, axis] - points[p, axis]
                d -= box[axis] * math.floor(d / box[axis] + 0.5)
                square += d * d
            if square <= radii[i] * radii[i]:
                inside += 1
                break
    share: float = inside / points.shape[0]
    return share
