"""The demo's report, and how it says that it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from electrodej.extras import installed
from electrodej.files import checksum
from electrodej.verbs.demo import plan as demo
from electrodej.verbs.demo.plan import Models
from electrodej.verbs.report import ReportOptions
from electrodej.verbs.report.page import Story
from electrodej.verbs.run.chain import Chain
from electrodej.verbs.segment.ways import WATERSHED

_NETWORK_PACKAGES = ("openvino", "tensorflow", "keras", "stardist")
_SYNTHETIC = "The electrode is synthetic: the scores compare what was found with its known truth."


def write_page(chain: Chain, models: Models, *, seed: int) -> None:
    """Write the report from the files of the chain."""
    from electrodej.verbs.report import page

    story = Story(
        stages=[(stage.name, stage.seconds, stage.output) for stage in chain.stages],
        notes=[_SYNTHETIC, *chain.run.notes],
        subtitle="Made, segmented and measured by electrodej demo",
        provenance=provenance(chain, models, seed=seed),
    )
    page.write_page(_options(chain), replace(chain.run, notes=[]), story)


def _options(chain: Chain) -> ReportOptions:
    def there(name: str) -> Any:
        return chain.path(name) if chain.path(name).exists() else None

    phases = there(demo.PHASES)
    scores = (there(name) for name in (demo.SCORE, demo.PHASE_SCORE, demo.CRACK_SCORE))
    return ReportOptions(
        title="A synthetic electrode",
        grey=chain.path(demo.GREY),
        labels=chain.path(demo.LABELS),
        table=chain.path(demo.TABLE),
        phases=phases,
        names=demo.NAMES,
        cracks=there(demo.CRACKS) if phases else None,
        morphology=there(demo.PHASE_TABLE),
        damage=there(demo.DAMAGE),
        scores=tuple(path for path in scores if path is not None),
        out=chain.path(demo.REPORT),
    )


def provenance(chain: Chain, models: Models, *, seed: int) -> dict[str, Any]:
    """Return what no file says of how the report came about, for `Story.provenance`.

    Parameters
    ----------
    chain
        After its stages.
    models
        What was used.
    seed
        Of the electrode.
    """
    networks = _networks(models)
    return {
        "seed": {"electrode": seed},
        "models": networks,
        "network versions": installed(_NETWORK_PACKAGES) if networks else {},
        "truth": [
            {"file": name, "checksum": checksum(chain.path(name))} for name in (demo.TRUTH, demo.TRUE_PHASES)
        ],
        "commands": [stage.command for stage in chain.stages],
    }


def _networks(models: Models) -> list[dict[str, str]]:
    """The networks that were run; the watershed is none."""
    from electrodej.models.bundled import find_model

    return [
        {"model": model, "finds": what, "checksum": checksum(find_model(model))}
        for what, model in vars(models).items()
        if model not in ("", WATERSHED)
    ]
