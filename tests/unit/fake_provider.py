"""A provider whose agents are ``fake_agent.py``: for tests of the engine and of the plugin."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.apis import APIS_FILE
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.launch import (
    Launch,
    agent_config,
    agent_extension,
    process_environ,
)
from pytest_tfroundtrip.runtimes.provider import Environment, Workplace

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_tfroundtrip.catalogue.extensions import Extension
    from pytest_tfroundtrip.catalogue.runtime import Runtime

FAKE_AGENT = Path(__file__).with_name("fake_agent.py")


def write_script(file: Path, **script: Any) -> Path:
    """Write what TF_ROUNDTRIP_FAKE names: see fake_agent.py for the keys."""
    file.write_text(json.dumps(script), encoding="utf-8")
    return file


def requests(file: Path) -> list[dict[str, Any]]:
    """What the fake agents were asked, from the file that their script names as "requests"."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def fake_launch(
    runtime: Runtime,
    folder: Path,
    script: Path | None = None,
    extensions: tuple[Extension, ...] = (),
) -> Launch:
    """What starts the fake agent of a runtime."""
    told = [agent_extension(each, str(each.apis), str(each.agent)) for each in extensions]
    more = dict(runtime.process_env)
    if script is not None:
        more["TF_ROUNDTRIP_FAKE"] = str(script)
    return Launch(
        argv=(
            *(sys.executable, "-B", "-s", str(FAKE_AGENT)),
            agent_config(runtime, str(APIS_FILE), told),
        ),
        env=process_environ(more),
        cwd=folder,
        remake=f"runtimes remove {runtime.environment}, then runtimes make {runtime.environment}",
    )


@dataclass
class FakeProvider:
    """Has every environment at once, except those named in ``broken``."""

    folder: Path
    script: Path | None = None
    there: bool = True  # else environments are there after prepare() only
    broken: dict[str, str] = field(default_factory=dict)  # environment: message
    made: list[str] = field(default_factory=list)
    name: str = "fake"

    def ready(self, runtime: Runtime) -> Environment | None:
        there = self.there or runtime.environment in self.made
        return self._environment(runtime) if there and not self._broken(runtime) else None

    def prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:
        if message := self._broken(runtime):
            raise EnvironmentFailed(message)
        progress(f"making {runtime.environment}")
        self.made.append(runtime.environment)
        return self._environment(runtime)

    def lock(self, runtime: Runtime) -> str | None:
        return "0" * 64 if self.ready(runtime) else None

    def command(self, environment: Environment, runtime: Runtime, workplace: Workplace) -> Launch:
        assert environment.name == runtime.environment
        assert workplace.folder.is_dir()
        return fake_launch(runtime, self.folder, self.script, workplace.extensions)

    def _broken(self, runtime: Runtime) -> str | None:
        return self.broken.get(runtime.environment)

    def _environment(self, runtime: Runtime) -> Environment:
        return Environment(
            name=runtime.environment,
            provider=self.name,
            python=Path(sys.executable),
            versions={"tensorflow": runtime.release.tensorflow, "python": sys.version.split()[0]},
            lock="0" * 64,
            folder=self.folder,
        )
