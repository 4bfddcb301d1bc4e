"""Images built on a real engine, from a base whose index is a few wheels: seconds, no network."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import uuid
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.docker import building, images
from pytest_tfroundtrip.runtimes.docker.images import DIGEST, ImagePlan
from pytest_tfroundtrip.runtimes.uv import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from docker import DockerClient

    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine

REAL_BASE = "python:3.11-slim-bookworm"

# What check.py looks at, and nothing else of TensorFlow.
TENSORFLOW = """
__version__ = "2.15.1"
class keras:
    __version__ = "2.15.0"
    class Model: __module__ = "tensorflow.python.keras"
"""
NUMPY = "__version__ = '1.26.4'\n"
SLEEPY = "import time\nprint('asleep', flush=True)\ntime.sleep(600)\n"


def a_wheel(name: str, version: str, code: str) -> tuple[str, bytes]:
    """A wheel's file name and content: one module, and a folder of tests."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": code,
        f"{name}/tests/__init__.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in files)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"{name}-{version}-py3-none-any.whl", packed.getvalue()


@dataclass
class Site:
    """A base image with an index of its own, and what is built on it."""

    engine: ContainerEngine
    client: DockerClient
    cache: Path
    base: str
    series: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:8]}")
    told: list[str] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)

    def plan(self, tensorflow: str = TENSORFLOW, series: str | None = None) -> ImagePlan:
        """A lock of two packages, and a base that has them."""
        series = series or self.series
        wheels = dict(
            [a_wheel("tensorflow", "2.15.1", tensorflow), a_wheel("numpy", "1.26.4", NUMPY)]
        )
        self.make_base(series, wheels)
        lock = "".join(
            f"{'=='.join(name.split('-')[:2])} \\\n    --hash=sha256:{sha}\n"
            for name, sha in ((n, hashlib.sha256(w).hexdigest()) for n, w in wheels.items())
        )
        return ImagePlan("2.15", "2.15.1", series, self.engine.platform, lock)

    def make_base(self, series: str, wheels: dict[str, bytes]) -> None:
        files = {f"wheels/{name}": content for name, content in wheels.items()}
        files["pip.conf"] = b"[global]\nno-index = true\nfind-links = /wheels\n"
        files["Dockerfile"] = (
            f"FROM {self.base}\nCOPY wheels /wheels\nCOPY pip.conf /etc/pip.conf\n"
        ).encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
        packed.seek(0)
        tag = f"python:{series}-slim-bookworm"
        self.client.images.build(fileobj=packed, custom_context=True, tag=tag, rm=True)
        self.bases.append(tag)

    def build(self, plan: ImagePlan, stopped: Callable[[], bool] = lambda: False) -> str:
        return images.build(self.engine, plan, self.told.append, stopped, cache=self.cache)

    def left(self, plan: ImagePlan) -> list[str]:
        """Containers and images of this plan that nobody can name."""
        told_by = {"label": f"{DIGEST}={plan.digest}"}
        found = self.client.api.containers(all=True, filters=told_by)
        found += self.client.api.images(filters={**told_by, "dangling": True})
        return [each["Id"] for each in found]


@pytest.fixture(scope="session")
def quick_base(client: DockerClient) -> Iterator[str]:
    """A base whose standard library is compiled already: half the time of such a build."""
    from docker.errors import ImageNotFound  # noqa: PLC0415

    try:
        client.images.get(REAL_BASE)
    except ImageNotFound:
        client.images.pull(REAL_BASE)
    tag = f"python:test-{uuid.uuid4().hex[:8]}"
    text = f"FROM {REAL_BASE}\nRUN python -m compileall -qq -j 0 /usr/local/lib || true\n"
    client.images.build(fileobj=io.BytesIO(text.encode()), tag=tag, rm=True)
    yield tag
    client.images.remove(tag)


@pytest.fixture
def site(
    engine: ContainerEngine, client: DockerClient, quick_base: str, tmp_path: Path
) -> Iterator[Site]:
    from docker.errors import APIError  # noqa: PLC0415

    made = Site(engine, client, tmp_path, quick_base)
    yield made
    mine = [each for each in images.built_here(engine) if f"/{made.series}" in base_of(each.labels)]
    for image in mine:
        if image.tag:
            client.images.remove(image.tag, force=True)
    for tag in made.bases:
        try:
            client.images.remove(tag)
        except APIError:
            continue


def base_of(labels: Any) -> str:
    return str(labels.get("org.opencontainers.image.base.name", "")).replace("python:", "/")


def run(client: DockerClient, image: str, *command: str) -> str:
    """Run something as anybody, in the narrowest container there is."""
    said: bytes = client.containers.run(
        image,
        [*command],
        remove=True,
        user="1234:1234",
        read_only=True,
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )
    return said.decode().strip()


def test_an_image_is_built_once_and_says_what_it_is(site: Site, client: DockerClient) -> None:
    plan = site.plan()
    assert images.find(site.engine, plan) is None
    made = site.build(plan)
    assert site.build(plan) == images.find(site.engine, plan) == made
    assert site.left(plan) == []
    assert site.told[0].startswith("building 2.15: TensorFlow 2.15.1 on Python test-")
    assert site.told[-1].startswith("built 2.15 in ")
    assert len(site.told) < 10
    image = client.images.get(plan.tag)
    python = run(client, made, "python", "-c", "import platform; print(platform.python_version())")
    told = {
        key.removeprefix("pytest-tfroundtrip."): value
        for key, value in image.labels.items()
        if key.startswith("pytest-tfroundtrip.")
    }
    told.pop("stand-in", None)  # the base's own, where it is one
    assert told == {
        "builder": "",
        "digest": plan.digest,
        "environment": "2.15",
        "keras": "2.15.0",
        "lock": plan.lock,
        "numpy": "1.26.4",
        "python": python,
        "tensorflow": "2.15.1",
    }
    assert image.attrs["Config"]["User"] not in ("", "root", "0")


def test_anybody_can_read_it_and_all_is_compiled(site: Site, client: DockerClient) -> None:
    site.base = REAL_BASE  # as it comes: without bytecode
    made = site.build(site.plan())
    look = (
        "import json, os, sys, tensorflow, numpy, asyncio, sqlite3\n"
        "cached = [getattr(m.__spec__, 'cached', None) for m in list(sys.modules.values())"
        " if getattr(m, '__spec__', None)]\n"
        "files = [os.path.join(d, f) for d, _, names in os.walk('/usr/local') for f in names]\n"
        "print(json.dumps({'missing': [c for c in cached if c and not os.path.exists(c)],"
        " 'unreadable': [f for f in files if not os.access(f, os.R_OK)],"
        " 'tests': [f for f in files if '/site-packages/' in f and '/tests/' in f]}))"
    )
    seen = json.loads(run(client, made, "python", "-B", "-c", look))
    assert seen == {"missing": [], "unreadable": [], "tests": []}
    assert run(client, made, "id", "-u") == "1234"


def test_another_lock_is_another_image_and_a_tag_alone_proves_nothing(
    site: Site, client: DockerClient
) -> None:
    plan = site.plan()
    client.images.get(site.bases[0]).tag(*plan.tag.split(":"))
    assert images.find(site.engine, plan) is None
    made = site.build(plan)
    assert images.find(site.engine, plan) == made
    other = replace(plan, lock_text=plan.lock_text + "wheel==1 --hash=sha256:00\n")
    assert other.tag != plan.tag
    assert images.find(site.engine, other) is None


@pytest.mark.parametrize("how", ["ctrl-c", "stopped"])
def test_a_silent_build_ends_at_once_and_leaves_nothing(site: Site, how: str) -> None:
    plan = site.plan(SLEEPY)
    ended = threading.Event()

    def stopped() -> bool:
        if how == "ctrl-c" and ended.is_set():
            raise KeyboardInterrupt
        return ended.is_set()

    began: list[float] = []

    def begin() -> None:
        began.append(time.monotonic())
        ended.set()

    def tell(line: str) -> None:
        if "importing" in line:
            threading.Timer(1.0, begin).start()

    with pytest.raises(KeyboardInterrupt if how == "ctrl-c" else Stopped):
        images.build(site.engine, plan, tell, stopped, cache=site.cache)
    assert time.monotonic() - began[0] < 6  # 0.6 to 1.5 s on a machine that does nothing else
    assert site.left(plan) == []
    assert images.find(site.engine, plan) is None


def test_what_a_killed_process_left_is_swept_by_the_next_build(site: Site) -> None:
    plan = site.plan(SLEEPY)
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from pytest_tfroundtrip.runtimes.docker import images\n"
        "from pytest_tfroundtrip.runtimes.docker.client import connect\n"
        "plan = images.ImagePlan(*sys.argv[1:5], lock_text=sys.stdin.read())\n"
        "images.build(connect(), plan, lambda line: print(line, flush=True), lambda: False,"
        " cache=Path(sys.argv[5]))\n"
    )
    with subprocess.Popen(
        [
            *(sys.executable, "-c", code, plan.name, plan.tensorflow, plan.python, plan.platform),
            str(site.cache),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(plan.lock_text)
        process.stdin.close()
        for line in process.stdout:
            if "importing" in line:
                os.kill(process.pid, signal.SIGKILL)
    working = replace(site.plan(series=f"{site.series}b"), name="2.16")
    site.build(working)
    end = time.monotonic() + 10
    while site.left(plan) and time.monotonic() < end:  # the engine removes its container itself
        images._sweep(site.engine)
        time.sleep(0.2)
    assert site.left(plan) == []


def test_two_that_need_the_same_image_build_it_once(site: Site) -> None:
    plan, made = site.plan(), list[str]()
    threads = [threading.Thread(target=lambda: made.append(site.build(plan))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert len(set(made)) == 1
    assert [line.split()[0] for line in site.told].count("building") == 1
    assert "waiting for another process that builds 2.15" in site.told


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("another file", r"is not the one of the lock.*lock 2\.15 --upgrade.*DO NOT MATCH"),
        ("no such package", r"the index has no file of a package.*No matching distribution"),
        ("it does not import", r"does not import: two versions.*ImportError: no such thing"),
        ("another release", r"has TensorFlow 2\.14\.0 instead of 2\.15\.1"),
        ("no base", r"base image python:\S+-slim-bookworm.*(docker load|has no base image)"),
    ],
)
def test_a_build_that_fails_says_why_and_leaves_nothing(site: Site, what: str, says: str) -> None:
    code = {
        "it does not import": "raise ImportError('no such thing')",
        "another release": TENSORFLOW.replace("2.15.1", "2.14.0"),
    }.get(what, TENSORFLOW)
    plan = site.plan(code)
    if what == "another file":
        plan = replace(plan, lock_text=plan.lock_text.replace("sha256:", "sha256:0")[:-2] + "\n")
        plan = replace(plan, lock_text=_hashed(plan.lock_text))
    elif what == "no such package":
        plan = replace(plan, lock_text=plan.lock_text.replace("numpy==", "nompy=="))
    elif what == "no base":
        plan = replace(plan, python=f"{plan.python}-none")
    with pytest.raises(EnvironmentFailed, match=f"(?s)2.15.*{says}"):
        site.build(plan)
    assert site.left(plan) == []


def _hashed(lock: str) -> str:
    """A lock whose hashes are all of something else."""
    lines = lock.splitlines()
    return "\n".join(
        f"    --hash=sha256:{'0' * 64}" if line.startswith("    ") else line for line in lines
    )


def test_an_image_in_use_stays_and_nothing_but_ours_is_ever_removed(
    site: Site, client: DockerClient
) -> None:
    plan = site.plan()
    site.build(plan)
    client.images.get(plan.tag).tag("somebodys", plan.digest[:12])
    derived = client.images.get(plan.tag)
    try:
        (mine,) = [i for i in images.built_here(site.engine) if i.labels[DIGEST] == plan.digest]
        assert mine.tag == plan.tag
        images.remove(site.engine, mine)
        assert images.find(site.engine, plan) is None
        assert client.images.get(f"somebodys:{plan.digest[:12]}").id == derived.id
        derived.tag(*plan.tag.split(":"))
        container = client.containers.create(plan.tag, "true")
        client.images.remove(f"somebodys:{plan.digest[:12]}")
        with pytest.raises(EnvironmentFailed, match=r"in use and stays: .*docker rm"):
            images.remove(site.engine, mine)
        container.remove()
        images.remove(site.engine, mine)
        assert images.find(site.engine, plan) is None
    finally:
        for container in client.containers.list(all=True, filters={"label": DIGEST}):
            if container.labels[DIGEST] == plan.digest:
                container.remove(force=True)


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("registry.invalid/tf:1", "its registry cannot be reached"),
        ("localhost:9/tf:1", "its registry cannot be reached"),
    ],
)
def test_an_image_that_cannot_be_pulled(engine: ContainerEngine, reference: str, says: str) -> None:
    with pytest.raises(EnvironmentFailed, match=rf"{reference} is not there.*{says}.*docker load"):
        building.pull(engine, reference, lambda _: None, lambda: False)


@pytest.mark.parametrize("name", ["1.15", "2.15", "2.21"])
def test_every_reference_runtime_imports_as_anybody(
    engine: ContainerEngine, client: DockerClient, name: str
) -> None:
    runtime = parse_runtime(name)
    plan = images.plan(runtime, releases()[name].lock.read_text(), engine)
    found = images.find(engine, plan)
    if found is None:
        pytest.skip(f"{plan.tag} is not built: images build {name}")
    said: bytes = client.containers.run(
        found,
        ["python", "/usr/local/share/pytest-tfroundtrip/check.py"],
        remove=True,
        user="1234:1234",
        read_only=True,
        tmpfs={"/tmp": "size=16m"},
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        stderr=False,
    )
    versions = json.loads(said.decode().partition("versions: ")[2])
    labels = client.images.get(found).labels
    assert versions["tensorflow"] == runtime.release.tensorflow
    assert {w: v for w, v in versions.items() if v} == {
        word: labels[f"{images.LABEL}.{word}"] for word in versions if versions[word]
    }
