"""Loaded with ``-p fake_plugin``: every runtime's agent is ``fake_agent.py``.

``TF_ROUNDTRIP_FAKE`` names the agents' script; ``TF_ROUNDTRIP_BROKEN`` an environment that cannot
be had.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fake_provider import FakeProvider

from pytest_tfroundtrip.errors import EnvironmentFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.provider import Environment


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("tf_roundtrip"):
        return
    from pytest_tfroundtrip.runtimes import prepare  # noqa: PLC0415

    script = os.environ.get("TF_ROUNDTRIP_FAKE")
    broken = os.environ.get("TF_ROUNDTRIP_BROKEN")
    provider = FakeProvider(
        Path.cwd(),
        Path(script) if script else None,
        there=not os.environ.get("TF_ROUNDTRIP_TO_MAKE"),
        broken={broken: f"no interpreter for {broken}"} if broken else {},
    )

    def ready(runtimes: Iterable[Runtime], **_: Any) -> dict[str, Environment]:
        found = {runtime.environment: provider.ready(runtime) for runtime in runtimes}
        return {name: environment for name, environment in found.items() if environment}

    def prepare_all(
        runtimes: Iterable[Runtime], *, progress: Callable[[str], None], **_: Any
    ) -> dict[str, Environment | EnvironmentFailed]:
        made: dict[str, Environment | EnvironmentFailed] = {}
        for runtime in runtimes:
            try:
                made[runtime.environment] = provider.prepare(runtime, progress)
            except EnvironmentFailed as error:
                made[runtime.environment] = error
        return made

    config.add_cleanup(partial(vars(prepare).update, dict(vars(prepare))))
    vars(prepare).update(
        ready=ready, prepare_all=prepare_all, provider_of=lambda *_, **__: provider
    )
