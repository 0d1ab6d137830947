"""What a person can set, declared once: name, default, unit, bounds, help.

A set of settings is a frozen dataclass whose base is `Settings` and whose fields are made with `option`,
`flag`, `argument` and `nested`. It checks itself when it is made, whoever makes it. The shell's parser and
help, the commands' page, Fiji's dialogs, the JSON beside a result and configuration files are all made from
the same fields.
"""

from electrodej.options.common import as_is, network_scale, output, seed, voxel_size
from electrodej.options.fields import REQUIRED, Option, argument, flag, nested, option, options_of
from electrodej.options.kinds.kind import Flag, Kind, Text, quoted
from electrodej.options.kinds.numbers import Number, Numbers, Whole
from electrodej.options.kinds.places import Address, Image, PathTo, Pattern
from electrodej.options.kinds.sizes import Memory, ShapeOf, SpacingOf
from electrodej.options.kinds.words import Choice, Names
from electrodej.options.settings import Settings

__all__ = [
    "REQUIRED",
    "Address",
    "Choice",
    "Flag",
    "Image",
    "Kind",
    "Memory",
    "Names",
    "Number",
    "Numbers",
    "Option",
    "PathTo",
    "Pattern",
    "Settings",
    "ShapeOf",
    "SpacingOf",
    "Text",
    "Whole",
    "argument",
    "as_is",
    "flag",
    "nested",
    "network_scale",
    "option",
    "options_of",
    "output",
    "quoted",
    "seed",
    "voxel_size",
]
