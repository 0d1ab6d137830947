"""What of the bundled models goes into a wheel: each set of weights once, as the zip that every door reads.

The Keras files, from which the zips were made, stay in the repository and the source distribution;
`electrodej.models.zip_weights` takes the weights out of a zip where somebody trains a model further.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SAME_WEIGHTS = (".keras", ".h5")
# How a model was trained, and its card with the images that prove it, are read in the repository.
LEFT = ("curves.png", "history.csv", "model.rdf.yaml", "model.test-input.npy", "model.test-output.npy")


class BundledModels(BuildHookInterface):
    """Put the models into ``electrodej/models/weights``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name each file; an editable installation reads them where they lie."""
        if version == "editable":
            return
        models = Path(self.root) / "models"
        for path in sorted(models.glob("*/*")):
            same = path.suffix in SAME_WEIGHTS and (path.parent / "model.zip").is_file()
            if not same and path.name not in LEFT:
                place = f"electrodej/models/weights/{path.relative_to(models).as_posix()}"
                build_data["force_include"][str(path)] = place
