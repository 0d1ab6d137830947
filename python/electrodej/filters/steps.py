"""All steps by name, and how a chain of them is written: ``median:radius=0.1um,nlm:strength=1n``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from electrodej.errors import InputError
from electrodej.filters.backgrounds import Background, Clahe, Normalise, Radial
from electrodej.filters.edges import Bilateral, Diffusion, NonLocal, TotalVariation
from electrodej.filters.lines import Rings, Stripes
from electrodej.filters.smooth import Gaussian, Median, Unsharp
from electrodej.filters.step import Step
from electrodej.options import Kind, quoted

STEPS: dict[str, type[Step]] = {
    step.name: step
    for step in (
        NonLocal,
        Median,
        Gaussian,
        Bilateral,
        Diffusion,
        TotalVariation,
        Unsharp,
        Rings,
        Stripes,
        Radial,
        Background,
        Normalise,
        Clahe,
    )
}


def read_steps(text: str) -> tuple[Step, ...]:
    """Return the steps that a text says.

    Raises
    ------
    electrodej.errors.InputError
        There is no such step, or it has no such parameter, or a value is not allowed.

    Examples
    --------
    >>> [step.name for step in read_steps("median:radius=2px,nlm")]
    ['median', 'nlm']
    >>> read_steps("meidan")
    Traceback (most recent call last):
    electrodej.errors.InputError: there is no filter 'meidan'; did you mean 'median'?
    """
    parts = [part.strip() for part in text.split(",")]
    if not any(parts):
        raise InputError(f"no filter is named; there are {', '.join(STEPS)}")
    if not all(parts):
        raise InputError(
            f"{quoted(text)} has nothing between two commas, or before or after one; take it away"
        )
    return tuple(map(_read, parts))


def _read(text: str) -> Step:
    name, *rest = (part.strip() for part in text.split(":"))
    if name not in STEPS:
        near = difflib.get_close_matches(name, STEPS, n=1)
        raise InputError(
            f"there is no filter {quoted(name)}; "
            + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(STEPS)}")
        )
    kinds = {each.name: each.kind for each in STEPS[name].options()}
    values: dict[str, Any] = {}
    for part in rest:
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign:
            raise InputError(
                f"{name}: {quoted(part)} has no value; write it like {name}:{next(iter(kinds))}=..."
            )
        if key in values:
            raise InputError(f"{name}: {key} is given twice; give it once")
        try:
            values[key] = kinds[key].read(value) if key in kinds else value
        except ValueError as error:
            raise InputError(f"{name}: {key}: {error}") from None
    try:
        return STEPS[name].from_plain(values)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


@dataclass(frozen=True)
class Steps(Kind):
    """A chain of filters, as text or as `Step` objects."""

    metavar: str = "STEPS"

    def check(self, value: Any) -> tuple[Step, ...]:
        if isinstance(value, Step):
            return (value,)
        if isinstance(value, Iterable) and not isinstance(value, str):
            return tuple(step for each in value for step in self.check(each))
        if not isinstance(value, str):
            raise ValueError(f"{quoted(value)} are no filters; write them like median:radius=2px,nlm")
        try:
            return read_steps(value)
        except InputError as error:
            raise ValueError(str(error)) from None

    def plain(self, value: Any) -> Any:
        return self.shown(value)

    def shown(self, value: Any) -> str:
        return value if isinstance(value, str) else ",".join(step.text for step in value)
