"""The demo's report, and how it says that it was made."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from electrodej.extras import installed
from electrodej.files.tables import checksum
from electrodej.verbs.demo import chain as demo
from electrodej.verbs.demo.chain import Findings, Models
from electrodej.verbs.demo.stages import Chain

if TYPE_CHECKING:
    from electrodej.report import Section

_NETWORK_PACKAGES = ("tensorflow", "keras", "stardist")


def write_page(chain: Chain, models: Models, found: Findings, *, seed: int) -> None:
    """Write the report."""
    from electrodej.report import ReportContent, write_report
    from electrodej.volume import open_volume

    with open_volume(chain.path(demo.GREY)) as grey, open_volume(chain.path(demo.LABELS)) as labels:
        content = ReportContent(
            title="A synthetic electrode",
            subtitle="Made, segmented and measured by electrodej demo",
            grey=grey,
            labels=labels,
            spacing=grey.require_spacing(),
            table=found.table.columns,
            units=found.table.units,
            definitions=found.table.definitions,
            scores=found.scores,
            stages=[(stage.name, stage.seconds, stage.output) for stage in chain.stages],
            provenance=provenance(chain, models, found, seed=seed),
            sections=_sections(chain, models, found),
            notes=[
                "The electrode is synthetic: the scores compare what was found with its known truth.",
                *chain.run.notes,
                *found.table.notes,
            ],
        )
        write_report(chain.path(demo.REPORT), content, force=chain.run.force, progress=chain.run.progress)


def provenance(chain: Chain, models: Models, found: Findings, *, seed: int) -> dict[str, Any]:
    """Return what the report tells of how it was made, for `ReportContent.provenance`.

    Parameters
    ----------
    chain
        After its stages; the files that they wrote are there.
    models
        What was used.
    found
        What the stages found; what is known of the table and of the damage comes from there.
    seed
        Of the electrode.
    """
    of_table = found.table.provenance
    of_damage: Mapping[str, Any] = {} if found.damage is None else found.damage.provenance
    seeds = {"electrode": seed}
    if of_damage:
        seeds["damage"] = of_damage["parameters"]["seed"]
    networks = _networks(models)
    return {
        "seed": seeds,
        **{name: entry for name, entry in of_table.items() if name != "versions"},
        "models": networks,
        "inputs": [*_images(chain), *of_damage.get("inputs", ())],
        "versions": {
            **of_table.get("versions", {}),
            **of_damage.get("versions", {}),
            **(installed(_NETWORK_PACKAGES) if networks else {}),
        },
        "commands": [stage.command for stage in chain.stages],
    }


def _networks(models: Models) -> list[dict[str, str]]:
    """The networks that were run; the watershed is none."""
    from electrodej.networks.bundled import find_model

    return [
        {"model": model, "finds": what, "checksum": checksum(find_model(model))}
        for what, model in vars(models).items()
        if model not in ("", demo.WATERSHED)
    ]


def _images(chain: Chain) -> list[dict[str, str]]:
    """What was segmented, and the truth that it was compared with."""
    names = (demo.GREY, demo.TRUTH, demo.TRUE_PHASES)
    return [{"file": name, "checksum": checksum(chain.path(name))} for name in names]


def _sections(chain: Chain, models: Models, found: Findings) -> list[Section]:
    sections: list[Section] = []
    if found.damage is not None:
        sections += found.damage.sections()
    if found.cracks is not None:
        sections.append(found.cracks.section())
    if models.phases:
        sections.append(_phase_section(chain, found))
    return sections


def _phase_section(chain: Chain, found: Findings) -> Section:
    from electrodej.report.phase_sections import phase_section
    from electrodej.volume import open_volume

    described = json.loads(chain.path(demo.PHASE_TABLE).with_suffix(".json").read_text("utf-8"))["columns"]
    with contextlib.ExitStack() as stack:

        def middle(name: str) -> Any:
            volume = stack.enter_context(open_volume(chain.path(name)))
            z = volume.shape[0] // 2
            return volume[z : z + 1, :, :][0], volume.require_spacing()

        grey, spacing = middle(demo.GREY)
        return phase_section(
            grey,
            middle(demo.PHASES)[0],
            names=demo.NAMES,
            measures={
                name: (found.phase_measures[name], about["unit"], about["definition"])
                for name, about in described.items()
                if name in found.phase_measures
            },
            spacing=spacing[1:],
            cracks=middle(demo.CRACKS)[0] > 0,
            note=_phase_note(found),
        )


def _phase_note(found: Findings) -> str:
    """Say how right the phases and cracks are."""
    if found.phase_scores is None or found.crack_scores is None:
        return ""
    words = ", ".join(f"{entry['iou']:.2f} for {entry['name']}" for entry in found.phase_scores["classes"])
    dice = found.crack_scores["classes"][-1]["dice"]
    return (
        f"Against the known truth: intersection over union {words}; Dice coefficient {dice:.2f} for cracks."
    )
