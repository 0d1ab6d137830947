"""A network whose zip repeats each result over a cell of its grid, as StarDist's plugin wants it."""

from __future__ import annotations

from electrodej.models.engines.base import Engine, FloatArray


class ThinnedEngine:
    """Takes the one result of each cell out of an output at full size.

    Parameters
    ----------
    engine
        The network.
    grid
        Pixels (Y, X) of a cell.
    """

    def __init__(self, engine: Engine, grid: tuple[int, int]) -> None:
        self._engine, self._grid = engine, grid
        self.channels, self.name = engine.channels, engine.name

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels), on the grid."""
        return self._engine.run(images)[:, :: self._grid[0], :: self._grid[1]]
