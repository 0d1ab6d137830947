"""ElectrodeJ's Fiji commands without a Fiji: SciJava's script service over plain ImageJ.

The same Groovy and Jython files that lie in Fiji's menu run here, without a screen, on a Java in this
process. In a Fiji (or through pyimagej) they need none of this.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from electrodej.errors import ElectrodeJError
from electrodej.fiji.content import script

_PREFIX = "ElectrodeJ: "
_PYTHON = "electrodej.python"
_STAY = "electrodej.stay"


@functools.cache
def context() -> Any:
    """Return a SciJava context that knows Groovy, Jython and ImageJ's images.

    Raises
    ------
    ElectrodeJError
        Java runs already, without SciJava, or cannot be started.
    """
    import scyjava

    from electrodej.fiji.jvm import start_light

    start_light(scripting=True)
    try:
        made = scyjava.jimport("org.scijava.Context")(False)
    except Exception as error:
        raise ElectrodeJError(
            "Java runs in this process already, without SciJava; start ElectrodeJ's scripts first, "
            "or in a process of their own"
        ) from error
    service = made.service("org.scijava.script.ScriptService")
    for factory in (
        "org.codehaus.groovy.jsr223.GroovyScriptEngineFactory",
        "org.python.jsr223.PyScriptEngineFactory",
    ):
        service.getIndex().add(scyjava.jimport(factory)(), False)
    for kind in ("ij.ImagePlus", "ij.measure.ResultsTable"):
        loaded = scyjava.jimport(kind).class_
        service.addAlias(loaded.getSimpleName(), loaded)
    return made


def run_script(
    name: str | os.PathLike[str], inputs: Mapping[str, Any] | None = None, *, scijava: Any = None
) -> dict[str, Any]:
    """Run one of ElectrodeJ's menu scripts and return its outputs.

    Parameters
    ----------
    name
        A command's name as in the menu, ``"Measure Particles"``, or the path of a script.
    inputs
        The values of its parameters. Paths become Java files, numbers and texts Java's.
    scijava
        A running SciJava context, of a Fiji for example; by default `context`.

    Raises
    ------
    ElectrodeJError
        What the script said went wrong.
    """
    import scyjava

    made = context() if scijava is None else scijava
    path = Path(name) if Path(name).is_file() else script(os.fspath(name))
    system = scyjava.jimport("java.lang.System")
    if system.getProperty(_PYTHON) is None:
        system.setProperty(_PYTHON, sys.executable)
    # In a Fiji that was started for one script an error ends Java; here it would end Python with it.
    system.setProperty(_STAY, "true")
    module = made.service("org.scijava.script.ScriptService").getScript(_file(path)).createModule()
    made.inject(module)
    said = scyjava.jimport("java.io.StringWriter")()
    module.setErrorWriter(said)
    values = scyjava.jimport("java.util.HashMap")()
    for key, value in {**_defaults(module), **(inputs or {})}.items():
        values.put(key, _java(value))
    modules = made.service("org.scijava.module.ModuleService")
    done = modules.waitFor(modules.run(module, True, values))
    problem = str(said).strip()
    if problem:
        raise ElectrodeJError(_sentence(problem))
    # "result" is what SciJava makes of a script's last line where it declares no output.
    return {str(key): done.getOutput(key) for key in done.getOutputs().keySet() if str(key) != "result"}


def _defaults(module: Any) -> dict[str, Any]:
    """A script's own defaults, also those that SciJava would fill in from what a user chose last."""
    return {
        str(item.getName()): item.getDefaultValue()
        for item in module.getInfo().inputs()
        if not (str(item.getType().getName()).startswith("org.scijava."))
    }


def _java(value: Any) -> Any:
    import jpype

    if isinstance(value, jpype.JObject):
        return value
    if isinstance(value, Path):
        return _file(value)
    if isinstance(value, bool):
        return jpype.java.lang.Boolean(value)
    if isinstance(value, float):
        return jpype.java.lang.Double(value)
    if isinstance(value, int):
        return jpype.java.lang.Integer(value)
    return value


def _file(path: Path) -> Any:
    import scyjava

    return scyjava.jimport("java.io.File")(os.path.abspath(path))  # noqa: PTH100 - links stay as they are


def _sentence(problem: str) -> str:
    """What to tell of an error: our sentence, or where a stranger's says that it is."""
    lines = problem.splitlines()
    if lines[0].startswith(_PREFIX):
        return lines[0].removeprefix(_PREFIX)
    causes = [line for line in lines if line.startswith("Caused by:")]
    return " ".join(line.strip() for line in [*lines[:2], *causes[-1:]])


def library_class(scijava: Any, name: str) -> Any:
    """Return one of the Groovy classes that the scripts share, for its static methods."""
    import jpype
    import scyjava

    loader = scyjava.jimport("groovy.lang.GroovyClassLoader")(
        scyjava.jimport("org.scijava.Context").getClassLoader()
    )
    door = loader.loadClass("electrodej.Library").getMethod(
        "door", scyjava.jimport("org.scijava.Context").class_
    )
    made = door.invoke(None, scijava)
    return jpype.JClass(made.getClass().getClassLoader().loadClass(f"electrodej.{name}"))
