"""Tortuosity, effective conductivity and MacMullin number of the phases of an image, as measures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology import Measure, as_phase_volume, find_phases, phase_names
from electrodej.run import Run
from electrodej.transport.conduction import Conduction, solve_conduction
from electrodej.transport.electrode import solve_electrode
from electrodej.transport.settings import TransportSettings
from electrodej.vocabulary import AXES, Spacing


def measure_transport(
    phases: NDArray[Any],
    *,
    spacing: Spacing,
    names: Mapping[int, str] | None = None,
    settings: TransportSettings | None = None,
    run: Run | None = None,
) -> list[Measure]:
    """Measure how well phases conduct, each alone or several together.

    Parameters
    ----------
    phases
        Numbers from 0 to 254, shape (Z, Y, X) or (Y, X); 255 is not labelled and does not conduct.
    spacing
        Voxel size (z, y, x) in micrometres.
    names
        What phases are called, by their numbers.
    settings
        Directions, phases, conductivities.
    run
        Threads, memory, progress; its notes say which phases do not percolate.

    Returns
    -------
    list of Measure
        ``Tau_NAME_z``, ``Keff_NAME_z``, ``MacMullin_NAME_z`` for each phase and direction; with
        conductivities ``Tau_z``, ``Keff_z`` of all phases together; where asked for ``TauElectrode_NAME_z``,
        ``MacMullinElectrode_NAME_z``. NaN along an axis of a single slice.

    Examples
    --------
    >>> phases = np.zeros((8, 8, 8), np.uint8)
    >>> phases[:, :, 4:] = 1
    >>> found = measure_transport(phases, spacing=(1, 1, 1), settings=TransportSettings(directions=("z",)))
    >>> [(each.name, round(each.value, 4)) for each in found if each.name.startswith("T")]
    [('Tau_class0_z', 1.0), ('Tau_class1_z', 1.0)]
    """
    run, settings = run or Run(), settings or TransportSettings()
    volume, step = as_phase_volume(phases, spacing)
    ids = find_phases([volume])
    if not ids or ids[0] < 0 or ids[-1] > 254:
        raise InputError(
            "phases are numbers from 0 to 254, and 255 is not labelled; something must be labelled"
        )
    called = phase_names(ids, names)
    jobs = _jobs(called, settings)
    found: list[Measure] = []
    for number, (title, values) in enumerate(jobs):
        classes, conductivities = _classes(volume, values)
        for turn, axis in enumerate(settings.axes):
            place = number * len(settings.axes) + turn
            here = run.part(place, len(jobs) * len(settings.axes), f"{title or 'all phases'}, {AXES[axis]}: ")
            solved = None
            if volume.shape[axis] > 1:
                solved = _solved(classes, conductivities, step, axis, settings, here)
            else:
                run.note(f"there is one slice along {AXES[axis]}, so there is no current along it")
            if solved is not None and solved.effective == 0:
                run.note(f"{title or 'what conducts'} does not percolate along {AXES[axis]}: tau is infinite")
            found += _measures(title, AXES[axis], solved)
            if settings.electrode:
                walls = _walls(volume, title, called, settings)
                found += _of_electrode(title, classes, walls, step, axis, settings, here)
    return found


def _jobs(called: Mapping[int, str], settings: TransportSettings) -> list[tuple[str, dict[int, float]]]:
    """Return what conducts together: a title, and the conductivity of each phase's number."""
    numbers = {name: value for value, name in called.items()}
    for name in (*(settings.conducting or ()), *(settings.reacting or ()), *settings.conductivities):
        if name not in numbers:
            raise InputError(f"there is no phase {name!r}; there are {', '.join(numbers)}")
    if settings.conductivities:
        return [("", {numbers[name]: value for name, value in settings.conductivities.items()})]
    return [(name, {numbers[name]: 1.0}) for name in settings.conducting or numbers]


def _classes(volume: NDArray[Any], values: Mapping[int, float]) -> tuple[NDArray[np.uint8], list[float]]:
    """Return the class of each voxel, 0 for what insulates, and the conductivity of each class."""
    table = np.zeros(256, np.uint8)
    for number, phase in enumerate(values, 1):
        table[phase] = number
    return table[volume], [0.0, *values.values()]


def _solved(
    classes: NDArray[np.uint8],
    conductivities: Sequence[float],
    spacing: Spacing,
    axis: int,
    settings: TransportSettings,
    run: Run,
) -> Conduction:
    if settings.engine == "taufactor":
        from electrodej.transport.taufactor import solve_with_taufactor

        return solve_with_taufactor(
            classes, conductivities, spacing=spacing, axis=axis, settings=settings, run=run
        )
    return solve_conduction(
        classes,
        conductivities,
        spacing=spacing,
        axis=axis,
        periodic=settings.periodic,
        tolerance=settings.tolerance,
        run=run,
    )


def _walls(
    volume: NDArray[Any], title: str, called: Mapping[int, str], settings: TransportSettings
) -> NDArray[np.uint8]:
    """Return where the phases are whose borders with one of them take up current."""
    table = np.zeros(256, np.uint8)
    for number, name in called.items():
        table[number] = name != title and (settings.reacting is None or name in settings.reacting)
    return np.asarray(table[volume])


def _of_electrode(
    title: str,
    classes: NDArray[np.uint8],
    walls: NDArray[np.uint8],
    spacing: Spacing,
    axis: int,
    settings: TransportSettings,
    run: Run,
) -> list[Measure]:
    tail, values = f"_{title}_{AXES[axis]}", (math.nan, math.nan)
    if classes.shape[axis] > 1:
        turn = slice(None, None, -1 if settings.separator == "last" else 1)
        across = tuple(turn if each == axis else slice(None) for each in range(3))
        solved = solve_electrode(
            classes[across],
            walls[across],
            spacing=spacing,
            axis=axis,
            periodic=settings.periodic,
            tolerance=settings.tolerance,
            run=run,
        )
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
    ]
