"""Work on several bases, two at once: one that fails is told and stops no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from docker_host.bases import base_of
from docker_host.telling import Failed, say
from pytest_tfroundtrip.errors import EnvironmentFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

AT_ONCE = 2


def each(wanted: Iterable[str], work: Callable[[str], None]) -> list[str]:
    """Work on bases, two at once; those that failed, each of which was told."""

    def attempt(series: str) -> bool:
        try:
            work(series)
        except (Failed, EnvironmentFailed) as error:
            say(f"{base_of(series)}: {error}")
            return False
        return True

    wanted = list(wanted)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        worked = list(pool.map(attempt, wanted))
    return [series for series, fine in zip(wanted, worked, strict=True) if not fine]
