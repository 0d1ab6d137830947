"""A verb's parser, made from its declaration."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from electrodej.options import Address, Flag, Kind, Memory, Option, Whole
from electrodej.run import Run
from electrodej.verb import Group, RunOption, Verb
from electrodej.verbs import members

_COMMON = "common options"
# These stand under the common options, wherever a verb declares them.
_COMMON_OPTIONS = ("spacing", "out", "seed")
_RUN: dict[RunOption, tuple[Kind, str, str]] = {
    "force": (Flag(), "replace an output that exists", ""),
    "jobs": (Whole(1, what="a number of jobs"), "how many cores to use", "all"),
    "memory": (Memory(), "how much memory to use at most, e.g. 4GiB", ""),
    "scheduler": (Address(), "work on this Dask cluster, e.g. tcp://head-node:8786", ""),
}


class WrongUsage(Exception):
    """The words on the command line make no sense; carries what is shown and the reason in one line."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(reason)
        self.text, self.reason = text, reason


class Parser(argparse.ArgumentParser):
    """Leaves it to `electrodej.cli.program` to say what is wrong, because with --json that is said twice."""

    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{self.format_usage()}{self.prog}: error: {message}\n", " ".join(message.split()))


def make_parser(found: Verb | Group) -> argparse.ArgumentParser:
    """Return the parser of a verb, or of a group with its verbs inside.

    What it parses has the attribute ``verb``, and what was given as ``option:NAME`` and ``run:NAME``.
    """
    parser = Parser(prog=f"electrodej {found.name}", **_described(found))
    if isinstance(found, Verb):
        _fill(parser, found)
        return parser
    kinds = parser.add_subparsers(dest="kind", metavar=found.title.upper(), required=True, title=found.title)
    for word, verb in members(found).items():
        _fill(kinds.add_parser(word, help=verb.summary, **_described(verb)), verb)
    return parser


def given_options(parsed: argparse.Namespace) -> Mapping[str, Any]:
    """Return the values of the verb's options that were given, by name."""
    return _with_prefix(parsed, "option:")


def given_run(parsed: argparse.Namespace) -> Mapping[str, Any]:
    """Return what was said of the run, by the names of `electrodej.run.Run`."""
    return _with_prefix(parsed, "run:")


def _with_prefix(parsed: argparse.Namespace, prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): tuple(value) if isinstance(value, list) else value
        for name, value in vars(parsed).items()
        if name.startswith(prefix)
    }


def _described(found: Verb | Group) -> dict[str, Any]:
    return {
        "description": found.help,
        "epilog": f"example:\n  {found.example}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }


def _fill(parser: argparse.ArgumentParser, verb: Verb) -> None:
    parser.set_defaults(verb=verb)
    groups: dict[str, Any] = {"": parser}
    shown = [each for each in verb.options.options() if not each.expert]
    common = [each for each in shown if _is_common(each)]
    for each in shown:
        if each not in common:
            if each.group not in groups:
                groups[each.group] = parser.add_argument_group(each.group)
            _add(groups[each.group], each)
    group = parser.add_argument_group(_COMMON)
    for each in sorted(common, key=lambda option: _COMMON_OPTIONS.index(option.name)):
        _add(group, each)
    for name in verb.takes:
        kind, words, usual = _RUN[name]
        _add(group, Option(name, kind, words, default=None, usual=usual), prefix="run:")
    group.add_argument("--json", action="store_true", help="print one JSON object on stdout, nothing else")
    group.add_argument("--quiet", action="store_true", help="no progress and no notes")
    group.add_argument("--debug", action="store_true", help="show warnings, and where an error came from")


def _is_common(option: Option) -> bool:
    return option.name in _COMMON_OPTIONS and not option.positional and not option.group


def _add(group: Any, option: Option, *, prefix: str = "option:") -> None:
    about: dict[str, Any] = {"help": _help_of(option), "default": argparse.SUPPRESS}
    if isinstance(option.kind, Flag):
        group.add_argument(option.flag, dest=prefix + option.name, action="store_true", **about)
        return
    about |= {"type": _reader(option.kind), "metavar": option.kind.metavar}
    if option.positional:
        about["metavar"] = (option.word or option.name).upper()
        if option.many:
            about["nargs"] = "+" if option.required else "*"
        elif not option.required:
            about["nargs"] = "?"
        group.add_argument(prefix + option.name, **about)
        return
    if option.many:
        about["action"] = "append"
    group.add_argument(option.flag, dest=prefix + option.name, **about)


def _help_of(option: Option) -> str:
    more = " (required)" if option.required and not option.positional else ""
    if option.default_text:
        more = f" (default: {option.default_text})"
    # A percent sign means something to argparse.
    return f"{option.help_in_units}{more}".replace("%", "%%")


def _reader(kind: Kind) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return kind.read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def parse(found: Verb | Group, words: Sequence[str]) -> argparse.Namespace:
    """Parse the words after a verb's first word.

    Raises
    ------
    WrongUsage
        They make no sense.
    """
    return make_parser(found).parse_args(list(words))


def run_of(parsed: argparse.Namespace, **more: Any) -> Run:
    """Return the run that was asked for."""
    return Run(**given_run(parsed), **more)
