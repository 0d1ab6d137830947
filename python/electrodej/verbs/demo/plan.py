"""What the demo writes, and what it finds particles, phases and cracks with."""

from __future__ import annotations

from dataclasses import dataclass

GREY, TRUTH, TRUE_PHASES = "phantom/grey.tif", "phantom/labels.tif", "phantom/phases.tif"
LABELS, TABLE, CONTACTS = "particles.tif", "particles.csv", "particles_contacts.csv"
PHASES, PHASE_TABLE, CRACKS = "phases.tif", "phases.csv", "cracks.tif"
DAMAGE, SCORE, REPORT = "damage", "score.json", "report.html"
PHASE_SCORE, CRACK_SCORE = "score_phases.json", "score_cracks.json"
OUTPUTS = (
    "phantom",
    LABELS,
    PHASES,
    CRACKS,
    TABLE,
    PHASE_TABLE,
    DAMAGE,
    SCORE,
    PHASE_SCORE,
    CRACK_SCORE,
    REPORT,
)
PARTICLE_MODEL, PHASE_MODEL, CRACK_MODEL = "nmc-particles-3d", "nmc-phases", "nmc-cracks"
# What the phantom calls its phases; the network is not taught to tell cracks from what lies beside them.
NAMES = ("pore", "binder", "particle")
CRACK = 3


@dataclass(frozen=True)
class Models:
    """What finds particles, phases and cracks; "" where nothing does."""

    particles: str
    phases: str
    cracks: str
