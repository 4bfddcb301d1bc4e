# ruff: noqa: INP001 - a script, no package
"""The half of ``scripts/docker-host`` that speaks with an engine: asks it, gives it base images.

The engine is found by the same search as the docker provider's, and spoken to through the same
SDK: whatever answers there (Docker, Podman, one on another machine) is what gets the bases, and no
command line client has to be installed. What is told goes to stderr, what the shell reads to
stdout.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import platform
import queue
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes import interpreters
from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine, connect, explain
from pytest_tfroundtrip.runtimes.files import human_size
from pytest_tfroundtrip.runtimes.interpreters import Interpreter, find_interpreter, probe
from pytest_tfroundtrip.runtimes.uv import Uv, UvFailed
from pytest_tfroundtrip.settings import DEFAULT_RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from docker import DockerClient

REPOSITORY = "python"
ROOT_REPOSITORY, ROOT_TAG = "pytest-tfroundtrip-stand-in", "bookworm"
LABEL = "pytest-tfroundtrip.stand-in"

NO_ENGINE = 3  # exit code
AT_ONCE = 2
REGISTRY_SECONDS = 6  # a registry that is there answers in one; a network that drops packets never

# What a Python that was built on this machine may be linked with, as bookworm names it. Builds by
# uv bring their own.
LIBRARIES = (
    *("ca-certificates", "netbase", "tzdata", "libssl3", "libffi8", "libsqlite3-0", "zlib1g"),
    *("libbz2-1.0", "liblzma5", "libreadline8", "libncursesw6", "libuuid1", "libexpat1"),
    *("libnsl2", "libtirpc3", "libcrypt1", "libgdbm6"),
)
NOT_FOR_AN_IMAGE = ("doc/*", "man/*", "locale/*", "info/*", "lintian/*")

# Modules whose libraries differ between machines: what the interpreter has here, it has to have in
# the image. Without the first three pip installs nothing.
LINKED = ("ssl", "zlib", "ctypes", "hashlib", "bz2", "lzma", "sqlite3", "readline", "curses")
NEEDED = LINKED[:3]

_LOOK = (
    "import json,os,sys,sysconfig\n"
    "def works(name):\n"
    "    try: __import__(name)\n"
    "    except ImportError: return False\n"
    "    return True\n"
    "built = os.path.dirname(sysconfig.get_config_var('LIBDIR') or '')\n"
    f"print(json.dumps([sys.base_prefix, built, [name for name in {LINKED!r} if works(name)]]))"
)

_DOCKERFILE = """\
FROM {root}
COPY python/ /usr/local/
COPY machine/ /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
PYTHON_VERSION={version}
RUN set -e; ldconfig; update-ca-certificates >/dev/null 2>&1; \
ln -s python{series} /usr/local/bin/python3; ln -s python3 /usr/local/bin/python; \
python3 -c 'import {modules}'; python3 -m ensurepip --default-pip >/dev/null 2>&1; pip --version; \
find /usr/local -name __pycache__ -prune -exec rm -rf {{}} +
CMD ["python3"]
"""


class Failed(Exception):  # noqa: N818 - says what happened
    """A base cannot be had: what failed and what to do."""


def say(line: str, began: float | None = None) -> None:
    """One line of progress, with the seconds since it began."""
    seconds = "" if began is None else f", {time.monotonic() - began:.1f} s"
    sys.stderr.write(f"docker-host: {line}{seconds}\n")
    sys.stderr.flush()


# --- the engine ------------------------------------------------------------------------------


def describe(engine: ContainerEngine) -> str:
    """An engine in one line."""
    return f"{engine.name} on {engine.address} ({engine.found})"


def wait_for(path: str, seconds: float, pid: int) -> bool:
    """Wait until an engine answers on a socket, as long as its process lives."""
    import docker  # noqa: PLC0415 - heavy, as everywhere
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    end = time.monotonic() + seconds
    while time.monotonic() < end and is_running(pid):
        try:
            with closing(docker.APIClient(f"unix://{path}", version="1.40", timeout=2)) as api:
                if api.ping():
                    return True
        except (DockerException, RequestException, OSError):
            time.sleep(0.1)
    return False


def is_running(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def is_held(path: str) -> bool:
    """Whether somebody listens on a socket, answering or not."""
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(2)
        try:
            client.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
    return True


# --- bases that are there, or that a registry has --------------------------------------------


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


def why_no_registry(engine: ContainerEngine, series: str) -> str | None:
    """Why the engine gets nothing from a registry, None where it does.

    Only the engine knows its mirrors and proxies; so it is asked to pull, and let go of at the
    first word from a registry. The SDK waits for that word without an end: hence the thread, which
    ends with this process at the latest.
    """
    answers: queue.Queue[str | None] = queue.Queue()
    ask = threading.Thread(
        target=lambda: answers.put(_first_word(engine, series)), name="registry", daemon=True
    )
    ask.start()
    try:
        return answers.get(timeout=REGISTRY_SECONDS)
    except queue.Empty:
        return f"none answered the engine within {REGISTRY_SECONDS} s"


def _first_word(engine: ContainerEngine, series: str) -> str | None:
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    with closing(engine.open()) as client:
        try:
            for event in client.api.pull(REPOSITORY, tag=tag_of(series), stream=True, decode=True):
                if "error" in event:
                    return str(event["error"])
                if "id" in event:
                    return None
        except (DockerException, RequestException) as error:
            return explain(error)
    return None


def pull(engine: ContainerEngine, wanted: Sequence[str]) -> list[str]:
    """Pull what is missing, where a registry answers. What is missing still is returned."""
    with closing(engine.open()) as client:
        there = {series: image_of(client, base_of(series)) for series in wanted}
    for series, image in there.items():
        if image is not None:
            say(f"{base_of(series)}: there ({kind_of(image)})")
    missing = [series for series, image in there.items() if image is None]
    if not missing:
        return []
    began = time.monotonic()
    if reason := why_no_registry(engine, missing[0]):
        say(f"no registry: {reason}", began)
        return missing
    failed = each(missing, lambda series: _pull_one(engine, series))
    return list(failed)


def _pull_one(engine: ContainerEngine, series: str) -> None:
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    began = time.monotonic()
    with closing(engine.open()) as client:
        try:
            image = client.images.pull(REPOSITORY, tag=tag_of(series))
        except (DockerException, RequestException) as error:
            msg = f"not pulled: {explain(error)}"
            raise Failed(msg) from error
        say(f"{base_of(series)}: pulled ({kind_of(image)})", began)


def each(wanted: Iterable[str], work: Callable[[str], None]) -> list[str]:
    """Work on bases, two at once; those that failed, each of which was told."""

    def attempt(series: str) -> bool:
        try:
            work(series)
        except (Failed, EnvironmentFailed) as error:
            say(f"{base_of(series)}: {error}")
            return False
        return True

    wanted = list(wanted)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        worked = list(pool.map(attempt, wanted))
    return [series for series, fine in zip(wanted, worked, strict=True) if not fine]


# --- stand-ins: the interpreter --------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A Python of this machine that can become an image's."""

    series: str  # "3.7"
    version: str  # "3.7.16"
    prefix: Path  # the folder it is in
    places: tuple[str, ...]  # that folder, and the one it was built for where that is another
    title: str  # where it was found, for people
    modules: tuple[str, ...]  # those of LINKED that it has


def find_source(series: str, named: str | None) -> Source:
    """The Python for a stand-in.

    Args:
        series: "3.7".
        named: an interpreter that the user chose.

    Raises:
        Failed: it cannot be an image's; which can.
        EnvironmentFailed: there is none.
    """
    if named is not None:
        chosen = probe(Path(named), "--python")
        if chosen is None or chosen.series != series:
            what = "does not run as a 64 bit CPython" if chosen is None else f"is {chosen.version}"
            msg = f"--python {series}={named} {what}"
            raise Failed(msg)
        return _source(chosen)
    found = find_interpreter(series, Uv(), say)
    try:
        return _source(found)
    except Failed as refused:
        if (other := _elsewhere(series)) is None:
            raise
        source = _source(other)
        say(f"{refused.args[0].partition('. ')[0]}: taking {source.title} instead")
        return source


def _source(interpreter: Interpreter) -> Source:
    ended = subprocess.run(
        [interpreter.path, "-E", "-s", "-c", _LOOK], capture_output=True, text=True, check=False
    )
    try:
        text, built, modules = json.loads(ended.stdout)
    except ValueError as error:
        msg = f"{interpreter.path} does not say where it is: {ended.stderr.strip()[-200:]}"
        raise Failed(msg) from error
    prefix, series = Path(text), interpreter.series
    places = {text, built} - {"", "/", "/usr", "/usr/local"}
    why = why_not(prefix, series, modules)
    if why:
        msg = (
            f"{interpreter.path} {why}. A Python with a folder of its own can be an image's: pyenv"
            f" install {series}, uv python install {series}, or name one: --python"
            f" {series}=/path/to/python"
        )
        raise Failed(msg)
    title = f"{prefix} ({interpreter.source})"
    return Source(series, interpreter.version, prefix, tuple(places), title, tuple(modules))


def why_not(prefix: Path, series: str, modules: Sequence[str]) -> str | None:
    """Why a Python cannot be an image's; None where it can."""
    if prefix in (Path("/usr"), Path("/")):
        return "is the distribution's own, its files lie among others below /usr"
    if (prefix / "conda-meta").is_dir():
        return "is conda's, its libraries lie among others and know their folder"
    if not (prefix / "bin" / f"python{series}").is_file():
        return f"has no bin/python{series} below {prefix}"
    if lacking := [name for name in NEEDED if name not in modules]:
        return f"has no module {lacking[0]}, which pip needs"
    return None


def _elsewhere(series: str) -> Interpreter | None:
    """One of pyenv's or uv's, whatever else is on this machine, also where uv has to get it."""
    uv = Uv()
    found = interpreters._in_pyenv(series, uv, say)  # noqa: SLF001 - past what PATH has
    if isinstance(found, Interpreter):
        return found
    try:
        uv.run("python", "install", series, "--no-bin")
        said = uv.run(
            *("python", "find", series, "--no-project", "--system"),
            *("--python-preference", "only-managed"),
        )
    except UvFailed:
        return None
    return probe(Path(said.strip()), "uv")


def python_files(source: Source) -> Iterator[tuple[Path, str]]:
    """The files of an interpreter, each with its place below /usr/local.

    As the public slim images are: without tests, caches, archives to link with, Tk.
    """
    prefix, series = source.prefix, source.series
    library = prefix / "lib" / f"python{series}"
    patterns = (f"include/python{series}*/**/*", f"lib/pkgconfig/python-{series}*.pc")
    named = [path for pattern in patterns for path in prefix.glob(pattern)]
    shared = list(prefix.glob(f"lib/libpython{series}*.so*"))
    for path in (prefix / "bin" / f"python{series}", *named, *shared, *library.rglob("*")):
        inside = path.relative_to(prefix)
        if path.is_dir() and not path.is_symlink():
            continue
        if not _left_out(inside.parts[2:] if inside.parts[0] == "lib" else inside.parts):
            yield path, inside.as_posix()


_LEFT_OUT = frozenset(
    ("test", "tests", "idle_test", "idlelib", "tkinter", "turtledemo", "__pycache__")
)


def _left_out(parts: Sequence[str]) -> bool:
    return bool(
        _LEFT_OUT.intersection(parts)
        or parts[:1] == ("site-packages",)
        or (parts and (parts[-1].endswith((".a", ".pyc")) or parts[-1].startswith("_tkinter.")))
        or parts == ("EXTERNALLY-MANAGED",)  # uv's word to pip: not in here
    )


def says_prefix(inside: str) -> bool:
    """Whether a file is text that holds the prefix it was built for."""
    name = inside.rpartition("/")[2]
    return (
        name.startswith("_sysconfigdata")
        or name in ("Makefile", "python-config.py")
        or name.endswith(".pc")
    )


def moved(text: str, place: str) -> str:
    """Text of a Python in a folder, for /usr/local.

    The folder is not taken for a part of another path (`/usr/bin/install` with builds of uv, made
    in `/install`), but it may follow a compiler's option (`-L/install/lib`).
    """
    return re.sub(rf"(?<![a-z0-9_./-]){re.escape(place)}(?![\w.-])", "/usr/local", text)


# --- stand-ins: what belongs to this machine -------------------------------------------------

_PIP_KEYS = ("index-url", "extra-index-url", "trusted-host", "cert")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def pip_settings(listed: str) -> dict[str, str]:
    """What pip has to know here to reach its index, from what ``pip config list`` printed.

    A setting of the environment comes before one of ``[install]``, that before ``[global]``'s, as
    with pip. Indexes that are folders stay behind: an image does not see them.
    """
    found: dict[str, str] = {}
    lines = [line.partition("=") for line in listed.splitlines()]
    for section in ("global", "install", ":env:"):
        for name, _, value in lines:
            where, _, key = name.rpartition(".")
            if where == section and key in _PIP_KEYS:
                found[key] = _unquoted(value)
    for key in ("index-url", "extra-index-url"):
        words = [word for word in found.pop(key, "").split() if "://" in word]
        if remote := [word for word in words if not word.startswith("file:")]:
            found[key] = "\n    ".join(remote)
    return found


def _unquoted(value: str) -> str:
    try:
        return str(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        return value


def certificates(files: Iterable[Path]) -> set[str]:
    """The certificates in files, those that cannot be read left out."""
    found: set[str] = set()
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found.update(each.replace("\r\n", "\n") for each in _CERTIFICATE.findall(text))
    return found


def machine_files() -> Mapping[str, str]:
    """What an image needs of this machine's settings: text by path."""
    import certifi  # noqa: PLC0415

    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    settings = pip_settings(listed.stdout)
    bundle = settings.pop("cert", None)
    trusted = [Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt")]
    public = [Path(certifi.where()), *Path("/usr/share/ca-certificates").rglob("*.crt")]
    own = certificates([*trusted, *([Path(bundle)] if bundle else [])]) - certificates(public)
    files = {
        f"usr/local/share/ca-certificates/of-this-machine-{number}.crt": f"{text}\n"
        for number, text in enumerate(sorted(own), 1)
    }
    if own:  # pip trusts its own bundle unless told otherwise
        settings["cert"] = "/etc/ssl/certs/ca-certificates.crt"
    if settings:
        lines = [f"{key} = {value}\n" for key, value in sorted(settings.items())]
        files["etc/pip.conf"] = "".join(["[global]\n", *lines])
    return files


def summary_of(files: Mapping[str, str]) -> str:
    """What of this machine is carried, without values: a URL may hold a password."""
    number = sum(name.endswith(".crt") for name in files)
    keys = [line.partition(" =")[0] for line in files.get("etc/pip.conf", "").splitlines()[1:]]
    said = [f"{number} certificates"] if number else []
    said += [f"pip's {', '.join(key for key in keys if key.strip() == key)}"] if keys else []
    return f"carries of this machine: {'; '.join(said) or 'nothing'}"


# --- stand-ins: the images -------------------------------------------------------------------


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


def stand_in(engine: ContainerEngine, source: Source, machine: Mapping[str, str]) -> None:
    """Make an engine's ``python:X.Y-slim-bookworm`` from a Python of this machine.

    Raises:
        Failed: the engine could not build it.
    """
    from docker.errors import BuildError, DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    began = time.monotonic()
    with tempfile.TemporaryFile() as context, closing(engine.open()) as client:
        write_context(context, source, machine)
        context.seek(0)
        try:
            image, _ = client.images.build(
                fileobj=context,
                custom_context=True,
                tag=base_of(source.series),
                network_mode="none",
                rm=True,
                forcerm=True,
                labels={LABEL: "1"},
                timeout=600,
            )
        except BuildError as error:
            said = [str(line.get("stream") or line.get("error") or "") for line in error.build_log]
            noise = (" --->", "Removing intermediate container")
            lines = [line[:160] for line in "".join(said).splitlines() if line.strip()]
            lines = [line for line in lines if not line.startswith(noise)][-4:]
            msg = f"not built from {source.title}:\n  " + "\n  ".join(lines) + _meaning(lines)
            raise Failed(msg) from error
        except (DockerException, RequestException) as error:
            msg = f"not built from {source.title}: {explain(error)}"
            raise Failed(msg) from error
        # Podman takes a short name for one of localhost, unless it has the registry's too.
        image.tag(f"docker.io/library/{REPOSITORY}", tag_of(source.series))
    size = human_size(image.attrs["Size"])
    say(f"{base_of(source.series)}: stand-in of {source.title}, {size}", began)


def _meaning(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    if "GLIBC_" in text or "cannot open shared object" in text:
        return (
            "\nThis Python was built for another distribution than Debian bookworm: take one of"
            " uv's (uv python install), which run on any"
        )
    if "OCI runtime" in text or "operation not permitted" in text:
        return (
            "\nThe engine starts, but no container does: it lacks rights here (itself in a"
            " container?). Give it more (--privileged), or name another engine in DOCKER_HOST"
        )
    return "\nSee what the engine says above"


def write_context(file: Any, source: Source, machine: Mapping[str, str]) -> None:
    """The build context of a stand-in: a tar with Dockerfile, ``python/`` and ``machine/``."""
    dockerfile = _DOCKERFILE.format(
        root=f"{ROOT_REPOSITORY}:{ROOT_TAG}",
        version=source.version,
        series=source.series,
        modules=", ".join(source.modules),
    )
    with tarfile.open(fileobj=file, mode="w") as tar:
        _add_text(tar, "Dockerfile", dockerfile)
        for folder in ("python", "machine"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(info)
        for name, text in machine.items():
            _add_text(tar, f"machine/{name}", text)
        for path, inside in python_files(source):
            if says_prefix(inside) and not path.is_symlink():
                text = path.read_text(encoding="utf-8", errors="surrogateescape")
                for place in source.places:
                    text = moved(text, place)
                _add_text(tar, f"python/{inside}", text)
            else:
                tar.add(path, f"python/{inside}", recursive=False, filter=_everyones)


def _everyones(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mode |= 0o555 if info.mode & 0o100 else 0o444
    return info


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o644
    tar.addfile(info, io.BytesIO(data))


def make_stand_ins(
    engine: ContainerEngine, wanted: Sequence[str], named: Mapping[str, str], mirror: str | None
) -> list[str]:
    """Make stand-ins; those that failed are returned, each of them was told."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    here = f"{platform.system().lower()}/{machine}"
    if engine.platform != here:
        say(
            f"no stand-ins: Pythons of this machine are for {here}, the engine's images for"
            f" {engine.platform}. Load images there: docker save on a machine with a registry, then"
            " docker load"
        )
        return list(wanted)
    sources: dict[str, Source] = {}

    def find(series: str) -> None:
        sources[series] = find_source(series, named.get(series))

    failed = each(wanted, find)
    found = [series for series in wanted if series in sources]
    if found:
        with closing(engine.open()) as client:
            root = image_of(client, f"{ROOT_REPOSITORY}:{ROOT_TAG}")
        if root is None:
            try:
                make_root(engine, mirror)
            except Failed as error:
                say(str(error))
                return list(wanted)
        files = machine_files()
        say(summary_of(files))
        failed += each(found, lambda series: stand_in(engine, sources[series], files))
    return failed


# --- the words -------------------------------------------------------------------------------


def forget(engine: ContainerEngine) -> None:
    """Remove the stand-ins that an engine has; images built on them keep what they need."""
    from docker.errors import DockerException  # noqa: PLC0415

    with closing(engine.open()) as client:
        for image in client.images.list(filters={"label": f"{LABEL}=1"}):
            for tag in image.tags:
                # what is built on a stand-in inherits its label
                if not tag.startswith((f"{REPOSITORY}:", f"{ROOT_REPOSITORY}:")):
                    continue
                try:
                    client.images.remove(tag)
                    say(f"{tag}: removed from {engine.address}")
                except DockerException as error:
                    say(f"{tag}: stays, {explain(error)}")


def show(engine: ContainerEngine, ours: str | None) -> None:
    """An engine, its version, its network, its bases: a line each."""
    whose = f"started from here, in {ours}" if ours else "not started from here"
    say(f"engine: {engine.address} ({engine.found}), {whose}")
    rootless = ", rootless" if engine.rootless else ""
    say(f"version: {engine.name}, API {engine.api}, {engine.platform}{rootless}")
    say("network: " + ("bridge" if engine.has_bridge else "none, builds use the host's"))
    with closing(engine.open()) as client:
        bases = [
            f"{tag} ({kind_of(image)})"
            for image in client.images.list(name=REPOSITORY)
            for tag in image.tags
            if tag.endswith("-slim-bookworm") and "/" not in tag
        ]
    say("bases: " + (", ".join(sorted(bases)) or "none: scripts/docker-host up"))


def _named(text: str) -> tuple[str, str]:
    series, _, path = text.partition("=")
    if not re.fullmatch(r"3\.\d+", series) or not path:
        msg = f"X.Y=/path/to/python is needed, not {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return series, path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docker-host", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("engine")
    words.add_parser("forget")
    words.add_parser("status").add_argument("--ours")
    words.add_parser("listens").add_argument("socket")
    wait = words.add_parser("wait")
    wait.add_argument("socket")
    wait.add_argument("seconds", type=float)
    wait.add_argument("pid", type=int)
    for word in ("pull", "stand-ins"):
        bases = words.add_parser(word)
        bases.add_argument("series", nargs="*")
        bases.add_argument("--python", type=_named, action="append", default=[])
        bases.add_argument("--mirror")
        bases.add_argument("--only", nargs="+")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Do one of the words; the exit code, 130 after Ctrl-C."""
    args = _parser().parse_args(arguments)
    try:
        return run(args)
    except KeyboardInterrupt:
        say("given up: nothing half made is kept")
        return 130


def run(args: argparse.Namespace) -> int:
    """Do a word that was understood; the exit code."""
    if args.word == "wait":
        return 0 if wait_for(args.socket, args.seconds, args.pid) else 1
    if args.word == "listens":
        return 0 if is_held(args.socket) else 1
    try:
        engine = connect()
    except EnvironmentFailed as error:
        if args.word == "engine":
            sys.stdout.write(f"{error}\n")
        else:
            say(f"engine: {error}")
        return NO_ENGINE
    if args.word == "engine":
        sys.stdout.write(f"{describe(engine)}\n")
    elif args.word == "status":
        show(engine, args.ours)
    elif args.word == "forget":
        forget(engine)
    else:
        named = dict(args.python)
        wanted = list(dict.fromkeys([*args.series, *named])) or default_series()
        if args.word == "pull":
            sys.stdout.write(" ".join(pull(engine, wanted)) + "\n")
        elif failed := make_stand_ins(engine, args.only or wanted, named, args.mirror or None):
            say(f"missing still: {', '.join(map(base_of, failed))}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
