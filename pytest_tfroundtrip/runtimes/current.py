"""The provider ``current``: the interpreter that runs pytest, where TensorFlow is in it."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.installed import installed, installed_digest, told_versions
from pytest_tfroundtrip.runtimes.launch import agent_launch
from pytest_tfroundtrip.runtimes.process import same_version
from pytest_tfroundtrip.runtimes.provider import Environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.launch import Launch
    from pytest_tfroundtrip.runtimes.provider import Workplace


@dataclass(frozen=True)
class CurrentProvider:
    """Has the one TensorFlow that is installed beside pytest. It makes nothing."""

    name: str = "current"

    def ready(self, runtime: Runtime) -> Environment | None:
        """The interpreter's environment, if its TensorFlow is the runtime's."""
        packages = installed(sys.path)
        versions = told_versions(packages, platform.python_version())
        if not same_version(runtime.release.tensorflow, versions["tensorflow"]) or runtime.hub:
            return None
        return Environment(
            name=runtime.environment,
            provider=self.name,
            python=Path(sys.executable),
            versions=versions,
            lock=installed_digest(packages, platform.python_version()),
            folder=Path(sys.prefix),
            found="the interpreter that runs pytest",
        )

    def prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:  # noqa: ARG002
        """As :meth:`ready`; says which TensorFlow there is where it is another one."""
        found = self.ready(runtime)
        if found is not None:
            return found
        have = told_versions(installed(sys.path), "")["tensorflow"]
        if have is None:
            msg = (
                f"runtime {runtime.name}: the provider current runs TensorFlow in the interpreter"
                f" of pytest ({sys.executable}), and there is none in it. Install tensorflow there,"
                " or let environments be made: --tf-provider=venv"
            )
        elif same_version(runtime.release.tensorflow, have):
            msg = (
                f"runtime {runtime.name}: the provider current has what is installed, not another"
                " tensorflow-hub. Let the environment be made: --tf-provider=venv"
            )
        else:
            msg = (
                f"runtime {runtime.name} is TensorFlow {runtime.release.tensorflow}, but the"
                f" interpreter of pytest ({sys.executable}) has {have}. Choose the runtime that is"
                f" there, state another patch as a runtime of your own"
                " ([tool.tf_roundtrip.runtime.NAME]), or use --tf-provider=venv"
            )
        raise EnvironmentFailed(msg)

    def lock(self, runtime: Runtime) -> str | None:
        """What is installed, as far as it was looked at."""
        there = self.ready(runtime)
        return there.lock if there else None

    def command(self, environment: Environment, runtime: Runtime, workplace: Workplace) -> Launch:
        """How the runtime's agent is started."""
        return agent_launch(environment.python, runtime, workplace)
