"""What a provider is: a way of having the environment that a runtime's process runs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from pytest_tfroundtrip.catalogue.apis import APIS_FILE
from pytest_tfroundtrip.runtimes.files import folder_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.extensions import Extension
    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.channel import Launcher

# The packages whose versions a report names, by the word it uses for them; the distributions that
# bring them, most specific first. "python" is told beside them.
DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tensorflow": (
            "tensorflow",
            "tensorflow-cpu",
            "tensorflow-gpu",
            "tensorflow-macos",
            "tensorflow-intel",
            "tensorflow-cpu-aws",
            "tf-nightly",
            "tf-nightly-cpu",
        ),
        "keras": ("keras",),
        "tf_keras": ("tf-keras",),
        "tensorflow_hub": ("tensorflow-hub",),
        "numpy": ("numpy",),
    }
)


@dataclass(frozen=True)
class Environment:
    """A place that has a TensorFlow, ready to run an agent."""

    name: str  # the runtime's word for it: "2.15", "1.15+hub0.6", "prod"
    provider: str  # "venv", "docker", ...
    python: Path  # the executable; of an image, what its PATH is asked for
    versions: Mapping[str, str | None]  # of DISTRIBUTIONS' keys and "python", where known
    lock: str  # sha256 of what determines what is installed
    folder: Path | None = None  # None where it is no folder of this machine
    image: str | None = None  # id of its image
    found: str = field(default="", compare=False)  # where the interpreter or image came from

    def size(self) -> int:
        """Bytes below its folder. Takes a walk through all of it."""
        return folder_size(self.folder) if self.folder else 0


@dataclass(frozen=True)
class Workplace:
    """What an agent is going to work on: a container sees this much of the machine."""

    folder: Path  # its own; exists and is empty
    reads: tuple[Path, ...] = ()  # folders that its steps name: models' roots, the store
    untrusted: bool = False  # its models are nobody's friends
    apis: Path = APIS_FILE
    extensions: tuple[Extension, ...] = ()  # third parties', which the agent imports too


class Provider(Protocol):
    """A way of having environments. One that cannot have a runtime says so in ``prepare``."""

    @property
    def name(self) -> str:
        """The word for it in options and reports."""

    def ready(self, runtime: Runtime) -> Environment | None:
        """The environment, if it is there already. Quick (under 2 ms), changes nothing."""

    def prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:
        """The environment, made if it is not there.

        Args:
            runtime: whose environment it is; its behavior doesn't matter.
            progress: takes a line for the person who waits; may be called from any thread.

        Raises:
            EnvironmentFailed: why it cannot be had, and what to do.
        """

    def lock(self, runtime: Runtime) -> str | None:
        """What its environment's ``lock`` is, or will be, where that is known without making it."""

    def command(self, environment: Environment, runtime: Runtime, workplace: Workplace) -> Launcher:
        """How the runtime's agent is started in its environment."""
