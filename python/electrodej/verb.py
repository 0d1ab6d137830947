"""What a verb is: its options, its work and what comes of it, declared once for every door.

From a `Verb` come the shell's parser and help, the commands' page, the settings beside a result, the task of
the Fiji worker and the Fiji menu command.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from electrodej.errors import UsageError
from electrodej.options import Flag, Option, Settings
from electrodej.run import Run
from electrodej.vocabulary import PathLike

RunOption = Literal["force", "jobs", "memory", "scheduler"]


@dataclass(frozen=True)
class Outcome:
    """What a verb did.

    Attributes
    ----------
    numbers
        What was found, as ``--json`` prints it and Python gets it.
    text
        The same for a person to read.
    files
        What was written, by its role ("labels", "table"), the main file first.
    failure
        Why the answer is no, where it is: the work was done, and a shell is to see exit code 1.
    result
        What Python works on with: the table or the study itself.
    """

    numbers: Mapping[str, Any]
    text: str = ""
    files: Mapping[str, PathLike] = field(default_factory=dict)
    failure: str = ""
    result: Any = None


# Of the models that a dialog offers, the one that the verb chooses for itself.
AUTOMATIC = "automatic"


@dataclass(frozen=True)
class Menu:
    """How a verb stands in Fiji's menu Plugins > ElectrodeJ.

    Attributes
    ----------
    title
        Name of the command.
    fields
        Names of the options that its dialog has, in this order. The others keep their defaults.
    further
        Names of those that stand behind them under a heading of their own.
    models
        Bundled models that ``model`` offers, or `AUTOMATIC`; any other one is chosen by its file.
    needs
        Names of the fields that Fiji cannot do without, though a shell can.
    files
        Names of the images that are given by their files only, and may be left out.
    shows
        What the file in ``--out`` holds, which decides how it is opened: "labels", "phases", "image",
        "table", or "folder" for nothing that ImageJ opens.
    plots
        Names of the tables beside the result whose curves are drawn.
    names
        What a field is called in macros, where that is not the option's name in camel case.
    defaults
        What stands in a field at first, where that is not the option's default.
    plugin
        Name of the door's part that can do the work with a Fiji plugin instead of Python; "" for none.
    """

    title: str
    fields: tuple[str, ...]
    further: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    shows: Literal["labels", "phases", "image", "table", "folder"] = "folder"
    plots: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    plugin: str = ""


@dataclass(frozen=True)
class Verb:
    """One thing that ElectrodeJ does.

    Attributes
    ----------
    name
        As it is typed: "measure", or "segment particles" for one of a group.
    summary
        What it does, in a phrase.
    help
        The text above its options.
    example
        A command that works.
    options
        The class of its options. The option ``out`` is what it writes, ``spacing`` a voxel size that
        overrides the file's, ``seed`` where chance plays.
    work
        Does it.
    takes
        Which options of every `Run` mean something to it.
    menu
        Its place in Fiji's menu; None for none.
    """

    name: str
    summary: str
    help: str
    example: str
    options: type[Settings]
    work: Callable[[Any, Run], Outcome]
    takes: tuple[RunOption, ...] = ()
    menu: Menu | None = None

    def run(self, options: Settings, run: Run | None = None) -> Outcome:
        """Do it, once it is sure that nothing is missing."""
        self.require(options)
        return self.work(options, run or Run())

    def require(self, options: Settings) -> None:
        """Raise `electrodej.errors.UsageError` where something that has no default was not given."""
        for each in self.options.options():
            if each.required and options.value_of(each) is None:
                raise self.missing(each)

    def command(self, options: Settings) -> str:
        """Return the words that do the same in a shell; what has its default is left out.

        What the shell cannot be given, an array for one, shows as its name.
        """
        positional: list[str] = []
        named: list[str] = []
        shown = sorted(self.options.options(), key=lambda each: each.name == "out")
        for each in shown:
            value = options.value_of(each)
            if value is None or value == each.default:
                continue
            texts = [each.kind.shown(one) for one in (value if each.many else (value,))]
            if each.positional:
                positional += texts
            elif isinstance(each.kind, Flag):
                named.append(each.flag)
            else:
                named += [word for text in texts for word in (each.flag, text)]
        return shlex.join(["electrodej", *self.name.split(), *positional, *named])

    def missing(self, option: Option) -> UsageError:
        """Return the error that names what was not given."""
        name = (option.word or option.name).upper() if option.positional else option.flag
        return UsageError(f"{name} is missing: {option.help}; e.g. {self.example}")

    def make(self, **values: Any) -> Settings:
        """Return options by name; what is not given keeps its default, and what has none is None."""
        given = {each.name: None for each in self.options.options() if each.required} | values
        return self.options.from_plain(given)


@dataclass(frozen=True)
class Group:
    """Verbs that share their first word.

    Attributes
    ----------
    name
        That word.
    summary, help, example
        As a verb has them.
    members
        The second words, in the order a person meets them; each is a module of the group's package.
    title
        What stands above its verbs in the help.
    """

    name: str
    summary: str
    help: str
    example: str
    members: tuple[str, ...]
    title: str = "kinds"


def camel(name: str) -> str:
    """Return a name as Java has it.

    >>> camel("exclude_border")
    'excludeBorder'
    """
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
