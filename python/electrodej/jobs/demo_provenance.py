"""How the demo's report was made: models, inputs, versions and commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from electrodej.extras import installed
from electrodej.files.tables import checksum
from electrodej.jobs import demo_stages as stages

if TYPE_CHECKING:
    from electrodej.jobs.demo_stages import Demo, Findings

_NETWORK_PACKAGES = ("tensorflow", "keras", "stardist")


def demo_provenance(demo: Demo, found: Findings) -> dict[str, Any]:
    """Return what the report tells of how it was made, for `ReportContent.provenance`.

    Parameters
    ----------
    demo
        After its stages; the files that they wrote are there.
    found
        What the stages returned; what is known of the table and of the damage comes from there.
    """
    of_table = found.table.provenance
    of_damage: Mapping[str, Any] = {} if found.damage is None else found.damage.provenance
    seeds = {"electrode": demo.seed}
    if of_damage:
        seeds["damage"] = of_damage["parameters"]["seed"]
    models = _models(demo)
    return {
        "seed": seeds,
        **{name: entry for name, entry in of_table.items() if name != "versions"},
        "models": models,
        "inputs": [*_images(demo), *of_damage.get("inputs", ())],
        "versions": {
            **of_table.get("versions", {}),
            **of_damage.get("versions", {}),
            **(installed(_NETWORK_PACKAGES) if models else {}),
        },
        "commands": [stage.command for stage in demo.stages],
    }


def _models(demo: Demo) -> list[dict[str, str]]:
    """The networks that were run; the watershed is none."""
    from electrodej.models.bundled import find_model

    particles = "" if demo.model == stages.WATERSHED else demo.model
    found = (("particles", particles), ("phases", demo.phase_model), ("cracks", demo.crack_model))
    return [
        {"model": model, "finds": what, "checksum": checksum(find_model(model))}
        for what, model in found
        if model
    ]


def _images(demo: Demo) -> list[dict[str, str]]:
    """What was segmented, and the truth that it was compared with."""
    names = (stages.GREY, stages.TRUTH, stages.TRUE_PHASES)
    return [{"file": name, "checksum": checksum(demo.path(name))} for name in names]
