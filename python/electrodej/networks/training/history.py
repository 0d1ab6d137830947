"""The figures of a training, epoch by epoch: kept, written as CSV and drawn."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from electrodej.files import whole_file


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


def draw_curves(path: Path, history: History, *, monitor: str) -> None:
    """Draw each figure and its ``val_`` partner over the epochs as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups: dict[str, list[str]] = {}
    for name in history.names:
        if name != "learning_rate":
            groups.setdefault(name.removeprefix("val_"), []).append(name)
    figure = Figure(figsize=(5 * max(1, len(groups)), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for index, (group, names) in enumerate(groups.items(), 1):
        axes = figure.add_subplot(1, len(groups), index)
        for name in names:
            epochs = [number for number, row in enumerate(history.rows, 1) if name in row]
            marker = "." if len(epochs) < 30 else ""
            label = "held out" if name.startswith("val_") else "training"
            axes.plot(epochs, history.column(name), marker=marker, label=label)
        values = [value for name in names for value in history.column(name)]
        if group == monitor.removeprefix("val_") and values and min(values) > 0:
            axes.set_yscale("log")
        axes.set_xlabel("epoch")
        axes.set_title(group.replace("_", " "))
        axes.grid(alpha=0.3)
        axes.legend()
    with whole_file(path, force=True) as part:
        figure.savefig(part, dpi=110, format="png", metadata={"Software": None})
