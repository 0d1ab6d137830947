"""The base of everything that can be set."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, Self

from electrodej.errors import InputError
from electrodej.options.fields import Option, options_of


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings that check themselves when they are made, and travel as plain values.

    Examples
    --------
    >>> from electrodej.options import Number, Whole, option
    >>> @dataclasses.dataclass(frozen=True, kw_only=True)
    ... class Ball(Settings):
    ...     radius: float = option(0.7, Number(0), "its radius", unit="um")
    ...     steps: int = option(3, Whole(1), "how often")
    >>> Ball(radius=1)
    Ball(radius=1.0, steps=3)
    >>> Ball(radius=-1)
    Traceback (most recent call last):
    electrodej.errors.InputError: radius: '-1' is not possible; give a number from 0
    >>> Ball.from_plain({"radius": 2.0, "step": 4})
    Traceback (most recent call last):
    electrodej.errors.InputError: there is no setting 'step'; did you mean 'steps'?
    >>> Ball.from_plain(Ball(steps=5).as_plain()) == Ball(steps=5)
    True
    """

    def __post_init__(self) -> None:
        for each in self._own_options():
            try:
                value = each.checked(getattr(self, each.name))
            except ValueError as error:
                raise InputError(f"{each.name}: {error}") from None
            object.__setattr__(self, each.name, value)
        self.check()

    def check(self) -> None:
        """Refuse values that do not go together; a class that has such says so here."""

    @classmethod
    def options(cls) -> tuple[Option, ...]:
        """Return what can be set, in the order of the fields."""
        return options_of(cls)

    @classmethod
    def _own_options(cls) -> tuple[Option, ...]:
        return tuple(each for each in cls.options() if not each.place)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """Make settings of plain values by name, as JSON and configuration files have them.

        The options of nested settings stand beside the others.

        Raises
        ------
        electrodej.errors.InputError
            A name is none of the settings', or a value is not allowed.
        """
        known = {each.name: each for each in cls.options()}
        for name in values:
            if name not in known:
                near = difflib.get_close_matches(str(name), list(known), n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
                raise InputError(f"there is no setting {name!r}; {hint}")
        return cls._made({known[name]: value for name, value in values.items()})

    @classmethod
    def _made(cls, values: Mapping[Option, Any], depth: int = 0) -> Self:
        """Make settings of values by option, at some depth of nesting."""
        here: dict[str, Any] = {}
        inner: dict[str, dict[Option, Any]] = {}
        for each, value in values.items():
            if len(each.place) > depth:
                inner.setdefault(each.place[depth], {})[each] = value
            else:
                here[each.name] = value
        kinds = {each.name: each for each in dataclasses.fields(cls)}
        for name, some in inner.items():
            factory: Any = kinds[name].default_factory
            here[name] = factory._made(some, depth + 1)
        return cls(**here)

    def value_of(self, option: Option) -> Any:
        """Return the value of an option, which may lie in nested settings."""
        owner: Any = self
        for name in option.place:
            owner = getattr(owner, name)
        return getattr(owner, option.name)

    def as_plain(self) -> dict[str, Any]:
        """Return all values by name, as JSON has them."""
        return {each.name: each.plain(self.value_of(each)) for each in self.options()}

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return the same settings with some values changed, by name."""
        return self.from_plain({**self._values(), **changes})

    def _values(self) -> dict[str, Any]:
        return {each.name: self.value_of(each) for each in self.options()}
