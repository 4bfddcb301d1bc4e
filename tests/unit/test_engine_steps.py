"""Environments that steps wait for."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.engine import steps
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes import prepare
from pytest_tfroundtrip.runtimes.provider import Environment

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

RUNTIME = parse_runtime("2.15")
MADE = Environment("2.15", "fake", Path(sys.executable), {}, "0" * 64, Path())


class Providers:
    """Makes an environment whenever asked, and counts."""

    def __init__(self, *_: Any) -> None:
        self.asked = 0

    def prepare(self, runtimes: list[Any], _: Callable[[str], None]) -> dict[str, Environment]:
        self.asked += 1
        return {each.environment: MADE for each in runtimes}


def test_several_may_wait_for_an_environment_that_nobody_expected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder's next runtime is asked when the nearest cannot load it: each of its functions."""
    monkeypatch.setattr(prepare, "Providers", Providers)
    settings: Any = SimpleNamespace(cache=None, provider=None, limits=None, jobs=1)

    async def wait() -> tuple[list[Environment], Any]:
        made = steps.Steps(settings, None, asyncio.get_running_loop())  # type: ignore[arg-type]
        made.open()
        several = [made.environment(RUNTIME) for _ in range(3)]
        found = list(await asyncio.gather(*several))
        await made.close()
        return found, made.providers

    seen, providers = asyncio.run(wait())
    assert seen == [MADE] * 3
    assert providers.asked == 1


def test_an_agent_starts_before_its_first_step_is_known_once_its_environment_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a thousand folders should give is looked up while TensorFlow is imported."""
    monkeypatch.setattr(prepare, "Providers", Providers)
    settings: Any = SimpleNamespace(cache=None, provider=None, limits=None, jobs=1)
    started: list[str] = []

    async def start(key: str) -> Any:
        started.append(key)
        return SimpleNamespace(close=lambda: asyncio.sleep(0))

    async def begin() -> list[list[str]]:
        made = steps.Steps(settings, None, asyncio.get_running_loop())  # type: ignore[arg-type]
        monkeypatch.setattr(made, "_start_agent", start)
        made.open()
        agent = made.agent(RUNTIME)
        looking = made.task(agent, 0, asyncio.sleep(60))
        seen = []
        for there in ({"2.8": MADE}, {"2.15": EnvironmentFailed("no")}, {"2.15": MADE}):
            await made.have(dict(there))
            await asyncio.sleep(0)
            seen.append(list(started))
        looking.cancel()
        await made.close()
        return seen

    assert asyncio.run(begin()) == [[], [], ["2.15"]]
