"""Work on threads that somebody gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from electrodej.workers import Threads, in_order


def by_threads(work: Callable[[int], int]) -> Iterator[Any]:
    return Threads(2).run(work, [(number,) for number in range(20)])


def one_by_one(work: Callable[[int], int]) -> Iterator[Any]:
    return in_order(work, range(20), jobs=2)


@pytest.mark.parametrize("start", [by_threads, one_by_one])
def test_what_is_given_up_ends_with_its_work_and_waits_for_no_thread(start, monkeypatch: pytest.MonkeyPatch):
    """The garbage collector may end it while a thread starts, when waiting for another one never ends."""
    begun: list[int] = []
    ended: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.05)
        ended.append(number)
        return number

    def forbidden(*_: Any) -> None:
        raise AssertionError("a thread was waited for")

    found = start(work)
    next(found)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "join", forbidden)
        found.close()
    assert sorted(begun) == sorted(ended)
    assert 0 < len(begun) < 20
    time.sleep(0.2)
    assert sorted(begun) == sorted(ended)
