"""Damage that grows on the contact graph, cycle by cycle: this project's reading of the published idea.

Per cycle, for particle i with volume share v (sum 1), active share a, damage D and connection k:

- activation: a += (1 - a) (1 - exp(-activation k ((1 - spreading) + spreading mean of neighbours' a)))
- ability: c = v a (1 - D)
- load: i is due v load. What it cannot take raises its overpotential e, and load flows from particle to
  particle like current between them: v load - c e = sum over neighbours of g (e - e of the neighbour), with
  g = hand_over sqrt(v v of the neighbour). i carries c e. The flows cancel, so no load is lost; where all
  are equally able, each carries its own due.
- damage: D = 1 - (1 - D) exp(-damage (c e / v)^exponent)

A particle without neighbours carries its own due, so its D = 1 - exp(-damage load^exponent cycles).
docs/damage.md says what of this is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.evolution_config import EvolutionConfig
from electrodej.damage.table import Floats
from electrodej.errors import InputError
from electrodej.run import Run

CURVES = ("active", "damage", "damage_low", "damage_high", "severe", "asynchrony", "load_largest")
"""Names of the curves of an `Evolution`."""

_TOLERANCE = 1e-8
_MOST_STEPS = 2000
# The dead and the dormant still take a trace, or a group of them would have nowhere to put its load.
_LEAST_ABILITY = 1e-6


@dataclass(frozen=True)
class Evolution:
    """How an electrode went through its cycles.

    Attributes
    ----------
    config
        Its settings.
    curves
        Name to (cycles,) values after each cycle. ``active``: active share of the material. ``damage``:
        mean by volume; ``damage_low``, ``damage_high``: 10th and 90th percentile of the particles;
        ``severe``: share of the particles severely damaged. ``asynchrony``: coefficient of variation, by
        volume, of the load per volume. ``load_largest``: largest load per volume of a particle.
    damage, active, load
        (n,) of each particle after the last cycle; load per volume.
    connection
        (n,) k of each particle.
    synchronous_from
        First cycle from which the asynchrony stays below the bound, None if it does not within the cycles.
    """

    config: EvolutionConfig
    curves: dict[str, Floats]
    damage: Floats
    active: Floats
    load: Floats
    connection: Floats
    synchronous_from: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it, without the values of single particles."""
        when = self.synchronous_from
        return {
            "settings": self.config.as_dict(),
            "synchronous_from": when,
            "severe_when_synchronous": None if when is None else float(self.curves["severe"][when - 1]),
            "damage_when_synchronous": None if when is None else float(self.curves["damage"][when - 1]),
            "curves": {name: values.tolist() for name, values in self.curves.items()},
        }


def evolve(
    pairs: NDArray[np.integer[Any]],
    volume: Floats,
    config: EvolutionConfig,
    run: Run | None = None,
    *,
    damage: Floats | None = None,
) -> Evolution:
    """Cycle an electrode of particles that hand load to those they touch.

    Parameters
    ----------
    pairs
        (m, 2) places of particles that touch, each pair once.
    volume
        (n,) of the particles, in any unit.
    config
        The electrode's formation and the cycling.
    damage
        (n,) damage before the first cycle, 0 if not given.
    run
        Progress, over the cycles.

    Examples
    --------
    >>> alone = evolve(np.empty((0, 2), int), np.array([7.0]), EvolutionConfig(cycles=100, damage=0.01))
    >>> bool(np.isclose(alone.damage[0], 1 - np.exp(-1)))
    True
    """
    run, count = run or Run(), len(volume)
    if not count or not (np.isfinite(volume).all() and (volume > 0).all()):
        raise InputError("evolution: every particle needs a volume above 0, and there has to be one")
    share = volume / volume.sum()
    touching = _adjacency(pairs, count)
    neighbours = np.asarray(touching.sum(axis=1)).ravel()
    connection = config.quality * np.exp(
        config.unevenness * np.random.default_rng(config.seed).standard_normal(count)
    )
    active = -np.expm1(-config.formation * connection)
    hurt = np.zeros(count) if damage is None else np.clip(np.asarray(damage, dtype=float), 0, 1)
    curves = {name: np.empty(config.cycles) for name in CURVES}
    exchange = _laplacian(touching, share, config.hand_over)
    overpotential, stress = np.full(count, config.load), np.zeros(count)
    for cycle in range(config.cycles):
        ability = share * np.maximum(active * (1 - hurt), _LEAST_ABILITY)
        overpotential = carried_load(exchange, share, ability, config.load, overpotential)
        stress = ability * overpotential / share
        hurt = 1 - (1 - hurt) * np.exp(-config.damage * stress**config.exponent)
        around = np.divide(touching @ active, neighbours, out=np.zeros(count), where=neighbours > 0)
        rate = config.activation * connection * ((1 - config.spreading) + config.spreading * around)
        active = 1 - (1 - active) * np.exp(-rate)
        _take_down(curves, cycle, share=share, active=active, hurt=hurt, stress=stress, config=config)
        if cycle % 10 == 9 or cycle == config.cycles - 1:
            run.progress(cycle + 1, config.cycles, "evolution")
    when = _synchronous_from(curves["asynchrony"], config.synchronous)
    return Evolution(config, curves, hurt, active, stress, connection, when)


def carried_load(exchange: Any, share: Floats, ability: Floats, load: float, start: Floats) -> Floats:
    """Return the overpotential of each particle; times its ability it is the load that it carries.

    Solves (diag(ability) + exchange) e = load share, by conjugate gradients: the matrix is symmetric and
    positive definite.

    Parameters
    ----------
    exchange
        (n, n) sparse graph Laplacian: sums of g on the diagonal, -g beside it.
    share
        (n,) of the volume, sum 1.
    ability
        (n,) above 0.
    load
        What all carry together.
    start
        (n,) to start from, the overpotential of the cycle before.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import cg

    diagonal = ability + exchange.diagonal()
    overpotential, _ = cg(
        exchange + diags_array(ability),
        load * share,
        x0=start,
        rtol=_TOLERANCE,
        maxiter=_MOST_STEPS,
        M=diags_array(1 / diagonal),
    )
    # What the iteration leaves open, some 1e-8 of the load, is spread over all, so that none is lost.
    return np.asarray(overpotential * (load / float(ability @ overpotential)))


def paint_damage(
    labels: NDArray[np.integer[Any]], particles: NDArray[np.integer[Any]], damage: Floats
) -> NDArray[np.float32]:
    """Return a map of damage: each voxel has its particle's, 0 outside.

    Parameters
    ----------
    labels
        Label image, or a slab of one, of any shape.
    particles, damage
        Labels of the particles and damage of each. A label that is not among them is NaN.

    Examples
    --------
    >>> paint_damage(np.array([[0, 3], [7, 3]]), np.array([7, 3]), np.array([0.5, 0.25])).tolist()
    [[0.0, 0.25], [0.5, 0.25]]
    """
    order = np.argsort(particles)
    known, values = particles[order], damage[order].astype(np.float32)
    here, place = np.unique(labels, return_inverse=True)
    at = np.minimum(np.searchsorted(known, here), max(0, len(known) - 1))
    found = known[at] == here if len(known) else np.zeros(len(here), dtype=bool)
    colours = np.where(here == 0, 0.0, np.nan).astype(np.float32)
    if len(known):
        colours[found] = values[at[found]]
    return np.asarray(colours[place.reshape(labels.shape)])


def _adjacency(pairs: NDArray[np.integer[Any]], count: int) -> Any:
    from scipy.sparse import csr_array

    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= count):
        raise InputError("evolution: a contact names a particle that is not there")
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    # A pair that is listed twice touches once.
    matrix.data[:] = 1
    return matrix


def _laplacian(touching: Any, share: Floats, hand_over: float) -> Any:
    from scipy.sparse import diags_array

    roots = diags_array(np.sqrt(share))
    flow = hand_over * (roots @ touching @ roots)
    return (diags_array(np.asarray(flow.sum(axis=1)).ravel()) - flow).tocsr()


def _take_down(
    curves: dict[str, Floats],
    cycle: int,
    *,
    share: Floats,
    active: Floats,
    hurt: Floats,
    stress: Floats,
    config: EvolutionConfig,
) -> None:
    mean = float(share @ stress)
    variance = float(share @ (stress - mean) ** 2)
    low, high = np.quantile(hurt, (0.1, 0.9))
    curves["active"][cycle] = share @ active
    curves["damage"][cycle] = share @ hurt
    curves["damage_low"][cycle], curves["damage_high"][cycle] = low, high
    curves["severe"][cycle] = np.mean(hurt > config.severe)
    curves["asynchrony"][cycle] = np.sqrt(variance) / mean if mean > 0 else 0.0
    curves["load_largest"][cycle] = stress.max()


def _synchronous_from(asynchrony: Floats, bound: float) -> int | None:
    """Return the cycle, counted from 1, from which on the asynchrony stays below the bound."""
    above = np.flatnonzero(asynchrony >= bound)
    start = int(above[-1]) + 1 if above.size else 0
    return start + 1 if start < asynchrony.size else None
