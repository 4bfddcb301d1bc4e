"""The provider of interpreters that a user's own runtime names: taken as they are.

``python = "/opt/prod/bin/python"`` without ``requirements``. With ``requirements`` that interpreter
is what the provider ``venv`` makes an environment from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.installed import installed, installed_digest, told_versions
from pytest_tfroundtrip.runtimes.interpreters import own_interpreter
from pytest_tfroundtrip.runtimes.launch import agent_launch
from pytest_tfroundtrip.runtimes.process import same_version
from pytest_tfroundtrip.runtimes.provider import Environment
from pytest_tfroundtrip.runtimes.venv import write_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime
    from pytest_tfroundtrip.runtimes.launch import Launch


@dataclass(frozen=True)
class OwnProvider:
    """Has the interpreters that own runtimes name. Asking one what is in it takes a process."""

    cache: Path
    name: str = "own"

    def ready(self, runtime: Runtime) -> Environment | None:
        """The environment, if the interpreter was asked before and nothing changed since."""
        own = _own(runtime)
        asked = self._remembered(own)
        return self._environment(runtime, asked) if asked else None

    def prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:  # noqa: ARG002
        """The environment; its TensorFlow has to be the one that is stated."""
        own = _own(runtime)
        found = self._environment(runtime, self._remembered(own) or self._ask(own))
        if found is None:
            have = told_versions(installed(self._ask(own)["sys_path"]), "")["tensorflow"]
            says = f"has TensorFlow {have}" if have else "has no TensorFlow in it"
            remedy = "Correct tensorflow = ..." if have else 'Add requirements = ["tensorflow"]'
            msg = (
                f"runtime {runtime.name}: {own.python} {says}, but"
                f" [tool.tf_roundtrip.runtime.{own.name}] says {own.tensorflow}. {remedy} there,"
                " or name another interpreter"
            )
            raise EnvironmentFailed(msg)
        return found

    def command(self, environment: Environment, runtime: Runtime) -> Launch:
        """How the runtime's agent is started."""
        return agent_launch(environment.python, runtime, environment.folder)

    def _environment(self, runtime: Runtime, asked: dict[str, Any]) -> Environment | None:
        packages = installed(asked["sys_path"])
        versions = told_versions(packages, asked["version"])
        if not same_version(runtime.release.tensorflow, versions["tensorflow"]):
            return None
        python = Path(asked["path"])
        return Environment(
            name=runtime.environment,
            provider=self.name,
            python=python,
            versions=versions,
            lock=installed_digest(packages, asked["version"]),
            folder=python.parent,
            found="pyproject.toml",
        )

    def _ask(self, own: OwnRuntime) -> dict[str, Any]:
        """Start the interpreter and remember its answer."""
        interpreter = own_interpreter(own.python or "", own.name)
        answer = {
            "path": str(interpreter.path),
            "version": interpreter.version,
            "sys_path": [entry for entry in interpreter.sys_path if entry],
        }
        answer["times"] = _times([answer["path"]])
        try:
            write_aside(self._memory(own), json.dumps(answer))
        except OSError:  # a read-only cache: it is asked again next time
            return answer
        return answer

    def _remembered(self, own: OwnRuntime) -> dict[str, Any] | None:
        """What was answered, while the interpreter is the same file. Packages are looked up anew."""
        try:
            answer: dict[str, Any] = json.loads(self._memory(own).read_text(encoding="utf-8"))
            same = answer["path"] == shutil.which(own.python or "")
            return answer if same and answer["times"] == _times([answer["path"]]) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _memory(self, own: OwnRuntime) -> Path:
        key = hashlib.sha256((own.python or "").encode()).hexdigest()[:16]
        return self.cache / "interpreters" / f"{key}.json"


def _own(runtime: Runtime) -> OwnRuntime:
    if runtime.own is None or runtime.own.python is None:
        msg = f"runtime {runtime.name} names no interpreter"
        raise EnvironmentFailed(msg)
    return runtime.own


def _times(paths: Iterable[str]) -> list[int]:
    return [os.stat(path).st_mtime_ns for path in paths]  # noqa: PTH116
