"""Work shared among processes: seeding waits for the database and for Python in turn."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connections

Job = TypeVar("Job")


def run_in_processes(do: Callable[[Job], None], jobs: Sequence[Job], *, processes: int) -> None:
    """Do every job, `processes` at once; with 1, in this process and its transaction.

    Raises what a job raised; what other processes had committed by then stays.
    """
    if processes == 1:
        for job in jobs:
            do(job)
        return
    # Children must not share this process's connections: each opens its own.
    connections.close_all()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for _done in pool.imap_unordered(do, jobs, chunksize=1):
            pass
