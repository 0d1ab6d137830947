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
    title = " ".join((info.name or zip_name).split())
    return [
        f"// {title}: written by electrodej export. Needs Fiji with the update sites StarDist and CSBDeep.",
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
    settings = {
        "modelChoice": "Model (.zip) from File",
        **_normalised(info),
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
    return _called("de.csbdresden.stardist.StarDist2D", settings)


def _csbdeep(info: ModelInfo) -> list[str]:
    block = max(_BLOCK, info.size_divisor)
    overlap = max(_LEAST_OVERLAP, -(-(info.context or 0) // block) * block)
    settings = {
        **_normalised(info),
        "clip": "false",
        "nTiles": "1",
        "blockMultiple": f"{block}",
        "overlap": f"{overlap}",
        "batchSize": "1",
        "showProgressDialog": "false",
    }
    return _called("de.csbdresden.csbdeep.commands.GenericNetwork", settings)


def _normalised(info: ModelInfo) -> dict[str, str]:
    low, high = info.percentiles
    return {"normalizeInput": "true", "percentileBottom": f"{low}", "percentileTop": f"{high}"}


def _called(command: str, settings: dict[str, str]) -> list[str]:
    """Return the lines that call a command without SciJava's preparations.

    Those ask for what is left out, and let CSBDeep put the network that ran last in the place of the model.
    """
    told = ", ".join(
        f"'{name}':'{value}'" for name, value in {"input": "electrodej-input", **settings}.items()
    )
    start = f"command=[{command}], args=[{told}, 'modelFile':'"
    end = quoted("'], process=[false]")
    return [
        f'run("Command From Macro", {quoted(start)} + model + {end});',
        "result = getImageID();",
        'selectWindow("electrodej-input");',
        "rename(title);",
        "selectImage(result);",
    ]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
