"""What an inspection finds."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from electrodej.inspection.polarity import Polarity
from electrodej.inspection.scaling import Scaling
from electrodej.vocabulary import Spacing

Severity = Literal["problem", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that was seen.

    Attributes
    ----------
    severity
        "problem": nothing good will come of it; "warning": look at the result; "note": what is done, or good
        to know.
    topic
        One word: grey, polarity, noise, blur, lines, rims, size, model, shape.
    text
        What was seen, and what to do.
    """

    severity: Severity
    topic: str
    text: str

    @property
    def told(self) -> str:
        """The text as a note beside a result."""
        return self.text if self.severity == "note" else f"WARNING: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done with the image before a network sees it.

    Attributes
    ----------
    invert
        Bright becomes dark.
    scale
        The image is enlarged by this, below 1 reduced.
    low, high
        Grey values that become 0 and 1, before inverting.
    bright
        Of these, after inverting, the one that particles have.
    gain
        By what they are multiplied then, for a network that knows particles of one brightness.
    """

    invert: bool = False
    scale: float = 1.0
    low: float = 0.0
    high: float = 1.0
    bright: float = 1.0
    gain: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a scan is like.

    Attributes
    ----------
    shape
        Voxels (z, y, x).
    spacing
        Voxel size (z, y, x) in micrometres, or None where it is not known.
    dtype
        Of its values.
    low, high
        Grey values at 1 and 99.8 %.
    clipped
        Shares of the voxels at the smallest and at the largest grey value.
    levels
        How many different grey values the sample has.
    polarity
        Whether particles are bright or dark, or "unclear".
    evidence
        Logarithm of the odds that particles are bright; see `line_evidence`.
    bright_share
        Share of the bright part.
    contrast
        How far bright and dark lie apart, as a share of the grey range.
    noise
        Its standard deviation, as a share of the grey range.
    snr
        contrast / noise.
    blur
        Full width at half maximum of the point spread, in voxels.
    streaks, rings
        Their standard deviation over that of the noise.
    blank
        Share of the voxels without any structure.
    diameter
        Typical particle diameter in voxels; NaN where nothing stands out.
    shift
        How far grey values are moved from those that the model was trained on, on average; NaN without one.
    findings
        What is to be said, the gravest first.
    scaling
        What the scale goes by.
    plan
        What will be done for the model.
    """

    shape: tuple[int, int, int]
    spacing: Spacing | None
    dtype: str
    low: float
    high: float
    clipped: tuple[float, float]
    levels: int
    polarity: Polarity = "unclear"
    evidence: float = 0.0
    bright_share: float = math.nan
    contrast: float = 0.0
    noise: float = 0.0
    snr: float = 0.0
    blur: float = math.nan
    streaks: float = 0.0
    rings: float = 0.0
    blank: float = 0.0
    diameter: float = math.nan
    shift: float = math.nan
    findings: tuple[Finding, ...] = ()
    scaling: Scaling = field(default_factory=Scaling)
    plan: Plan = field(default_factory=Plan)

    @property
    def warned(self) -> bool:
        """Whether results should not be trusted without a look."""
        return any(finding.severity != "note" for finding in self.findings)

    def as_plain(self) -> dict[str, Any]:
        """Return everything as JSON has it; what is not known is None."""

        def plain(value: Any) -> Any:
            if isinstance(value, float) and not math.isfinite(value):
                return None
            if isinstance(value, dict):
                return {key: plain(each) for key, each in value.items()}
            return [plain(each) for each in value] if isinstance(value, list | tuple) else value

        return {**plain(asdict(self)), "warned": self.warned}
