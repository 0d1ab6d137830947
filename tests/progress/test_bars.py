"""Progress on a terminal and in a log: what is said of the time that is left."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import pytest

from electrodej.progress.bars import BarProgress, LineProgress, Pace

Clock = Callable[[float], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the clock."""
    times = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: times[0])

    def put(now: float) -> None:
        times[0] = now

    return put


def test_the_time_left_is_judged_by_the_work_since_its_first_progress() -> None:
    pace = Pace()
    assert pace.left(0, 100, 0.0) is None
    assert pace.left(1, 100, 7.0) is None  # compiling counted in would make this 693 s
    assert pace.left(3, 100, 7.1) is None  # too little to judge by
    assert pace.left(11, 100, 7.5) == pytest.approx(89 * 0.05)
    assert pace.left(100, 100, 12.0) == 0


def test_a_stage_that_begins_in_the_middle_is_judged_by_itself() -> None:
    pace = Pace()
    assert pace.left(0.75, 1, 100.0) is None
    assert pace.left(0.80, 1, 101.0) is None
    assert pace.left(0.90, 1, 103.0) == pytest.approx(2.0)


def test_lines_leave_the_time_out_until_it_can_be_told(at: Clock) -> None:
    stream = io.StringIO()
    progress = LineProgress(stream)
    for now, done in ((0, 0), (7, 1), (7.5, 10), (12.5, 51), (20, 100)):
        at(now)
        progress(done, 100, "link")
    assert stream.getvalue().splitlines() == [
        "link ...",
        "link: 1 % after 7 s",
        "link: 51 % after 12 s, about 5 s left",
        "link: done in 20.0 s",
    ]


def test_what_is_over_at_once_has_no_line(at: Clock) -> None:
    stream = io.StringIO()
    progress = LineProgress(stream)
    at(1)
    progress(5, 5, "report")
    assert stream.getvalue() == ""


def test_a_bar_leaves_the_time_out_until_it_can_be_told(at: Clock) -> None:
    stream = io.StringIO()
    progress = BarProgress(stream)
    for now, done in ((0, 0), (7, 1), (12.5, 51), (70, 100)):
        at(now)
        progress(done, 100, "link")
    drawn = stream.getvalue().split("\r")
    assert [part for part in drawn if " 1 %" in part and "left" in part] == []
    progress(0, 100, "write")
    at(77)
    progress(1, 100, "write")
    at(80)
    progress(50, 100, "write")
    progress.close()
    assert "00:03 left" in stream.getvalue().split("\r")[-1]
