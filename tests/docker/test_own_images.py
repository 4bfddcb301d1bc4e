"""Images of a user's own: nothing of ours is installed in them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest
from docker.errors import BuildError, DockerException

from tests.integration.harness import Run, private_cache, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker import DockerClient

    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine

pytestmark = pytest.mark.usefixtures("engine", "containers")

MODEL = """
import tensorflow as tf


class Affine(tf.Module):
    inputs = {"x": tf.TensorSpec([None, 3], tf.float32)}
    examples = [{"x": [[1.0, 2.0, 3.0]]}]

    def __init__(self):
        super(Affine, self).__init__()
        self.w = tf.Variable([[1.0], [2.0], [3.0]])

    def __call__(self, x):
        return {"y": tf.matmul(x, self.w)}
"""
TEST = """
import pytest

@pytest.mark.tf_roundtrip("model.py:Affine", savers=["builder"], loaders=["tf1_load"])
def test_affine(roundtrip):
    assert roundtrip.outputs["y"].tolist() == [[14.0]]
"""
# As the official images of 1.15 are: Python 3.6, TensorFlow, and no user.
OLD = """
FROM {base}
RUN pip install --no-cache-dir -U "pip<22"
RUN pip install --no-cache-dir tensorflow==1.15.5 "protobuf<3.20"
VOLUME /data
ENTRYPOINT ["/bin/false"]
HEALTHCHECK CMD false
"""


# Python 3.6 ended before Debian bookworm came; a stand-in has its name nevertheless.
BASES = ("python:3.6-slim-bookworm", "python:3.6-slim-bullseye")


def tried(folder: Path, image: str, tensorflow: str, *options: str) -> Run:
    """Run a model of good will on an image that states this TensorFlow."""
    (folder / "model.py").write_text(MODEL, encoding="utf-8")
    (folder / "test_model.py").write_text(TEST, encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        f'[tool.tf_roundtrip.runtime.mine]\ntensorflow = "{tensorflow}"\nimage = "{image}"\n',
        encoding="utf-8",
    )
    provider = "--tf-provider=auto"  # a user's default; the harness pins environments
    return run(folder, "--tf-runtimes=mine", provider, *options, cache=private_cache(folder))


def said(ran: Run) -> str:
    """The one reason why no cell could be tried."""
    assert ran.status == 1, ran.output
    assert {cell["verdict"] for cell in ran.cells.values()} == {"env_error"}
    return str(next(iter(ran.cells.values()))["message"])


@pytest.fixture(scope="module")
def python_36(engine: ContainerEngine, client: DockerClient) -> str:
    """An image with Python 3.6 and TensorFlow 1.15.5."""
    base = _first(client, *BASES)
    if base is None:
        pytest.skip(f"none of {', '.join(BASES)} is there: scripts/docker-host up 3.6")
    network = None if engine.has_bridge else "host"
    try:
        built, _ = client.images.build(
            fileobj=io.BytesIO(OLD.format(base=base).encode()),
            tag="tf-roundtrip-test:py36",
            network_mode=network,
            rm=True,
            forcerm=True,
        )
    except BuildError as error:
        pytest.fail(f"{error}: {list(error.build_log)[-5:]}")
    return str(built.tags[0])


@pytest.mark.parametrize("provider", ["docker", "auto"])
def test_python_36_with_nothing_of_ours_is_a_runtime(
    tmp_path: Path, python_36: str, provider: str
) -> None:
    ran = tried(tmp_path, python_36, "1.15.5", f"--tf-provider={provider}")
    assert ran.status == 0, ran.output
    assert {cell["verdict"] for cell in ran.cells.values()} == {"same"}
    (runtime,) = ran.report["runtimes"]
    assert runtime["python"].startswith("3.6.")
    assert runtime["provider"] == "docker"
    assert runtime["image"].startswith("sha256:")


def test_another_tensorflow_than_stated_is_told(tmp_path: Path, python_36: str) -> None:
    text = said(tried(tmp_path, python_36, "1.15.4"))
    assert "runs TensorFlow 1.15.5, but [tool.tf_roundtrip.runtime.mine] says 1.15.4" in text


def test_an_image_without_tensorflow_is_told(tmp_path: Path) -> None:
    text = said(tried(tmp_path, "python:3.11-slim-bookworm", "2.15.1"))
    assert "No module named" in text
    assert "[tool.tf_roundtrip.runtime.mine]" in text


@pytest.fixture
def empty(client: DockerClient) -> Iterator[str]:
    """An image with nothing in it."""
    name = "tf-roundtrip-test:empty"
    client.api.import_image_from_data(_tar({"nothing": b""}), *name.split(":"))
    yield name
    client.images.remove(name)


def test_an_image_without_python_is_told(tmp_path: Path, empty: str) -> None:
    text = said(tried(tmp_path, empty, "2.15.1"))
    assert "has no Python on its PATH (asked for python3 and python)" in text


@pytest.fixture
def foreign(engine: ContainerEngine, client: DockerClient) -> Iterator[str]:
    """An image for another machine, whose python3 is no program of this one."""
    name = "tf-roundtrip-test:foreign"
    other = "s390x" if not engine.platform.endswith("s390x") else "amd64"
    layer = _tar({"bin/python3": b"\x7fELF\x02\x02\x01" + bytes(57)})
    config = {"os": "linux", "architecture": other, "rootfs": {"type": "layers", "diff_ids": []}}
    config["config"] = {"Env": ["PATH=/bin"]}
    config["rootfs"]["diff_ids"] = [_digest(layer)]  # type: ignore[index]
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {
        "config.json": json.dumps(config).encode(),
        "layer.tar": layer,
        "manifest.json": json.dumps(manifest).encode(),
    }
    client.images.load(_tar(files))
    yield name
    client.images.remove(name)


def test_an_image_for_another_platform_is_told(tmp_path: Path, foreign: str) -> None:
    text = said(tried(tmp_path, foreign, "2.15.1"))
    assert "linux/s390x" in text or "exec format error" in text


def test_an_image_that_cannot_be_pulled_is_told(tmp_path: Path) -> None:
    text = said(tried(tmp_path, "localhost:1/nobody/nothing:1", "2.15.1"))
    assert "localhost:1/nobody/nothing:1" in text
    assert "pulled" in text


def test_no_engine_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    text = said(tried(tmp_path, "python:3.11-slim-bookworm", "2.15.1", "--tf-provider=docker"))
    assert "no container engine answers" in text
    assert "DOCKER_HOST (unix:///nowhere/docker.sock)" in text


def _first(client: DockerClient, *references: str) -> str | None:
    """The first image that is there, or else can be pulled."""
    for get in (client.images.get, client.images.pull):
        for reference in references:
            with contextlib.suppress(DockerException):
                get(reference)
                return reference
    return None


def _tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
