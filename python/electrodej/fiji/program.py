"""Whether a program is a Python that has ElectrodeJ: it is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys

# Kept apart from whatever the program prints by itself.
_MARK = "electrodej-is"
_QUESTION = f"import electrodej; print('{_MARK}', electrodej.__version__)"
_LONGEST_SECONDS = 60


def electrodej_in(program: str) -> str:
    """Return the version of ElectrodeJ in a Python.

    Raises
    ------
    ValueError
        It is no Python, or has no ElectrodeJ; the text says what it answered.

    Examples
    --------
    >>> from electrodej import __version__
    >>> electrodej_in(sys.executable) == __version__
    True
    """
    if program == sys.executable:
        from electrodej import __version__

        return __version__
    try:
        done = subprocess.run(
            [program, "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            # As -P, which a Python that is too old would not know: no modules from the folder it is asked in.
            env={**os.environ, "PYTHONSAFEPATH": "1"},
            check=False,
            timeout=_LONGEST_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "it does not answer"
        raise ValueError(f"it cannot be asked: {reason}") from error
    answer = re.search(rf"^{_MARK} (\S+)$", done.stdout, re.MULTILINE)
    if answer is None:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise ValueError(f"it answers: {said[-1].strip()}" if said else "it does not answer")
    return answer[1]
