"""How an agent is started: its command line, its environment variables, its folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip import agent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.catalogue.extensions import Extension
    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.channel import Channel
    from pytest_tfroundtrip.runtimes.provider import Workplace

# Kept in step with agent/wire.py by a test: importing that file takes numpy.
PROTOCOL = 1

# Variables of pytest's own process that would change what a runtime is. PYTHON*: another Python's
# paths and flags. The others are read by TensorFlow, Keras and XLA at import; a shell that has
# TF_USE_LEGACY_KERAS=1 must not turn the runtime 2.21 into 2.21+tf_keras, unseen by reports and by
# the artifact store. A runtime's own `env` is the place for them.
_NOT_PASSED_ON = ("PYTHON", "TF_", "TF2_", "KERAS_", "XLA_", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
_OURS = "TF_ROUNDTRIP_"


@dataclass(frozen=True)
class Launch:
    """What starts one agent."""

    argv: tuple[str, ...]
    env: Mapping[str, str]  # the whole environment, nothing is inherited beside it
    cwd: Path
    remake: str = ""  # the commands that make its environment again

    @property
    def title(self) -> str:
        """What is started."""
        return self.argv[0]

    async def open(self, log: Path) -> Channel:
        """Start it; ``log`` gets its stderr."""
        from pytest_tfroundtrip.runtimes.subprocess_channel import (  # noqa: PLC0415  asyncio's
            SubprocessChannel,
        )

        return await SubprocessChannel.open(self, log)


def agent_launch(python: Path, runtime: Runtime, workplace: Workplace) -> Launch:
    """The launch of a runtime's agent by an interpreter of this machine.

    Args:
        python: the interpreter that has TensorFlow.
        runtime: the runtime; behaviors don't matter, they are set in the agent's children.
        workplace: where the process has its working directory, and what it has to know.
    """
    extensions = [
        agent_extension(each, str(each.apis), str(each.agent)) for each in workplace.extensions
    ]
    return Launch(
        # -B: nothing of ours is written where it is installed; -s: no ~/.local of that Python.
        argv=(
            str(python),
            "-B",
            "-s",
            str(agent_main()),
            agent_config(runtime, str(workplace.apis), extensions),
        ),
        env=process_environ(runtime.process_env),
        cwd=workplace.folder,
        remake=f"runtimes remove {runtime.environment}, then runtimes make {runtime.environment}",
    )


def agent_main() -> Path:
    """The agent's program, which is run by its path and imported by nobody."""
    return Path(agent.__path__[0]) / "__main__.py"


def agent_config(
    runtime: Runtime,
    apis: str,
    extensions: Iterable[Mapping[str, Any]] = (),
    sandbox: Mapping[str, Any] | None = None,
) -> str:
    """The agent's one argument, JSON.

    Args:
        runtime: what the agent's runtime is expected to be.
        apis: where the agent finds ``apis.json``.
        extensions: third parties', each of :func:`agent_extension`.
        sandbox: what a container holds its steps to: see agent/sandbox.py.
    """
    config = {
        "protocol": PROTOCOL,
        "apis": apis,
        "release": runtime.release.tensorflow,
        "keras": runtime.keras,
        "imports": list(runtime.own.imports) if runtime.own else [],
        "extensions": list(extensions),
        "sandbox": dict(sandbox) if sandbox else None,
    }
    return json.dumps(config, sort_keys=True)


def agent_extension(extension: Extension, apis: str, agent: str) -> dict[str, Any]:
    """A third party's files as an agent is told of them.

    Args:
        extension: what people here know, and messages are to name.
        apis: where the agent finds its data file.
        agent: where the agent finds its module.
    """
    known = {"apis": str(extension.apis), "agent": str(extension.agent)}
    return {"apis": apis, "agent": agent, "known_as": known}


def process_environ(more: Mapping[str, str]) -> dict[str, str]:
    """This process's variables without those that would change a runtime, and ``more``."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key.startswith(_OURS) or not key.startswith(_NOT_PASSED_ON)
    }
    return {**kept, **more}
