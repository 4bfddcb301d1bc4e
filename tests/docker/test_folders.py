"""SavedModel folders in containers: what came from anywhere has containers of its own."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.integration.harness import Run, private_cache, run
from tests.saved_models import DATA

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Containers

pytestmark = pytest.mark.usefixtures("engine")

DOCKER = ("--tf-provider=docker", "--tf-runtimes=2.15", "--tf-loaders=tf1_load,tf2_load")
NAMES = ("keras-2.8", "tf_module-2.15")
APART = "untrusted: each model has containers of its own"


def seen(tmp_path: Path, *options: str) -> Run:
    for name in NAMES:
        target = tmp_path / "models" / name
        shutil.copytree(DATA / name, target)
        shutil.rmtree(target / "assets.extra")  # its record was left out of the repository in part
    return run(tmp_path, *DOCKER, *options, cache=private_cache(tmp_path))


@pytest.mark.parametrize("options", [("--tf-model=models",), ("models", "--tf-trusted")])
def test_folders_come_back_the_same_in_containers(
    tmp_path: Path, containers: Containers, options: tuple[str, ...]
) -> None:
    """Alone by default; in one that they share where they are said to be one's own."""
    run_ = seen(tmp_path, *options)
    assert run_.status == 0, run_.output
    assert set(run_.verdicts().values()) == {"same"}
    assert len(run_.cells) == 4
    missed = [each for cell in run_.cells.values() for each in cell["not_compared"]]
    assert not [each for each in missed if "not called" in each]
    assert (APART in run_.output) is ("--tf-trusted" not in options)
    assert containers.names() == []
