"""The verbs, in the order a person meets them. A verb's module is imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from typing import Any, Protocol, cast

from electrodej.cli.context import Context

SUMMARIES: dict[str, str] = {
    "demo": "run the whole chain on a synthetic electrode and write a report",
    "phantom": "make a synthetic cathode with known truth",
    "train": "train a network on annotated images",
    "segment": "find particles, phases or cracks in a grey volume",
    "fuse": "find 3D particles from the three views of a volume",
    "link": "link the labels of single slices to 3D labels",
    "measure": "measure every particle: 21 attributes, damage and more",
    "morphology": "measure phases, and how far versions of their labels differ",
    "damage": "explain the damage of the particles, and compare electrodes",
    "score": "compare a segmentation with the truth",
    "export": "write a trained model as a zip for Fiji's plugins",
    "verify": "prove that a zip runs in Fiji",
    "fiji": "put ElectrodeJ into a Fiji, or say what is missing there",
    "doctor": "say what is installed and what a missing piece disables",
}


class Verb(Protocol):
    """What the module of a verb has.

    `HELP` is the text above the options and `EXAMPLE` a command that works. `run` does the work through
    one library function and returns what ``--json`` prints.
    """

    HELP: str
    EXAMPLE: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, options: argparse.Namespace, context: Context) -> Mapping[str, Any]: ...


def load(name: str) -> Verb:
    """Import the module of a verb."""
    return cast(Verb, importlib.import_module(f"electrodej.cli.{name}"))
