"""Who does the work: threads of this process, or the workers of a Dask cluster."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.machine import available_cores

Task = tuple[Any, ...]
Item = TypeVar("Item")
T = TypeVar("T")


class Shareable(Protocol):
    """An input of many tasks."""

    @property
    def travels_light(self) -> bool:
        """Whether it is sent as a name, and opened where the work is done."""
        ...


@runtime_checkable
class Workers(Protocol):
    """Calls a function with each of many argument tuples and yields (number, result) as they come."""

    @property
    def count(self) -> int:
        """How many tasks are worked on at once, now; at least one."""
        ...

    def share(self, value: Shareable | None) -> Any:
        """Make an input known to all workers; what is returned stands for it in the tasks."""
        ...

    def run(self, function: Callable[..., Any], tasks: Sequence[Task]) -> Generator[tuple[int, Any]]: ...

    def close(self) -> None: ...


class Threads:
    """Threads of this process; the kernels let go of the interpreter."""

    def __init__(self, jobs: int | None) -> None:
        if jobs is not None and jobs < 1:
            raise InputError(f"jobs: {jobs} is no number of threads; give 1 or more")
        self.count = jobs or available_cores()

    def share(self, value: Shareable | None) -> Any:
        return value

    def run(self, function: Callable[..., Any], tasks: Sequence[Task]) -> Generator[tuple[int, Any]]:
        if self.count == 1 or len(tasks) == 1:
            for number, task in enumerate(tasks):
                yield number, function(*task)
            return
        pool = concurrent.futures.ThreadPoolExecutor(self.count, thread_name_prefix="electrodej")
        futures: dict[concurrent.futures.Future[Any], int] = {}
        try:
            for number, task in enumerate(tasks):
                futures[pool.submit(function, *task)] = number
            for future in concurrent.futures.as_completed(futures):
                yield futures.pop(future), future.result()
        finally:
            wind_up(pool, futures)

    def close(self) -> None:
        """Nothing is kept open between runs."""


_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx|ucxx)://)?(?:[\w.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})")


def is_address(text: str) -> bool:
    """Return whether a text may be the address of a Dask scheduler.

    >>> is_address("tcp://head-node:8786"), is_address("head-node")
    (True, False)
    """
    match = _ADDRESS.fullmatch(text)
    return match is not None and 0 < int(match[1]) < 2**16


def check_address(text: str) -> str:
    """Return the address of a scheduler if it is one."""
    if not is_address(text):
        raise InputError(
            f"scheduler: {text!r} is no address of a Dask scheduler; give it like tcp://head-node:8786"
        )
    return text


class Cluster:
    """The workers of an existing Dask cluster. A task whose worker dies is done again by another.

    Workers may come and go, as they do where jobs wait in a queue; the first is waited for.
    """

    def __init__(self, scheduler: Any, say: Callable[[str], None] | None = None) -> None:
        connect = _dask().Client
        self._own = isinstance(scheduler, str)
        if isinstance(scheduler, str):
            address = check_address(scheduler)
            try:
                self._client: Any = connect(address, timeout="10s", set_as_default=False)
            except (OSError, TimeoutError, ValueError, TypeError) as error:
                raise InputError(
                    f"scheduler: no Dask scheduler answers at {scheduler}; start one with 'dask scheduler' "
                    "and give the address that it prints"
                ) from error
        else:
            self._client = scheduler
        if not self._client.nthreads():
            if say is not None:
                say("waiting for the cluster's first worker")
            self._client.wait_for_workers(1)

    @property
    def count(self) -> int:
        """How many threads the workers have by now."""
        return max(sum(int(threads) for threads in self._client.nthreads().values()), 1)

    def share(self, value: Shareable | None) -> Any:
        if value is None or value.travels_light:
            return value
        return self._client.scatter(value, broadcast=True, hash=False)

    def run(self, function: Callable[..., Any], tasks: Sequence[Task]) -> Generator[tuple[int, Any]]:
        distributed = _dask()
        futures = {
            self._client.submit(function, *task, pure=False, retries=3): number
            for number, task in enumerate(tasks)
        }
        try:
            for future, result in distributed.as_completed(
                list(futures), loop=self._client.loop, with_results=True
            ):
                yield futures[future], result
        except distributed.KilledWorker as error:
            raise InputError(
                "the cluster's workers died several times over one piece of work, most often for want of "
                "memory; give them more, or less at a time with --memory"
            ) from error
        finally:
            self._client.cancel(list(futures))

    def close(self) -> None:
        if self._own:
            self._client.close()


def _dask() -> Any:
    """Dask's package for clusters."""
    return require("distributed", what="work on a cluster", extra="cluster")


@contextlib.contextmanager
def hired(scheduler: Any, jobs: int | None, say: Callable[[str], None] | None = None) -> Iterator[Workers]:
    """The workers that the caller asked for, while they are needed.

    Parameters
    ----------
    scheduler
        None for threads of this process, "tcp://host:port" or a `distributed.Client` for a Dask cluster.
        Workers that the caller has hired already stay hired.
    jobs
        How many threads; all cores by default.
    say
        Told that a cluster's first worker is waited for.
    """
    if isinstance(scheduler, Workers):
        yield scheduler
        return
    workers: Workers = Threads(jobs) if scheduler is None else Cluster(scheduler, say)
    try:
        yield workers
    finally:
        workers.close()


def in_order(function: Callable[[Item], T], items: Iterable[Item], *, jobs: int) -> Generator[T, None, None]:
    """Yield ``function(item)`` for one item after the other, while the threads work ahead a little."""
    if jobs == 1:
        for item in items:
            yield function(item)
        return
    pool = concurrent.futures.ThreadPoolExecutor(jobs, thread_name_prefix="electrodej")
    waiting: collections.deque[concurrent.futures.Future[T]] = collections.deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        wind_up(pool, waiting)


def wind_up(
    pool: concurrent.futures.ThreadPoolExecutor, futures: Iterable[concurrent.futures.Future[Any]]
) -> None:
    """End a pool when what it has begun is done.

    Its threads are not waited for. A generator that was given up, as after Escape, is ended by the garbage
    collector, perhaps while a new thread starts; waiting there for another one to end is waiting for ever.
    """
    pool.shutdown(wait=False, cancel_futures=True)
    concurrent.futures.wait([each for each in futures if not each.cancelled()])
