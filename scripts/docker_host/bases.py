"""The bases: which are wanted, what they are called, which an engine has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.runtimes.files import human_size
from pytest_tfroundtrip.settings import DEFAULT_RUNTIMES

if TYPE_CHECKING:
    from docker import DockerClient

REPOSITORY = "python"
ROOT_REPOSITORY, ROOT_TAG = "pytest-tfroundtrip-stand-in", "bookworm"
LABEL = "pytest-tfroundtrip.stand-in"


def default_series() -> list[str]:
    """The Pythons of the reference runtimes, oldest first."""
    found = {releases()[name].python for name in DEFAULT_RUNTIMES}
    return sorted(found, key=lambda series: [int(part) for part in series.split(".")])


def tag_of(series: str) -> str:
    """The public image's tag."""
    return f"{series}-slim-bookworm"


def base_of(series: str) -> str:
    """The public image's name, as Dockerfiles say it."""
    return f"{REPOSITORY}:{tag_of(series)}"


def image_of(client: DockerClient, reference: str) -> Any:
    """An image that an engine has, else None."""
    from docker.errors import ImageNotFound  # noqa: PLC0415

    try:
        return client.images.get(reference)
    except ImageNotFound:
        return None


def kind_of(image: Any) -> str:
    """What people want to know of a base."""
    what = "stand-in" if LABEL in (image.labels or {}) else "image"
    return f"{what}, {human_size(image.attrs['Size'])}"
