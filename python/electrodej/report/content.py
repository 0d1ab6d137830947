"""What a report is made of, checked when it is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, VoxelSizeError
from electrodej.vocabulary import Spacing, counted
from electrodej.volume import check_spacing


class SliceSource(Protocol):
    """An array, or an `electrodej.volume.Volume`: anything that hands out boxes of voxels."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, box: Any, /) -> Any: ...


@dataclass(frozen=True)
class Figure:
    """A picture for a section.

    Attributes
    ----------
    title
        Short heading, also read out where the picture cannot be seen.
    data
        The file's bytes, SVG or PNG.
    media_type
        Which of the two.
    caption
        What the picture shows, as text.
    wide
        Whether it is shown across both columns of the page.
    numbers
        What it draws, as the bytes of a CSV file; empty where it draws no numbers.
    """

    title: str
    data: bytes
    media_type: Literal["image/svg+xml", "image/png"]
    caption: str = ""
    wide: bool = False
    numbers: bytes = b""


@dataclass(frozen=True)
class KeyNumber:
    """A number at the head of the page."""

    name: str
    value: str
    unit: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page that another room hands in.

    Attributes
    ----------
    title
        Heading.
    body
        Text; blank lines part paragraphs. It is escaped, unless it is a `markupsafe.Markup`, which
        goes in as it is. Scripts and ``style`` attributes in it are switched off by the page's policy.
    figures
        Pictures below the text.
    table
        A small table below the pictures: column name to values, all of one length. NaN is empty.
    """

    title: str
    body: str = ""
    figures: Sequence[Figure] = ()
    table: Mapping[str, Sequence[Any] | NDArray[Any]] | None = None


@dataclass(frozen=True)
class ReportContent:
    """Everything that the page tells about one electrode.

    Attributes
    ----------
    title
        Heading of the page.
    grey, labels
        The image and its particles, shape (Z, Y, X) or (Y, X), 0 is background. Only the slices that are
        shown are read. Both None: a page without slices.
    spacing
        Voxel size (z, y, x) in micrometres; None only where there are no slices.
    table
        Column name to values, one per particle; first `Label`, then the attributes. NaN is undefined.
    units, definitions
        Unit and meaning of the columns, where they have one.
    scores
        What `electrodej score` found against a known truth.
    phases
        Share of the volume of each phase, 0 to 1.
    phase_image, crack_image
        Phases by number, and what is crack, shape as ``grey``; they lie over the slices on request.
    phase_names
        Of the phases of ``phase_image``, by number.
    stages
        What was done: name, seconds, file written.
    provenance
        Versions, parameters, checksums, command; may be nested.
    notes
        Sentences that the reader must not miss.
    sections
        Further parts, in order.
    subtitle
        One line below the title.
    key_numbers
        At the head of a page that is of no single table, and has no part on the particles of one.
    """

    title: str
    grey: SliceSource | None
    labels: SliceSource | None
    spacing: Spacing | None
    table: Mapping[str, NDArray[Any]]
    units: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Any] | None = None
    phases: Mapping[str, float] | None = None
    phase_image: SliceSource | None = None
    crack_image: SliceSource | None = None
    phase_names: Mapping[int, str] = field(default_factory=dict)
    stages: Sequence[tuple[str, float, str]] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    sections: Sequence[Section] = ()
    subtitle: str = ""
    key_numbers: Sequence[KeyNumber] = ()

    def __post_init__(self) -> None:
        self._check_images()
        self._check_table()

    def _check_images(self) -> None:
        if self.grey is None or self.labels is None:
            if self.grey is not self.labels:
                raise InputError("the report needs the grey image and the labels, or neither of them")
            return
        if tuple(self.grey.shape) != tuple(self.labels.shape):
            raise InputError(
                f"the grey image is {_size(self.grey.shape)} voxels and the labels are "
                f"{_size(self.labels.shape)}; the report needs both of one shape"
            )
        for layer, what in ((self.phase_image, "phases"), (self.crack_image, "cracks")):
            if layer is not None and tuple(layer.shape) != tuple(self.grey.shape):
                raise InputError(
                    f"the {what} are {_size(layer.shape)} voxels and the grey image is "
                    f"{_size(self.grey.shape)}; give {what} of the same image"
                )
        if len(self.grey.shape) not in (2, 3):
            raise InputError(f"the report shows images of 2 or 3 axes, not {len(self.grey.shape)}")
        if 0 in self.grey.shape:
            raise InputError(f"the image is empty ({_size(self.grey.shape)} voxels)")
        if self.spacing is None:
            raise VoxelSizeError(
                "the report needs the voxel size in micrometres; give it with --spacing Z,Y,X"
            )
        check_spacing(self.spacing)

    def _check_table(self) -> None:
        lengths = {name: len(np.atleast_1d(values)) for name, values in self.table.items()}
        if len(set(lengths.values())) > 1:
            longest, shortest = max(lengths, key=lengths.__getitem__), min(lengths, key=lengths.__getitem__)
            raise InputError(
                f"the table's columns differ in length: {longest} has {counted(lengths[longest], 'row')} and "
                f"{shortest} has {lengths[shortest]}"
            )

    @property
    def rows(self) -> int:
        """How many particles the table lists."""
        return len(next(iter(self.table.values()))) if self.table else 0

    def numeric_columns(self) -> dict[str, NDArray[np.float64]]:
        """The columns that hold numbers, as float64 with NaN where undefined, `Label` left out."""
        return {
            name: np.asarray(values, dtype=np.float64)
            for name, values in self.table.items()
            if name != "Label" and is_numeric(values)
        }


def is_numeric(values: NDArray[Any]) -> bool:
    """Whether a column holds numbers or truth values."""
    return np.asarray(values).dtype.kind in "biuf"


def _size(shape: Sequence[int]) -> str:
    return " x ".join(str(n) for n in shape)
