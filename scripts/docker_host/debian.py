"""The root of all stand-ins: a Debian bookworm with the libraries that Pythons need."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from docker_host.bases import LABEL, ROOT_REPOSITORY, ROOT_TAG, image_of
from docker_host.telling import Failed, say
from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine, explain
from pytest_tfroundtrip.runtimes.files import human_size

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a Python that was built on this machine may be linked with, as bookworm names it. Builds by
# uv bring their own.
LIBRARIES = (
    *("ca-certificates", "netbase", "tzdata", "libssl3", "libffi8", "libsqlite3-0", "zlib1g"),
    *("libbz2-1.0", "liblzma5", "libreadline8", "libncursesw6", "libuuid1", "libexpat1"),
    *("libnsl2", "libtirpc3", "libcrypt1", "libgdbm6"),
)
NOT_FOR_AN_IMAGE = ("doc/*", "man/*", "locale/*", "info/*", "lintian/*")


def make_root(engine: ContainerEngine, mirror: str | None) -> None:
    """Give the engine a Debian bookworm with the libraries that Pythons need.

    Raises:
        Failed: mmdebstrap is missing, or failed.
    """
    began = time.monotonic()
    program = shutil.which("mmdebstrap")
    if program is None:
        msg = "a stand-in needs mmdebstrap: install it (apt-get install mmdebstrap)"
        raise Failed(msg)
    options = [
        "--variant=minbase",
        f"--include={','.join(LIBRARIES)}",
        # an air-gapped mirror is a snapshot, and its Release file may be past its date
        '--aptopt=Acquire::Check-Valid-Until "false"',
        *(f"--aptopt={option}" for option in ('Acquire::Languages "none"', *apt_options())),
        *(f"--dpkgopt=path-exclude=/usr/share/{path}" for path in NOT_FOR_AN_IMAGE),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    ]
    sources = [mirror] if mirror else debian_sources()
    say(f"making Debian bookworm from {_short(sources)}: about half a minute")
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [program, *options, "bookworm", "-", *sources],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            image = _import_root(engine, process.stdout)
            code = process.wait()
        finally:
            _end(process)
        if code != 0:
            errors.seek(0)
            lines = errors.read().decode("utf-8", "replace").strip().splitlines()
            said = [line for line in lines if line.startswith(("E: ", "W: ", "Err:"))][
                -6:
            ] or lines[-6:]
            with closing(engine.open()) as client:
                client.images.remove(f"{ROOT_REPOSITORY}:{ROOT_TAG}", force=True)
            msg = (
                "mmdebstrap failed:\n  " + "\n  ".join(said) + "\nUsually the mirror cannot be"
                " reached, or its key is not known: name one in TF_ROUNDTRIP_DOCKER_MIRROR"
            )
            raise Failed(msg)
    say(f"{ROOT_REPOSITORY}:{ROOT_TAG}: made ({human_size(image.attrs['Size'])})", began)


def debian_sources() -> list[str]:
    """Where this machine's apt gets bookworm, as lines for mmdebstrap; none: its own default."""
    fields = "$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)\t$(SIGNED_BY)\t$(CODENAME)"
    command = ["apt-get", "indextargets", "--format", fields]
    wanted = ["Created-By: Packages", "Origin: Debian"]
    if shutil.which("apt-get") is None:
        return []
    ended = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    lines: dict[str, None] = {}
    for line in ended.stdout.splitlines():
        where, release, component, key, codename = line.split("\t")
        if codename.partition("-")[0] == "bookworm":
            signed = f"[signed-by={key}] " if key.startswith("/") else ""
            lines[f"deb {signed}{where} {release} {component}"] = None
    main = [line for line in lines if line.endswith(" bookworm main")]
    return list(lines) if main else []


def apt_options() -> list[str]:
    """This machine's proxies and certificates for apt, which mmdebstrap does not take over."""
    if shutil.which("apt-config") is None:
        return []
    command = ["apt-config", "dump", "--no-empty", "--format", '%F "%v";%n']
    said = ""
    for key in ("Acquire::http", "Acquire::https"):
        said += subprocess.run([*command, key], capture_output=True, text=True, check=False).stdout
    return [line for line in said.splitlines() if line]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End mmdebstrap, which has mounts and half a gigabyte to clear away."""
    if process.stdout:
        process.stdout.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.terminate()
        process.wait(30)
    process.kill()
    process.wait()


def _short(sources: Sequence[str]) -> str:
    places = [word for line in sources for word in line.split() if "://" in word or line == word]
    return " ".join(dict.fromkeys(places)) or "Debian's own mirror"


def _import_root(engine: ContainerEngine, tar: Any) -> Any:
    """Hand a root file system to the engine while it is made."""
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    changes = ['CMD ["bash"]', f"LABEL {LABEL}=1"]
    with closing(engine.open()) as client:
        try:
            said = client.api.import_image_from_stream(
                iter(lambda: tar.read(1 << 20), b""),
                repository=ROOT_REPOSITORY,
                tag=ROOT_TAG,
                changes=changes,
            )
        except (DockerException, RequestException) as error:
            said = explain(error)
        image = image_of(client, f"{ROOT_REPOSITORY}:{ROOT_TAG}")
    if image is None:
        msg = f"the engine did not take Debian's files: {str(said).strip()[-300:]}"
        raise Failed(msg)
    return image
