"""Java with plain ImageJ in this process: the light mode, which needs no Fiji.

ImageJ 1.54p comes from Maven Central, once, checked by its checksum; no other repository is asked. It runs
without a screen.
With ``scripting`` come SciJava, Groovy, Jython and Appose, so that ElectrodeJ's Fiji commands run too.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any

from electrodej.errors import ElectrodeJError, MissingExtraError, one_line
from electrodej.fiji.jars import IMAGEJ, SCRIPTING
from electrodej.jars import Jar, fetched
from electrodej.java import MINIMUM_VERSION, REMEDY, find_java

# Where Java itself takes options from.
_JAVA_VARIABLES = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")
# What Java is told, unless an option like it is there.
_BY_DEFAULT = {"-XX:+UseParallelGC": r"-XX:[+]Use\w+GC\b", "-Xss8m": r"-Xss|ThreadStackSize"}


def start_light(*, memory: str | None = None, scripting: bool = False, screen: bool = False) -> Any:
    """Start Java with ImageJ 1.54p, or find it running, and return the class ``ij.IJ``.

    Parameters
    ----------
    memory
        The most that Java may take, as ``4g`` or ``512m``; by default what Java chooses.
    scripting
        Have SciJava and its languages too, see `electrodej.fiji.scripting`.
    screen
        Let ImageJ open windows.

    Raises
    ------
    electrodej.errors.MissingExtraError
        scyjava is not installed.
    electrodej.errors.ElectrodeJError
        There is no Java of version 11 or newer, ImageJ cannot be fetched, or a Java without ImageJ is
        running in this process already.

    Examples
    --------
    ::

        IJ = start_light()
        IJ.getVersion()  # '1.54p'
    """
    try:
        import scyjava
    except ImportError as error:
        raise MissingExtraError("ImageJ", "fiji", "scyjava") from error
    if not scyjava.jvm_started():
        _use_present_java()
        _configure(scyjava.config, memory, (IMAGEJ, *(SCRIPTING if scripting else ())), screen=screen)
        try:
            scyjava.start_jvm()
        except Exception as error:
            raise ElectrodeJError(
                f"ImageJ could not be started ({one_line(error)}); try another Java (JAVA_HOME), "
                "or use a Fiji folder"
            ) from error
        scyjava.when_jvm_stops(stop_filter_threads)
    try:
        return scyjava.jimport("ij.IJ")
    except Exception as error:
        raise ElectrodeJError(
            "Java runs in this process already, without ImageJ; start ElectrodeJ's ImageJ first, "
            "or in a process of its own"
        ) from error


def prefer_present_java(config: Any) -> None:
    """Let pyimagej take the Java that is there, where it is new enough; by itself it fetches another one."""
    java = find_java()
    if java is not None and java.version >= MINIMUM_VERSION:
        os.environ["JAVA_HOME"] = str(java.home)
        # Not "never", with which pyimagej 1.8 stops in an error of its own.
        config.set_java_constraints(fetch="auto")


def _use_present_java() -> None:
    java = find_java()
    if java is None:
        raise ElectrodeJError(f"ImageJ needs Java, and none was found; {REMEDY}")
    if java.version < MINIMUM_VERSION:
        raise ElectrodeJError(
            f"ImageJ needs Java {MINIMUM_VERSION}, and {java.program} is {java.version}; {REMEDY}"
        )
    os.environ["JAVA_HOME"] = str(java.home)


def _configure(config: Any, memory: str | None, jars: tuple[Jar, ...], *, screen: bool) -> None:
    # The Java that is there, and no repository: the jars are fetched and checked here.
    config.set_java_constraints(fetch="never")
    config.get_repositories().clear()
    what = "ImageJ 1.54p" if len(jars) == 1 else "ImageJ 1.54p with SciJava"
    for path in fetched(jars, what=what):
        config.add_classpath(str(path))
    if len(jars) > 1:
        from electrodej.fiji.content import library

        config.add_classpath(str(library()))
    if not screen:
        config.enable_headless_mode()
    if memory is not None:
        config.add_option(f"-Xmx{memory}")
    suit_python(config)


def suit_python(config: Any) -> None:
    """Choose what serves a Java inside Python, but for what the user has chosen already.

    Its usual collector takes twice as long over large arrays as a copy does; Java refuses to start with two.
    And it fences the stack of the thread that starts it, Python's own, at the size that it gives its threads:
    1 MB of the 8 that Python may have, beyond which the process dies without a word.
    """
    chosen = [*config.get_options(), *(os.environ.get(name, "") for name in _JAVA_VARIABLES)]
    for option, pattern in _BY_DEFAULT.items():
        if not any(re.search(pattern, options) for options in chosen):
            config.add_option(option)


def stop_filter_threads() -> None:
    """Let Python end: the threads of ImageJ's filters are no daemons, and Java would wait for them."""
    import scyjava

    with contextlib.suppress(Exception):
        scyjava.jimport("ij.util.ThreadUtil").threadPoolExecutor.shutdown()
