"""The ImageJ macro that runs an exported model with its thresholds."""

from __future__ import annotations

from electrodej.models.info import ModelInfo

_LEAST_OVERLAP = 64
_BLOCK = 64


def quoted(text: str) -> str:
    r"""Return a text as ImageJ's macro language writes it.

    >>> print(quoted('C:\\models\\"mine".zip'))
    "C:\\models\\\"mine\".zip"
    """
    # Hex escapes do not exist there; what has no escape becomes a space.
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else " ") for c in text) + '"'


def macro_for(info: ModelInfo, zip_name: str) -> str:
    """Return the text of a macro to be kept beside the zip.

    It runs on the active image, asks for the zip where it is not beside the macro, and leaves the label image
    (StarDist) or the network's output on the screen.

    Parameters
    ----------
    info
        Where thresholds, percentiles and sizes come from.
    zip_name
        Name of the zip, without its folder.
    """
    command = _stardist(info) if info.kind == "stardist" else _csbdeep(info)
    return "\n".join([*_head(info, zip_name), *command, ""])


def _head(info: ModelInfo, zip_name: str) -> list[str]:
    needs = "StarDist and CSBDeep" if info.kind == "stardist" else "CSBDeep"
    title = " ".join((info.name or zip_name).split())
    return [
        f"// {title}: written by electrodej export. Needs Fiji with the update site(s) {needs}.",
        "// Open an image, then run this macro. Keep it beside the model's zip.",
        'folder = File.getParent(getInfo("macro.filepath"));',
        f"model = folder + File.separator + {quoted(zip_name)};",
        "if (!File.exists(model))",
        f"    model = File.openDialog({quoted(f'Where is {zip_name}?')});",
        'model = replace(model, "\\\\", "/");',
        'if (indexOf(model, "\'") >= 0 || indexOf(model, "]") >= 0)',
        '    exit("Put the model into a folder without \' or ] in its name: " + model);',
        "// The plugins find an image by its title, in which ' [ ] and , would break the command.",
        "title = getTitle();",
        'rename("electrodej-input");',
    ]


def _stardist(info: ModelInfo) -> list[str]:
    low, high = info.percentiles
    settings = {
        "input": "electrodej-input",
        "modelChoice": "Model (.zip) from File",
        "normalizeInput": "true",
        "percentileBottom": f"{low}",
        "percentileTop": f"{high}",
        "probThresh": f"{_or(info.probability_threshold, 0.5)}",
        "nmsThresh": f"{_or(info.overlap_threshold, 0.4)}",
        "outputType": "Label Image",
        "nTiles": "1",
        # Python leaves out two cells of the grid, and the plugin counts pixels.
        "excludeBoundary": f"{2 * max(info.grid)}",
        "roiPosition": "Automatic",
        "verbose": "false",
        "showCsbdeepProgress": "false",
        "showProbAndDist": "false",
    }
    before = ", ".join(f"'{name}':'{value}'" for name, value in settings.items())
    start = "command=[de.csbdresden.stardist.StarDist2D], args=[" + before + ", 'modelFile':'"
    end = quoted("'], process=[false]")
    return [
        f'run("Command From Macro", {quoted(start)} + model + {end});',
        "labels = getImageID();",
        'selectWindow("electrodej-input");',
        "rename(title);",
        "selectImage(labels);",
    ]


def _csbdeep(info: ModelInfo) -> list[str]:
    low, high = info.percentiles
    block = max(_BLOCK, info.size_divisor)
    overlap = max(_LEAST_OVERLAP, -(-(info.context or 0) // block) * block)
    start = (
        f"input=electrodej-input normalizeinput=true percentilebottom={low} percentiletop={high} clip=false "
        f"ntiles=1 blockmultiple={block} overlap={overlap} batchsize=1 showprogressdialog=false modelfile=["
    )
    return [
        f'run("Run your network", {quoted(start)} + model + "]");',
        "result = getImageID();",
        'selectWindow("electrodej-input");',
        "rename(title);",
        "selectImage(result);",
    ]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
