"""Environments that steps wait for."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.engine import steps
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
        several = [made.environment(RUNTIME) for _ in range(3)]
        return list(await asyncio.gather(*several)), made.providers

    seen, providers = asyncio.run(wait())
    assert seen == [MADE] * 3
    assert providers.asked == 1
