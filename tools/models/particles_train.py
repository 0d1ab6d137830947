"""A recipe for `nmc-particles`: train its network on sections for so many seconds, without TensorFlow.

`particles.py --prepare` leaves in its working folder the sections and ``start.keras``, the network as it is;
this trains it with the Keras backend that ``KERAS_BACKEND`` names and leaves ``weights.npz`` and
``history.csv``; `particles.py --weights` finishes the model, where there is TensorFlow. On a graphics card:

    export KERAS_BACKEND=jax PYTHONPATH=python
    python tools/models/particles_train.py --work /some/folder --out trained --seconds 300
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import tifffile

sys.path.insert(0, str(Path(__file__).parent))

import by_the_clock
from particles import CLOCKED, SECTIONS, START

from electrodej.models.grey import normalise
from electrodej.networks.stardist.patches import Example, training_patches, without_small


def main() -> None:
    """Train until the time is over, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where the sections and the network are")
    parser.add_argument("--out", type=Path, required=True, help="where the weights are put")
    parser.add_argument("--seconds", type=float, default=300.0, help="of training")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    import keras

    keras.utils.set_random_seed(CLOCKED.seed)
    network = keras.saving.load_model(options.work / START, compile=False)
    # One step an epoch, so that the number of the step decides what it gets.
    settings = CLOCKED.changed({"steps": 1})
    examples = read_examples(options.work / SECTIONS)
    print(f"{len(examples)} sections", flush=True)

    def batch(step: int) -> by_the_clock.Batch:
        return training_patches(examples, settings, epoch=step)[0]  # type: ignore[no-any-return] # Keras's

    by_the_clock.compile_network(network, batch(0))
    by_the_clock.train(
        network, batch, options.out, seconds=options.seconds, learning_rate=settings.learning_rate
    )


def read_examples(folder: Path) -> list[Example]:
    """Read sections as `sections.write_sections` leaves them, as they are trained on."""
    return [
        Example(
            path.stem,
            normalise(np.asarray(tifffile.imread(path)), CLOCKED.percentiles),
            without_small(tifffile.imread(folder / "masks" / path.name), CLOCKED.least_diameter),
        )
        for path in sorted((folder / "images").glob("*.tif"))
    ]


if __name__ == "__main__":
    main()
