"""What filters do to the middle slice, in numbers and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.run import Run
    from electrodej.verbs.filter import FilterOptions
    from electrodej.volume import Volume


def write_preview(volume: Volume, options: FilterOptions, run: Run) -> dict[str, Any]:
    """Filter the middle slice, draw it before and after, and return the noise and the contrast of both."""
    from electrodej.files import whole_file
    from electrodej.filters import filtered, noise_level
    from electrodej.inspection import contrast_of
    from electrodej.report.filters import draw_filtered

    assert options.preview is not None
    middle = volume.shape[0] // 2
    before = volume[middle].astype("float32")
    after = filtered(volume, options.steps, flat=options.slices)[middle]
    numbers: dict[str, Any] = {}
    for name, image in (("before", before), ("after", after)):
        noise, (contrast, _) = noise_level(image), contrast_of(image)
        numbers[f"noise_{name}"] = noise
        numbers[f"contrast_{name}"] = contrast
        numbers[f"snr_{name}"] = contrast / noise if noise > 0 else None
    drawing = draw_filtered(
        before,
        after,
        numbers,
        steps=", ".join(step.text for step in options.steps),
        spacing=volume.require_spacing(),
    )
    with whole_file(options.preview, force=run.force) as part:
        Path(part).write_bytes(drawing.png)
    return numbers
