"""The figures of a training, epoch by epoch: kept, written as CSV and drawn."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from electrodej.files import whole_file

# Of what the networks tell, what says at a glance how a training goes.
TITLES = {
    "loss": "loss (less is better)",
    "accuracy": "share of pixels that are right",
    "dist_dist_iou_metric": "overlap of outlines with the truth (IoU)",
}
_PANELS = 3
# Epochs up to which each is a dot.
_FEW = 30


@dataclass
class History:
    """What the training told of each epoch.

    Examples
    --------
    >>> history = History()
    >>> history.add({"loss": 0.5, "val_loss": 0.6})
    >>> history.add({"loss": 0.25, "val_loss": 0.4})
    >>> history.column("val_loss")
    [0.6, 0.4]
    """

    rows: list[dict[str, float]] = field(default_factory=list)

    def add(self, figures: Mapping[str, float]) -> None:
        """Note an epoch."""
        self.rows.append({name: float(value) for name, value in figures.items()})

    @property
    def names(self) -> list[str]:
        """The figures, in the order in which they came up."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def column(self, name: str) -> list[float]:
        """Return one figure over the epochs that have it."""
        return [row[name] for row in self.rows if name in row]


def write_history(path: Path, history: History) -> None:
    """Write one row for each epoch, counted from 1."""
    names = history.names
    with whole_file(path, force=True) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["epoch", *names])
        for number, row in enumerate(history.rows, 1):
            writer.writerow([number, *(repr(row[name]) if name in row else "" for name in names)])


def draw_curves(path: Path, history: History, *, monitor: str, best: int = 0) -> None:
    """Draw the loss and the score over the epochs as a PNG, and where the network was ``best``.

    All other figures stand in the CSV.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    groups = dict.fromkeys(name.removeprefix("val_") for name in history.names)
    shown = [name for name in groups if name in TITLES or name == monitor.removeprefix("val_")]
    shown = sorted(shown or list(groups)[:1], key=lambda name: name != "loss")[:_PANELS]
    figure = Figure(figsize=(5 * max(1, len(shown)), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for index, group in enumerate(shown, 1):
        axes = figure.add_subplot(1, len(shown), index)
        for name, label in ((group, "training"), (f"val_{group}", "held out")):
            epochs = [number for number, row in enumerate(history.rows, 1) if name in row]
            if epochs:
                axes.plot(epochs, history.column(name), marker="." if len(epochs) < _FEW else "", label=label)
        if 0 < best <= len(history.rows):
            axes.axvline(best, color="grey", linestyle=":", label=f"best, epoch {best}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("epoch")
        axes.set_title(TITLES.get(group, group.replace("_", " ")))
        axes.grid(alpha=0.3)
        axes.legend()
    with whole_file(path, force=True) as part:
        figure.savefig(part, dpi=110, format="png", metadata={"Software": None})
