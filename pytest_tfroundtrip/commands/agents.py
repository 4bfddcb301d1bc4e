"""An agent for a command that asks a runtime something, outside of any run."""

from __future__ import annotations

import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_tfroundtrip.runtimes.process import AgentProcess, Hello
from pytest_tfroundtrip.runtimes.provider import Workplace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.provider import Environment, Provider

_START_SECONDS = 300.0


class Started(NamedTuple):
    """An agent that has imported TensorFlow."""

    agent: AgentProcess
    hello: Hello
    folder: Path  # that its steps may write to; gone with it
    log: Path


@asynccontextmanager
async def started(
    provider: Provider, runtime: Runtime, environment: Environment
) -> AsyncIterator[Started]:
    """The runtime's agent, ended when it is left.

    Raises:
        EnvironmentFailed: it does not start, or is not what its runtime says.
    """
    agent = AgentProcess(runtime)
    with tempfile.TemporaryDirectory(prefix="tf-roundtrip-ask-") as name:
        log, folder = Path(name) / "agent.log", Path(name) / "files"
        folder.mkdir()
        launcher = provider.command(environment, runtime, Workplace(folder))
        try:
            hello = await agent.start(launcher, log=log, start_timeout=_START_SECONDS)
            yield Started(agent, hello, folder, log)
        finally:
            await agent.close()
