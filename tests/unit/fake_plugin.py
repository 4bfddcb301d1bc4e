"""Loaded with ``-p fake_plugin``: every runtime's agent is ``fake_agent.py``.

``TF_ROUNDTRIP_FAKE`` names the agents' script; ``TF_ROUNDTRIP_BROKEN`` an environment that cannot
be had.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fake_provider import FakeProvider

if TYPE_CHECKING:
    import pytest

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.provider import Provider


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

    class FakeProviders(prepare.Providers):
        """Gives the one fake provider to every runtime."""

        def of(self, runtime: Runtime) -> Provider:  # noqa: ARG002
            return provider

    config.add_cleanup(partial(vars(prepare).update, dict(vars(prepare))))
    vars(prepare).update(Providers=FakeProviders)
