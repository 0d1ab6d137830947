"""Tortuosity, effective conductivity and MacMullin number of the phases of an image, as measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology import Measure, PhaseImage, Profiles
from electrodej.run import Run
from electrodej.transport.conduction import Conduction, solve_conduction
from electrodej.transport.electrode import solve_electrode
from electrodej.transport.settings import TransportSettings
from electrodej.vocabulary import AXES

# Slabs of which currents are measured: as many along each axis, of so many slices at least.
_SLABS = {"most": 8, "least": 8}
# Their error, where less is not asked of the whole.
_ENOUGH = 1e-3


def measure_transport(
    image: PhaseImage,
    *,
    settings: TransportSettings | None = None,
    profiles: Profiles | None = None,
    run: Run | None = None,
) -> list[Measure]:
    """Measure how well phases conduct, each alone or several together.

    Parameters
    ----------
    image
        The phases; 255 is not labelled and does not conduct.
    settings
        Directions, phases, conductivities.
    profiles
        Where the same measures of slabs go, each by itself: at most eight along each axis, to an error of
        0.001.
    run
        Threads, memory, progress; its notes say which phases do not percolate.

    Returns
    -------
    list of Measure
        ``Tau_NAME_z``, ``Keff_NAME_z``, ``MacMullin_NAME_z``, ``KeffError_NAME_z`` for each phase and
        direction; with conductivities ``Tau_z``, ``Keff_z``, ``KeffError_z`` of all phases together; where
        asked for ``TauElectrode_NAME_z``, ``MacMullinElectrode_NAME_z``. NaN along an axis of a single slice.

    Examples
    --------
    >>> phases = np.zeros((8, 8, 8), np.uint8)
    >>> phases[:, :, 4:] = 1
    >>> image, settings = PhaseImage(phases, spacing=(1, 1, 1)), TransportSettings(directions=("z",))
    >>> found = measure_transport(image, settings=settings)
    >>> [(each.name, round(each.value, 4)) for each in found if each.name.startswith("T")]
    [('Tau_class0_z', 1.0), ('Tau_class1_z', 1.0)]
    """
    run, settings = run or Run(), settings or TransportSettings()
    whole = run if profiles is None else run.part(0, 2)
    found = _measured(image, settings, whole)
    if profiles is not None:
        rough = replace(settings, tolerance=max(settings.tolerance, _ENOUGH))
        # What does not percolate in a slab is in its numbers, and no news.
        silently = Run(jobs=run.jobs, memory=run.memory)
        profiles.measure(lambda part: _measured(part, rough, silently), run.part(1, 2), **_SLABS)
    return found


def _measured(image: PhaseImage, settings: TransportSettings, run: Run) -> list[Measure]:
    solve = _solver(settings)
    jobs = _jobs(image.names, settings)
    found: list[Measure] = []
    for number, (title, values) in enumerate(jobs):
        classes, conductivities = _classes(image.voxels, values)
        walls = _walls(image, title, settings) if settings.electrode else None
        for turn, axis in enumerate(settings.axes):
            place = number * len(settings.axes) + turn
            here = run.part(place, len(jobs) * len(settings.axes), f"{title or 'all phases'}, {AXES[axis]}: ")
            asked: dict[str, Any] = {
                "spacing": image.spacing,
                "axis": axis,
                "periodic": settings.periodic,
                "tolerance": settings.tolerance,
                "run": here,
            }
            solved = None
            if image.shape[axis] > 1:
                solved = solve(classes, conductivities, **asked)
            else:
                run.note(f"there is one slice along {AXES[axis]}, so there is no current along it")
            if solved is not None and solved.effective == 0:
                run.note(f"{title or 'what conducts'} does not percolate along {AXES[axis]}: tau is infinite")
            found += _measures(title, AXES[axis], solved)
            if walls is not None:
                found += _of_electrode(title, classes, walls, settings, asked)
    return found


def check_phase_names(names: Collection[str], settings: TransportSettings) -> None:
    """Refuse settings that name a phase which is not there."""
    for name in (*(settings.conducting or ()), *(settings.reacting or ()), *settings.conductivities):
        if name not in names:
            raise InputError(f"there is no phase {name!r}; there are {', '.join(names)}")


def _jobs(called: Mapping[int, str], settings: TransportSettings) -> list[tuple[str, dict[int, float]]]:
    """Return what conducts together: a title, and the conductivity of each phase's number."""
    numbers = {name: value for value, name in called.items()}
    check_phase_names(numbers, settings)
    if settings.conductivities:
        return [("", {numbers[name]: value for name, value in settings.conductivities.items()})]
    return [(name, {numbers[name]: 1.0}) for name in settings.conducting or numbers]


def _classes(volume: NDArray[Any], values: Mapping[int, float]) -> tuple[NDArray[np.uint8], list[float]]:
    """Return the class of each voxel, 0 for what insulates, and the conductivity of each class."""
    table = np.zeros(256, np.uint8)
    for number, phase in enumerate(values, 1):
        table[phase] = number
    return table[volume], [0.0, *values.values()]


def _solver(settings: TransportSettings) -> Callable[..., Conduction]:
    if settings.engine == "taufactor":
        from electrodej.transport.taufactor import solve_with_taufactor

        return solve_with_taufactor
    return solve_conduction


def _walls(image: PhaseImage, title: str, settings: TransportSettings) -> NDArray[np.uint8]:
    """Return where the phases are whose borders with one of them take up current."""
    table = np.zeros(256, np.uint8)
    for number, name in image.names.items():
        table[number] = name != title and (settings.reacting is None or name in settings.reacting)
    return np.asarray(table[image.voxels])


def _of_electrode(
    title: str,
    classes: NDArray[np.uint8],
    walls: NDArray[np.uint8],
    settings: TransportSettings,
    asked: Mapping[str, Any],
) -> list[Measure]:
    axis, run = asked["axis"], asked["run"]
    tail, values = f"_{title}_{AXES[axis]}", (math.nan, math.nan)
    if classes.shape[axis] > 1:
        turn = slice(None, None, -1 if settings.separator == "last" else 1)
        across = tuple(turn if each == axis else slice(None) for each in range(3))
        solved = solve_electrode(classes[across], walls[across], **asked)
        values = (solved.tortuosity, solved.macmullin)
        if math.isinf(solved.tortuosity):
            run.note(
                f"no current from the {settings.separator} slice along {AXES[axis]} reaches a wall of "
                f"{title}: its electrode tortuosity is infinite"
            )
    return [
        Measure(
            f"TauElectrode{tail}",
            "",
            f"electrode tortuosity factor of {title} along {AXES[axis]}: its share times three times the "
            "low-frequency resistance of current that enters at the separator, the "
            f"{settings.separator} slice, and ends evenly at its walls, over that of a straight channel's",
            values[0],
        ),
        Measure(f"MacMullinElectrode{tail}", "", f"TauElectrode{tail} over Share_{title}", values[1]),
    ]


def _measures(title: str, axis: str, solved: Conduction | None) -> list[Measure]:
    nan = math.nan
    tail = f"_{title}_{axis}" if title else f"_{axis}"
    error = Measure(
        f"KeffError{tail}",
        "",
        f"relative error that Keff{tail} has at most, by the solver's bound",
        solved.bound if solved else nan,
    )
    if title:
        keff = f"Share_{title} / Tau{tail}"
        return [
            Measure(
                f"Tau{tail}",
                "",
                f"tortuosity factor of {title} along {axis}: its share over its effective conductivity at a "
                "conductivity of 1; infinite where it does not percolate",
                solved.tortuosity if solved else nan,
            ),
            Measure(
                f"Keff{tail}",
                "",
                f"effective over own conductivity of {title} along {axis}, {keff}",
                solved.effective if solved else nan,
            ),
            Measure(
                f"MacMullin{tail}",
                "",
                f"MacMullin number of {title} along {axis}: 1 / Keff{tail}",
                solved.macmullin if solved else nan,
            ),
            error,
        ]
    return [
        Measure(
            f"Tau{tail}",
            "",
            f"mean over effective conductivity of all phases along {axis}",
            solved.tortuosity if solved else nan,
        ),
        Measure(
            f"Keff{tail}",
            "",
            f"effective conductivity of all phases along {axis}, in the unit of the conductivities given",
            solved.effective if solved else nan,
        ),
        error,
    ]
