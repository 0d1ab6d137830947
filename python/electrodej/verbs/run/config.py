"""``run.toml``: every setting of a chain and of its stages, read, and written with what each means."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej import __version__
from electrodej.errors import ElectrodeJError, InputError, one_line
from electrodej.files import whole_file
from electrodej.options import Flag, Option, PathTo
from electrodej.run import Run
from electrodej.verbs import find
from electrodej.verbs.run.chain import is_file
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.verbs.run import RunOptions

StageSettings = Mapping[str, Mapping[str, Any]]

# The verb of each stage; the particles of a volume and those of sections are found in two ways.
VERBS = {
    "volume": "reconstruct",
    "filtering": "filter",
    "particles": "fuse",
    "sections": "segment particles",
    "phases": "segment phases",
    "cracks": "segment phases",
    "table": "measure",
    "morphology": "morphology",
    "damage": "damage",
    "report": "report",
}
# What the chain does otherwise than the verbs by themselves: damage is what particles lack, and 16 bits are
# as many as anything that sees the volume needs.
OTHERWISE: StageSettings = {
    "volume": {"type": "uint16"},
    "particles": {"intact": True},
    "sections": {"intact": True},
}
_MEANS = {
    "volume": "the volume, where projections are given",
    "filtering": "the filters, where the setting filter names some",
    "particles": "the particles of a volume by three views of its sections",
    "sections": "the particles of single sections, and of volumes by a model of volumes or the watershed",
}
# What the chain itself fills, and what makes no sense within it.
_FILLED = ("spacing", "out", "model", "listing", "resume", "names", "rounds", "flat", "steps")
_NOT_KEPT = ("config", "save_config", "resume")
_WIDTH = 110
_LARGEST = 2**24


def stage_options(stage: str) -> dict[str, Option]:
    """Return what can be set of a stage, by name."""
    found = find(VERBS[stage]).options.options()
    return {
        each.name: each
        for each in found
        if not is_file(each) and not each.expert and not each.positional and each.name not in _FILLED
    }


def changed_settings(stage: str, settings: StageSettings) -> list[str]:
    """Return what a configuration says of a stage that is not what would be done without it.

    ``intact`` is left out: every way of finding particles takes it from a table of its own.
    """
    known = stage_options(stage)
    return [
        name
        for name, value in settings.get(stage, {}).items()
        if name != "intact" and (tuple(value) if isinstance(value, list) else value) != known[name].default
    ]


def configured(options: RunOptions) -> tuple[RunOptions, StageSettings]:
    """Return the options with what the configuration says where they say nothing, and the stages' settings.

    Raises
    ------
    electrodej.errors.InputError
        The file cannot be read, or a name or a value in it is wrong.
    """
    if options.config is None:
        return options, {}
    path = Path(options.config)
    values = _read(path)
    stages = {name: value for name, value in values.items() if isinstance(value, dict)}
    own = {name: value for name, value in values.items() if name not in stages}
    _check_names(path, own, stages, options)
    defaults = {each.name: each.default for each in options.options()}
    try:
        known = type(options).from_plain({**own, "config": options.config})
        told = {
            each.name: options.value_of(each)
            for each in options.options()
            if options.value_of(each) != defaults[each.name]
        }
        merged = known.changed(told)
        for stage, settings in stages.items():
            for name, value in settings.items():
                _checked(stage_options(stage)[name], value)
    except ElectrodeJError as error:
        raise InputError(f"{path}: {error}") from error
    return merged, stages


def save_config(path: PathLike, options: RunOptions, stages: StageSettings, run: Run) -> None:
    """Write all settings, each with its help, unit and default; what is not set is a comment."""
    lines = [
        f"# Settings of electrodej run, version {__version__}.",
        "# electrodej run --config FILE takes them; what the command itself says counts more.",
        "",
    ]
    for each in options.options():
        if each.name not in _NOT_KEPT:
            lines += _entry(each, options.value_of(each))
    for stage, verb in VERBS.items():
        lines += [
            "",
            f"# {_MEANS.get(stage, stage)}: electrodej {verb}",
            f"[{stage}]",
        ]
        for name, each in stage_options(stage).items():
            usual = OTHERWISE.get(stage, {}).get(name, each.default)
            lines += _entry(each, stages.get(stage, {}).get(name, usual))
    with whole_file(path, force=run.force) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path} is too large for a file of settings; give another file")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise InputError(
            f"{path} is nested too deeply to be a file of settings; give another file"
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"{path} is no TOML ({one_line(error)}); electrodej run --save-config writes one"
        ) from error


def _check_names(path: Path, own: Mapping[str, Any], stages: StageSettings, options: RunOptions) -> None:
    known = [each.name for each in options.options() if each.name not in _NOT_KEPT]
    _check_known(path, own, known, "")
    _check_known(path, stages, list(VERBS), "table ")
    for stage, settings in stages.items():
        _check_known(path, settings, list(stage_options(stage)), f"[{stage}] ")


def _check_known(path: Path, given: Mapping[str, Any], known: list[str], where: str) -> None:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise InputError(f"{path}: {where}there is no setting {name!r}; {hint}")


def _checked(option: Option, value: Any) -> Any:
    try:
        return option.checked(value)
    except ValueError as error:
        raise InputError(f"{option.name}: {error}") from None


def _entry(option: Option, value: Any) -> Iterator[str]:
    import textwrap

    text = option.help_in_units
    if option.default_text:
        text += f" (default: {option.default_text})"
    elif isinstance(option.kind, Flag):
        text += " (default: false)"
    yield from textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")
    if value is None or (value is option.default and option.required):
        yield f"# {option.name} ="
        return
    yield f"{option.name} = {_toml(_plain(option, value))}"


def _plain(option: Option, value: Any) -> Any:
    if isinstance(option.kind, PathTo) and not option.many:
        return str(value)
    return option.plain(value)


def _toml(value: Any) -> str:
    """Return a value as TOML has it; a text in TOML is one in JSON.

    >>> _toml([True, 0.5, "a\\\\b"])
    '[true, 0.5, "a\\\\\\\\b"]'
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False)
