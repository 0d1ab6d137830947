"""The methods in a paragraph that can be pasted into a paper, with what to cite."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from electrodej import __version__
from electrodej.report.content import Section

_SOLID, _REGIONS = "weigert2020polyhedra", "he2017mask"
_STARDIST, _UNET, _CROFTON, _SHAP, _FOREST, _DELTA, _HOLM = (
    "schmidt2018stardist",
    "ronneberger2015unet",
    "lehmann2012crofton",
    "lundberg2020trees",
    "breiman2001forests",
    "cliff1993dominance",
    "holm1979simple",
)
_ENTRIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    _STARDIST: ("inproceedings", {
        "author": "Schmidt, Uwe and Weigert, Martin and Broaddus, Coleman and Myers, Gene",
        "title": "Cell Detection with Star-Convex Polygons",
        "booktitle": "Medical Image Computing and Computer Assisted Intervention -- MICCAI 2018",
        "pages": "265--273", "year": "2018", "doi": "10.1007/978-3-030-00934-2_30",
    }),
    _SOLID: ("inproceedings", {
        "author": "Weigert, Martin and Schmidt, Uwe and Haase, Robert and Sugawara, Ko and Myers, Gene",
        "title": "Star-convex Polyhedra for 3D Object Detection and Segmentation in Microscopy",
        "booktitle": "2020 IEEE Winter Conference on Applications of Computer Vision (WACV)",
        "pages": "3655--3662", "year": "2020", "doi": "10.1109/WACV45572.2020.9093435",
    }),
    _REGIONS: ("inproceedings", {
        "author": "He, Kaiming and Gkioxari, Georgia and Doll{\\'a}r, Piotr and Girshick, Ross",
        "title": "Mask {R-CNN}",
        "booktitle": "2017 IEEE International Conference on Computer Vision (ICCV)",
        "pages": "2980--2988", "year": "2017", "doi": "10.1109/ICCV.2017.322",
    }),
    _UNET: ("inproceedings", {
        "author": "Ronneberger, Olaf and Fischer, Philipp and Brox, Thomas",
        "title": "U-Net: Convolutional Networks for Biomedical Image Segmentation",
        "booktitle": "Medical Image Computing and Computer-Assisted Intervention -- MICCAI 2015",
        "pages": "234--241", "year": "2015", "doi": "10.1007/978-3-319-24574-4_28",
    }),
    _CROFTON: ("article", {
        "author": "Lehmann, Ga{\\\"e}tan and Legland, David",
        "title": "Efficient N-Dimensional Surface Estimation Using Crofton Formula and Run-Length Encoding",
        "journal": "The Insight Journal", "year": "2012",
    }),
    _SHAP: ("article", {
        "author": "Lundberg, Scott M. and others",
        "title": "From Local Explanations to Global Understanding with Explainable AI for Trees",
        "journal": "Nature Machine Intelligence", "volume": "2", "pages": "56--67", "year": "2020",
        "doi": "10.1038/s42256-019-0138-9",
    }),
    _FOREST: ("article", {
        "author": "Breiman, Leo", "title": "Random Forests", "journal": "Machine Learning",
        "volume": "45", "pages": "5--32", "year": "2001", "doi": "10.1023/A:1010933404324",
    }),
    _DELTA: ("article", {
        "author": "Cliff, Norman",
        "title": "Dominance Statistics: Ordinal Analyses to Answer Ordinal Questions",
        "journal": "Psychological Bulletin", "volume": "114", "pages": "494--509", "year": "1993",
        "doi": "10.1037/0033-2909.114.3.494",
    }),
    _HOLM: ("article", {
        "author": "Holm, Sture", "title": "A Simple Sequentially Rejective Multiple Test Procedure",
        "journal": "Scandinavian Journal of Statistics", "volume": "6", "pages": "65--70", "year": "1979",
    }),
}  # fmt: skip
_LIBRARIES = ("numpy", "scipy", "scikit-image", "scikit-learn", "shap", "stardist", "tensorflow")


def methods_section(
    described: Mapping[str, Any],
    *,
    commands: Iterable[str] = (),
    damage: bool = False,
    compared: bool = False,
    versions: Mapping[str, Any] | None = None,
) -> Section:
    """Return the part of a page with the methods paragraph and BibTeX for what it cites.

    Parameters
    ----------
    described
        What the table's description says: parameters, voxel size, dimensions.
    commands
        What was run, where that is known: it tells how particles and phases were found.
    damage, compared
        Whether damage was explained, and electrodes compared.
    versions
        Of what was used, by name.
    """
    told = [*_finding(list(commands)), *_measuring(described)]
    if damage:
        told.append((
            "The damage of the particles was regressed on their attributes by a random forest and explained "
            "by SHAP values",
            (_FOREST, _SHAP),
        ))  # fmt: skip
    if compared:
        told.append((
            "Electrodes were compared attribute by attribute with Cliff's delta and bootstrap intervals; "
            "p-values were corrected by Holm's method",
            (_DELTA, _HOLM),
        ))  # fmt: skip
    cited = list(dict.fromkeys(key for _, keys in told for key in keys))
    sentences = [f"{text}{_citation(keys)}." for text, keys in told]
    used = ", ".join(f"{name} {versions[name]}" for name in _LIBRARIES if versions and name in versions)
    sentences.append(f"All was done with ElectrodeJ {__version__}{f' ({used})' if used else ''}.")
    entries = "\n\n".join(bibtex(key) for key in cited)
    return Section("Methods, to paste", Markup("<p>{}</p><pre>{}</pre>").format(" ".join(sentences), entries))


def bibtex(key: str) -> str:
    """Return an entry.

    >>> print(bibtex("holm1979simple").splitlines()[0])
    @article{holm1979simple,
    """
    kind, fields = _ENTRIES[key]
    return "\n".join(
        [f"@{kind}{{{key},", *(f"  {name} = {{{value}}}," for name, value in fields.items()), "}"]
    )


def _citation(keys: tuple[str, ...]) -> str:
    return f" [{'; '.join(keys)}]" if keys else ""


def _finding(commands: list[str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    from electrodej.forest import is_forest
    from electrodej.networks.maskrcnn.place import is_maskrcnn
    from electrodej.networks.stardist3d.model import is_solid

    found = ("electrodej fuse", "electrodej segment particles")
    outlines = [words for words in commands if words.startswith(found)]
    for words in outlines:
        if "watershed" in (_model_in(words), _value(words, "--method")):
            yield (
                "Particles were found by Otsu's threshold and a watershed of the distance to the surface",
                (),
            )
        elif words.startswith("electrodej fuse"):
            yield "Particles were outlined by StarDist in three views, which were fused to 3D", (_STARDIST,)
        elif is_maskrcnn(_model_in(words)):
            yield "Particles were found and outlined by Mask R-CNN", (_REGIONS,)
        elif is_solid(_model_in(words)):
            yield "Particles were found in 3D by StarDist", (_SOLID,)
        else:
            yield "Particles were outlined by StarDist", (_STARDIST,)
    tellers = [words for words in commands if words.startswith("electrodej segment phases")]
    forests = [is_forest(_model_in(words)) for words in tellers]
    if not all(forests):
        yield "Phases and cracks were told apart by convolutional networks of the U-Net kind", (_UNET,)
    if any(forests):
        yield "Phases were told apart by a random forest of the greys around each voxel", (_FOREST,)


def _model_in(command: str) -> str:
    """Return the model that a command names, or what it takes by default."""
    return _value(command, "--model") or "nmc-particles"


def _value(command: str, option: str) -> str:
    """Return what a command says of an option, "" where it says nothing."""
    words = shlex.split(command)
    return words[words.index(option) + 1] if option in words[:-1] else ""


def _measuring(described: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str, ...]]]:
    parameters, size = described.get("parameters", {}), described.get("voxel_size_um", {})
    if "radius_um" not in parameters:
        return
    flat = described.get("dimensions") == 2
    lengths = " x ".join(f"{float(size[axis]):g}" for axis in "zyx" if axis in size)
    yield (
        f"Each particle was measured{' in 2D' if flat else ''} at a {'pixel' if flat else 'voxel'} size of "
        f"{lengths} µm; its damage is the share that it lacks of its form closed with a "
        f"{'disc' if flat else 'ball'} of {float(parameters['radius_um']):g} µm radius, with holes filled; "
        f"{'perimeters' if flat else 'areas'} are by Crofton's formula",
        (_CROFTON,),
    )
