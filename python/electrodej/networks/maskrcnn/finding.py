"""Particles on a section of any size: tile by tile, each particle by the tile that sees most of it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.models.grey import FloatArray
from electrodej.models.memory_errors import is_out_of_memory
from electrodej.networks.maskrcnn.instances import Instances, together
from electrodej.networks.maskrcnn.looking import Network, Seen, look, masks_of
from electrodej.networks.maskrcnn.settings import DIVISOR
from electrodej.networks.maskrcnn.shape import Selection, shown

Say = Callable[[str], None]

# Edge of a tile, what two neighbours share at least, and the smallest tile worth looking at, in pixels.
TILE, SHARED, SMALLEST = 512, 128, 128
# The largest tile that is taken for large particles.
_LARGEST = 1024
# A box that ends so near to the edge of its tile goes on behind it.
_NEAR = 3.0
# Pixels by which the middles of one particle differ in two tiles at most.
_APART = 8.0
# What a network of ours looks at: a slice may have hundreds of particles.
OWN = Selection(considered=2000, proposals=600, least=0.3, overlap=0.3, most=500)


class Finder:
    """A network over sections.

    Parameters
    ----------
    network
        The network.
    selection
        How many boxes go on in a tile, and how sure one must be.
    tile
        Edge of a tile in pixels, a multiple of 64.
    say
        Told of smaller tiles, and of particles that are larger than what two neighbouring tiles share: these
        are looked at again in tiles that share more.
    """

    def __init__(self, network: Network, selection: Selection = OWN, *, tile: int = TILE, say: Say) -> None:
        if tile % DIVISOR or tile < SMALLEST:
            raise InputError(f"tiles are a multiple of {DIVISOR} from {SMALLEST} pixels on, not {tile}")
        self.network, self.selection, self.say = network, selection, say
        self._largest, self._told = max(tile, _LARGEST), False
        self.tile, self.shared = tile, _shared(tile)

    def find(self, image: FloatArray) -> Instances:
        """Return the particles of a normalised section (Y, X)."""
        while True:
            try:
                found = [self._in_tile(image, tile) for tile in _tiles(image.shape, self.tile, self.shared)]
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                smaller = self.tile // 2 // DIVISOR * DIVISOR
                if smaller < SMALLEST:
                    raise InputError(
                        f"there is not enough memory for a tile of {self.tile} pixels; end other programs, "
                        "or use a smaller network"
                    ) from error
                self.say(
                    f"the memory did not do for tiles of {self.tile} x {self.tile} pixels; going on with "
                    f"{smaller} x {smaller}"
                )
                self._largest = smaller
                self.tile, self.shared = smaller, min(self.shared, _shared(smaller))
                continue
            if not any(cut for _, cut in found) or not self._widen():
                return together([particles for particles, _ in found])

    def _widen(self) -> bool:
        """Take tiles that share more, for particles are cut by their edges; return whether there are any."""
        shared = 2 * self.shared
        tile = max(self.tile, 2 * shared)
        if tile <= self._largest:
            self.say(
                f"particles are larger than the {self.shared} pixels that neighbouring tiles share; going on "
                f"with tiles of {tile} x {tile} pixels that share {shared}"
            )
            self.tile, self.shared = tile, shared
            return True
        if not self._told:
            self.say(
                f"particles are larger than the {self.shared} pixels that neighbouring tiles share and may "
                "be cut there; give a smaller --scale, so that they are smaller for the network"
            )
            self._told = True
        return False

    def steps(self, image: FloatArray) -> Seen:
        """Return all that the network says of the first tile of a section."""
        tile = next(_tiles(image.shape, self.tile, self.shared))
        return self._look(image[tile.box])

    def _look(self, part: FloatArray) -> Seen:
        padded = np.zeros((1, self.tile, self.tile), np.float32)
        padded[0, : part.shape[0], : part.shape[1]] = part
        return look(self.network, shown(padded, self.network.shape), self.selection)

    def _in_tile(self, image: FloatArray, tile: _Tile) -> tuple[Instances, bool]:
        """Return the particles that are a tile's own, and whether an edge between tiles cuts one."""
        part = image[tile.box]
        seen = self._look(part)
        found = seen.detections
        last = np.array([self.tile - 1] * 4, np.float32)
        boxes = np.minimum(found[:, :4] * last, np.array([*part.shape, *part.shape]) - 1)
        # Each particle is of the tile in which its middle is not at the edge.
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + tile.start
        size = boxes[:, 2:] - boxes[:, :2]
        mine = ((middle >= tile.first) & (middle < tile.last) & (size >= 1)).all(axis=1)
        found, boxes = found[mine], boxes[mine]
        masks = self._masks(seen, boxes / last, found[:, 4].astype(np.intp))
        before = np.array(tile.start) > 0
        behind = np.array(tile.start) + self.tile < image.shape
        cut = (before & (boxes[:, :2] < _NEAR)) | (behind & (boxes[:, 2:] > self.tile - 1 - _NEAR))
        return Instances(boxes.astype(np.float32), found[:, 5], masks).moved(*tile.start), bool(cut.any())

    def _masks(self, seen: Seen, boxes: FloatArray, kinds: Any) -> FloatArray:
        return masks_of(self.network, seen, boxes, kinds, (self.tile, self.tile))


@dataclasses.dataclass(frozen=True)
class _Tile:
    """Where a tile begins, what of the image is in it, and between which places middles are its own."""

    start: tuple[int, int]
    box: tuple[slice, slice]
    first: tuple[float, float]
    last: tuple[float, float]


def _tiles(shape: tuple[int, ...], tile: int, shared: int) -> Iterator[_Tile]:
    rows, columns = (_spans(length, tile, shared) for length in shape)
    for y, y_first, y_last in rows:
        for x, x_first, x_last in columns:
            yield _Tile(
                (y, x),
                (slice(y, min(y + tile, shape[0])), slice(x, min(x + tile, shape[1]))),
                (y_first, x_first),
                (y_last, x_last),
            )


def _shared(tile: int) -> int:
    return min(SHARED, tile // 2)


def _spans(length: int, tile: int, shared: int) -> list[tuple[int, float, float]]:
    """Return where tiles of an axis start, and between which places the middle of what is theirs lies.

    Neighbours see the middle of one particle a little apart, so their places overlap; what both have is drawn
    once.

    >>> _spans(896, 512, 128)
    [(0, -inf, 456.0), (384, 440.0, inf)]
    """
    step = tile - shared
    count = 1 + max(0, -(-(length - tile) // step))
    starts = [0] if count == 1 else [round(number * (length - tile) / (count - 1)) for number in range(count)]
    # Neighbours part in the middle of what they share.
    ends = [(one + tile + other) / 2 for one, other in itertools.pairwise(starts)]
    first, last = [-np.inf, *(end - _APART for end in ends)], [*(end + _APART for end in ends), np.inf]
    return list(zip(starts, first, last, strict=True))
