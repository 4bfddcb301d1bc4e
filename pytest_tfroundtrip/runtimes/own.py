"""The provider of interpreters that a user's own runtime names: taken as they are.

``python = "/opt/prod/bin/python"`` without ``requirements``. With ``requirements`` that interpreter
is what the provider ``venv`` makes an environment from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.installed import installed, installed_digest, told_versions
from pytest_tfroundtrip.runtimes.interpreters import own_interpreter, remembered_interpreter
from pytest_tfroundtrip.runtimes.launch import agent_launch
from pytest_tfroundtrip.runtimes.process import same_version
from pytest_tfroundtrip.runtimes.provider import Environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.interpreters import Interpreter
    from pytest_tfroundtrip.runtimes.launch import Launch
    from pytest_tfroundtrip.runtimes.provider import Workplace


@dataclass(frozen=True)
class OwnProvider:
    """Has the interpreters that own runtimes name. It makes nothing."""

    cache: Path
    name: str = "own"

    def ready(self, runtime: Runtime) -> Environment | None:
        """The environment, if the interpreter was asked before and is still the same file."""
        known = remembered_interpreter(_named(runtime)[0], self.cache)
        return self._environment(runtime, known) if known else None

    def prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:  # noqa: ARG002
        """The environment; its TensorFlow has to be the one that is stated."""
        python, name = _named(runtime)
        interpreter = own_interpreter(python, name, self.cache)
        found = self._environment(runtime, interpreter)
        if found is None:
            have = told_versions(installed(interpreter.sys_path), "")["tensorflow"]
            says = f"has TensorFlow {have}" if have else "has no TensorFlow"
            stated = runtime.release.tensorflow
            remedy = "Correct tensorflow = ... there"
            if not have:
                remedy = f'Have an environment made: requirements = ["tensorflow=={stated}"] there'
            msg = (
                f"runtime {runtime.name}: {python} {says}, but [tool.tf_roundtrip.runtime.{name}]"
                f" says {stated}. {remedy}, or name another interpreter"
            )
            raise EnvironmentFailed(msg)
        return found

    def lock(self, runtime: Runtime) -> str | None:
        """What is installed, as far as it was looked at."""
        there = self.ready(runtime)
        return there.lock if there else None

    def command(self, environment: Environment, runtime: Runtime, workplace: Workplace) -> Launch:
        """How the runtime's agent is started."""
        return agent_launch(environment.python, runtime, workplace)

    def _environment(self, runtime: Runtime, interpreter: Interpreter) -> Environment | None:
        """What is in it is looked up each time: packages come and go."""
        packages = installed(path for path in interpreter.sys_path if path)
        versions = told_versions(packages, interpreter.version)
        if not same_version(runtime.release.tensorflow, versions["tensorflow"]):
            return None
        return Environment(
            name=runtime.environment,
            provider=self.name,
            python=interpreter.path,
            versions=versions,
            lock=installed_digest(packages, interpreter.version),
            folder=interpreter.path.parent,
            found=interpreter.source,
        )


def _named(runtime: Runtime) -> tuple[str, str]:
    """The interpreter that a runtime of the user's own names, and the runtime's name."""
    if runtime.own is None or runtime.own.python is None:
        msg = f"runtime {runtime.name} names no interpreter"
        raise EnvironmentFailed(msg)
    return runtime.own.python, runtime.own.name
