"""Progress that a person sees: a bar on a terminal or in a notebook, plain lines in a log."""

from __future__ import annotations

import sys
import time
import warnings
from typing import TYPE_CHECKING, Any, TextIO

from electrodej.progress import Progress

if TYPE_CHECKING:
    from tqdm import tqdm

_SECONDS_BETWEEN_LINES = 5.0
# So much of the work has to be seen before its pace says anything.
_SHARE_TO_JUDGE = 0.05


def shown_progress(stream: TextIO | None = None) -> Progress:
    """Return the progress that suits ``stream`` (stderr by default); in a notebook, a bar below the cell.

    Examples
    --------
    ::

        run = electrodej.Run(progress=shown_progress())
        table = electrodej.measure(grey, labels, spacing=spacing, run=run)
    """
    stream = stream if stream is not None else sys.stderr
    bar = stream.isatty() or _in_notebook()
    return BarProgress(stream) if bar else LineProgress(stream)


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


class Pace:
    """How long the rest of a stage takes, judged by the work since its first progress.

    What comes before that, such as compiling and opening files, says nothing of the rest.
    """

    def __init__(self) -> None:
        self._least: float | None = None
        self._begun: tuple[float, float] | None = None

    def left(self, done: float, total: float, now: float) -> float | None:
        """Return the seconds left after ``done`` of ``total`` at the time ``now``, or None."""
        if self._least is None:
            self._least = done
        if self._begun is None:
            self._begun = (now, done) if done > self._least else None
            return None
        since, first = self._begun
        if done - first < _SHARE_TO_JUDGE * total or done <= first:
            return None
        return (now - since) * (total - done) / (done - first)


class BarProgress:
    """One bar for each stage, redrawn in place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage: str | None = None
        self._bar: tqdm[Any] | None = None
        self._pace = Pace()

    def __call__(self, done: float, total: float, stage: str) -> None:
        if stage != self._stage or self._bar is None:
            self.close()
            self._stage, self._pace = stage, Pace()
            self._bar = _tqdm()(
                total=100,
                desc=stage,
                file=self._stream,
                dynamic_ncols=True,
                bar_format="{desc:<24} {percentage:3.0f} % |{bar}| {elapsed}{postfix}",
            )
        left = self._pace.left(done, total, time.monotonic())
        # A comma comes before it.
        self._bar.set_postfix_str(f"{self._bar.format_interval(left)} left" if left else "", refresh=False)
        self._bar.n = _percent(done, total)
        self._bar.refresh() if done >= total else self._bar.update(0)
        if done >= total:
            self.close()

    def close(self) -> None:
        """Leave the bar as it stands and go to the next line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            self._stage = None


class LineProgress:
    """A line at the start and the end of each stage, and one every few seconds between them.

    What is over when it is first heard of is not worth a line.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage: str | None = None
        self._start = 0.0
        self._last = 0.0
        self._pace = Pace()

    def __call__(self, done: float, total: float, stage: str) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._start, self._last, self._pace = stage, now, now, Pace()
            if done >= total:
                self._stage = None
                return
            self._write(f"{stage} ...")
        left = self._pace.left(done, total, now)
        if done >= total:
            self._write(f"{stage}: done in {now - self._start:.1f} s")
            self._stage = None
        elif now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            elapsed = now - self._start
            rest = "" if left is None else f", about {left:.0f} s left"
            self._write(f"{stage}: {_percent(done, total):.0f} % after {elapsed:.0f} s{rest}")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _tqdm() -> Any:
    """Return tqdm as it suits: a widget in a notebook that has widgets, text elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a notebook without widgets gets text
        from tqdm.auto import tqdm
    return tqdm


def _percent(done: float, total: float) -> float:
    return 100.0 * min(done / total, 1.0) if total > 0 else 100.0
