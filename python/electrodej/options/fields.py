"""How an option is declared in a `Settings` class, and how a class is asked for its options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from electrodej.options.kinds.kind import Flag, Kind

_KEY = "electrodej"
# The default of an option that has none.
REQUIRED = MISSING


@dataclass(frozen=True)
class Option:
    """One thing that a person can set.

    Attributes
    ----------
    name
        Of the field, and so in Python, JSON and configuration files.
    kind
        What it holds.
    help
        What it is for: a phrase that starts in lower case and has no full stop.
    default
        What holds where nobody says anything; `REQUIRED` where somebody must.
    unit
        Of the number, "um" for instance.
    word
        What it is called in the shell, where that is not its name; with ``positional`` its metavar.
    usual
        What the help says of the default where its value says little: "all cores".
    group
        The heading it stands under.
    positional
        Whether it is given without its name.
    many
        Whether it may be given again; its value is a tuple.
    title
        What a dialog calls it, where that is not the name in words.
    advanced
        Whether a dialog keeps it folded away.
    expert
        Whether it is for Python and configuration files only, and stands in no help and no dialog.
    place
        Names of the nested settings it lies in, from the outside.
    """

    name: str
    kind: Kind
    help: str
    default: Any
    unit: str = ""
    word: str = ""
    usual: str = ""
    group: str = ""
    positional: bool = False
    many: bool = False
    title: str = ""
    advanced: bool = False
    expert: bool = False
    place: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is REQUIRED

    @property
    def flag(self) -> str:
        """The option in the shell: ``--exclude-border``."""
        return "--" + (self.word or self.name).replace("_", "-")

    @property
    def default_text(self) -> str:
        """What the help says of the default, or nothing."""
        if self.usual:
            return self.usual
        if self.required or self.default is None or self.default in ((), "", False):
            return ""
        text = f"{self.default:g}" if isinstance(self.default, float) else self.kind.shown(self.default)
        return f"{text} {self.unit}".rstrip()

    @property
    def help_in_units(self) -> str:
        """The help, with the unit where the default does not tell it."""
        told = not self.unit or self.default_text.endswith(self.unit)
        return self.help if told else f"{self.help}, in {self.unit}"

    def checked(self, value: Any) -> Any:
        """Return a value if it is allowed; None stands for none where that is the default."""
        if value is None and (self.default is None or self.required):
            return None
        if not self.many:
            return self.kind.check(value)
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            value = (value,)
        return tuple(self.kind.check(each) for each in value)

    def plain(self, value: Any) -> Any:
        """Return a value as JSON has it."""
        if value is None:
            return None
        return [self.kind.plain(each) for each in value] if self.many else self.kind.plain(value)


def option(default: Any, kind: Kind, help: str, **more: Any) -> Any:
    """Declare an option that has a default; ``more`` as `Option` has it."""
    return _declared(default, kind, help, more)


def flag(help: str, **more: Any) -> Any:
    """Declare something that is off unless it is asked for."""
    return _declared(False, Flag(), help, more)


def argument(kind: Kind, help: str, *, default: Any = REQUIRED, **more: Any) -> Any:
    """Declare what is given without a name, in the order of the fields."""
    return _declared(default, kind, help, {"positional": True, **more})


def nested(settings: type[Any]) -> Any:
    """Declare a field that holds other settings, whose options stand beside the class's own."""
    return field(default_factory=settings, metadata={_KEY: settings})


def _declared(default: Any, kind: Kind, help: str, more: dict[str, Any]) -> Any:
    about = {"kind": kind, "help": help, **more}
    if isinstance(default, list | dict):
        raise TypeError("a default that can change would be shared; give a tuple")
    return field(default=default, metadata={_KEY: about})


def options_of(settings: type[Any]) -> tuple[Option, ...]:
    """Return the options of a class, those of nested settings in their place."""
    return tuple(_walk(settings, ()))


def _walk(settings: type[Any], place: tuple[str, ...]) -> Iterator[Option]:
    for each in fields(settings):
        about = each.metadata.get(_KEY)
        if isinstance(about, type):
            yield from _walk(about, (*place, each.name))
        elif about is not None:
            yield Option(each.name, default=each.default, place=place, **about)
