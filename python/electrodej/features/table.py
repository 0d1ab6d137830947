"""The table that comes out."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodej.extras import data_frame
from electrodej.features.shown import shown_html, shown_text
from electrodej.features.typing import Array
from electrodej.vocabulary import PathLike, counted

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, repr=False)
class FeatureTable:
    """One row for each particle. Printed, and in a notebook, it shows itself as a table.

    Parameters
    ----------
    columns
        Name to array, in the order of the table, ``Label`` first. Undefined values are NaN.
    units, definitions
        Of each column.
    contacts
        The pairs of particles that share voxel faces: ``Label1``, ``Label2``, ``Area`` in um^2 and
        ``Faces``; empty where contacts were not asked for. `networkx.from_pandas_edgelist` reads it.
    image
        What stands in the column ``Image``.
    notes
        What the user should know: undefined values and why, particles in several pieces.
    provenance
        Parameters, voxel size and versions.
    """

    columns: dict[str, Array]
    units: dict[str, str]
    definitions: dict[str, str]
    contacts: dict[str, Array]
    image: str = ""
    notes: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["Label"])

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __repr__(self) -> str:
        if not len(self):
            return self._headline()
        return f"{self._headline()}\n{shown_text(self._shown())}"

    def _repr_html_(self) -> str:
        """The table as a notebook shows it: all columns, the first and last rows, and the notes."""
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return (
            f"<p>{html.escape(self._headline())}</p>"
            f'<div style="overflow-x: auto">{shown_html(self._shown())}</div>'
            + (f"<ul>{notes}</ul>" if notes else "")
        )

    def _headline(self) -> str:
        """``12 particles of grey.tif, 47 attributes``."""
        count, attributes = len(self), len(self.columns) - 1
        of = f" of {self.image}" if self.image else ""
        return f"{counted(count, 'particle')}{of}, {counted(attributes, 'attribute')}"

    def _shown(self) -> dict[str, Array]:
        """The columns with their units in their names."""
        return {
            f"{name} [{self.units[name]}]" if self.units[name] else name: values
            for name, values in self.columns.items()
        }

    def with_image(self) -> dict[str, Array]:
        """The columns of the file: ``Image``, ``Label`` and the attributes."""
        return {"Image": np.full(len(self), self.image, dtype=object), **self.columns}

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a data frame, ``Image`` and ``Label`` first."""
        return data_frame(self.with_image())

    def contacts_to_pandas(self) -> pandas.DataFrame:
        """The touching pairs as a data frame."""
        return data_frame(self.contacts)

    def description(self) -> dict[str, Any]:
        """What the ``.json`` beside the table says, less checksums of files."""
        return {
            "columns": {
                name: {"unit": self.units[name], "definition": self.definitions[name]}
                for name in self.columns
            },
            "particles": len(self),
            "notes": list(self.notes),
            **self.provenance,
        }

    def write(self, path: PathLike, *, force: bool = False, inputs: dict[str, Any] | None = None) -> None:
        """Write the table (CSV, or Parquet by name), its description and, beside it, the contacts.

        ``T.csv`` comes with ``T.json`` and ``T_contacts.csv``.
        """
        from electrodej.files.tables import write_table

        write_table(
            path,
            self.with_image(),
            description={**self.description(), **({"inputs": inputs} if inputs else {})},
            beside={"contacts": self.contacts} if self.contacts else {},
            force=force,
        )
