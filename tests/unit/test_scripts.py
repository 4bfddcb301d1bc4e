"""The shell scripts, as far as they can be held without an engine and without root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
SHELL = (SCRIPTS / "run", SCRIPTS / "docker-host", SCRIPTS / "browser", ROOT / ".ci" / "run")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def no_engine(tmp_path: Path) -> dict[str, str]:
    """An environment in which nobody answers, and nothing of this machine's is named."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG")}
    state = tmp_path / "state"
    socket_path = f"unix://{tmp_path}/none.sock"
    return {**kept, "DOCKER_HOST": socket_path, "TF_ROUNDTRIP_DOCKER_STATE": str(state)}


def docker_host_says(
    *arguments: str, env: dict[str, str], prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, "bash", str(SCRIPTS / "docker-host"), *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_shell_scripts_parse_and_can_be_started(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)


def test_without_a_word_docker_host_prints_its_manual(no_engine: dict[str, str]) -> None:
    ended = docker_host_says(env=no_engine)
    assert ended.returncode == 2
    assert ended.stdout == ""
    for part in ("docker-host up", "status", "down", "purge", "DOCKER_HOST"):
        assert part in ended.stderr
    assert "set -euo" not in ended.stderr


def test_the_manual_has_every_variable_that_the_script_reads(no_engine: dict[str, str]) -> None:
    manual = docker_host_says("--help", env=no_engine).stderr
    read = set(re.findall(r"TF_ROUNDTRIP_DOCKER_\w+", (SCRIPTS / "docker-host").read_text()))
    assert read == {name for name in read if re.search(rf"{name} ", manual)}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["start"], "there is no 'start': up, down, status or purge"),
        (["up", "latest"], "'latest' is no Python series"),
        (["up", "--python"], "--python needs X.Y=/path/to/python"),
        (["down", "3.7"], "down takes nothing more"),
    ],
)
def test_unknown_words_are_refused(
    arguments: list[str], says: str, no_engine: dict[str, str], tmp_path: Path
) -> None:
    ended = docker_host_says(*arguments, env=no_engine)
    assert (ended.returncode, says in ended.stderr) == (2, True), ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("TF_ROUNDTRIP_DOCKER_STATE", "state"), ("TF_ROUNDTRIP_DOCKER_NETWORK", "host")],
)
def test_a_variable_that_cannot_be_is_refused(
    name: str, value: str, no_engine: dict[str, str]
) -> None:
    ended = docker_host_says("status", env={**no_engine, name: value})
    assert ended.returncode == 2
    assert name in ended.stderr
    assert value in ended.stderr


def test_where_nobody_answers_status_ends_with_3(no_engine: dict[str, str]) -> None:
    ended = docker_host_says("status", env=no_engine)
    assert (ended.returncode, ended.stderr) == (3, "docker-host: engine: none\n")


def test_down_and_purge_of_nothing_do_nothing(no_engine: dict[str, str], tmp_path: Path) -> None:
    for word in ("down", "purge"):
        ended = docker_host_says(word, env=no_engine)
        assert ended.returncode == 0
        assert "no engine was started from here" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_who_is_not_root_is_told_what_to_do(no_engine: dict[str, str]) -> None:
    prefix: tuple[str, ...] = ()
    if os.getuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("needs setpriv to be somebody else")
        prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is root's alone
        Path(folder).chmod(0o755)
        copy = Path(folder, "docker-host")
        copy.write_bytes((SCRIPTS / "docker-host").read_bytes())
        ended = subprocess.run(
            [*prefix, "bash", str(copy), "up"],
            env={**no_engine, "DOCKER_HOST": f"unix://{folder}/none.sock"},
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    assert ended.returncode == 1
    for part in (
        "Install Docker or Podman",
        "usermod -aG docker",
        "rootless",
        "as root, on Debian",
    ):
        assert part in ended.stderr


def test_run_without_a_word_prints_its_manual() -> None:
    text = (SCRIPTS / "run").read_text()
    manual = subprocess.run(
        ["sed", "-n", r"2,/^[^#]/s/^# \{0,1\}//p"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "tests --docker" in manual
    assert "set -euo" not in manual


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """A machine with a shell's own tools and nothing else: `calls` has what was called."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "sed", "tail", "dirname", "id"):
        if place := shutil.which(name):
            (tools / name).symlink_to(place)
    return {"PATH": str(tools)}


def put(bare: dict[str, str], name: str, does: str = "") -> None:
    """A program of that name, which notes that it was called."""
    tools = Path(bare["PATH"])
    calls = tools.parent / "calls"
    program = tools / name
    program.write_text(f'#!{tools}/bash\nprintf "%s\\n" "{name} $*" >>{calls}\n{does}\n')
    program.chmod(0o755)


def browser_says(bare: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [f"{bare['PATH']}/bash", str(SCRIPTS / "browser")],
        env=bare,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_a_browser_that_is_there_is_taken(bare: dict[str, str], tmp_path: Path, name: str) -> None:
    put(bare, name)
    put(bare, "chromedriver")
    ended = browser_says(bare)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == [f"{bare['PATH']}/{name}", f"{bare['PATH']}/chromedriver"]
    assert not (tmp_path / "calls").exists()


def as_root(bare: dict[str, str]) -> None:
    Path(bare["PATH"], "id").unlink()
    put(bare, "id", "echo 0")


def test_a_browser_that_is_missing_is_installed(bare: dict[str, str], tmp_path: Path) -> None:
    as_root(bare)
    tools = bare["PATH"]
    made = "\n".join(f">{tools}/{name}" for name in ("chromium", "chromedriver"))
    if not (chmod := shutil.which("chmod")):
        pytest.skip("needs chmod")
    put(
        bare,
        "apt-get",
        f'[ "$1" = update ] && exit\n{made}\n{chmod} +x {tools}/chromium {tools}/chromedriver',
    )
    ended = browser_says(bare)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [f"{tools}/chromium", f"{tools}/chromedriver"]
    assert "installing chromium and chromium-driver" in ended.stderr
    assert (tmp_path / "calls").read_text().splitlines()[1:] == [
        "apt-get update -qq",
        "apt-get install -qq -y --no-install-recommends chromium chromium-driver",
    ]


@pytest.mark.parametrize(
    ("apt", "says"),
    [
        ("echo nobody answers; exit 100", ("nobody answers", "could not be installed")),
        ("", ("there is still no chromium",)),
        (None, ("apt-get install chromium", "--no-browser")),
    ],
)
def test_a_browser_that_cannot_be_had_is_an_error(
    bare: dict[str, str], apt: str | None, says: tuple[str, ...]
) -> None:
    as_root(bare)
    if apt is not None:
        put(bare, "apt-get", apt)
    put(bare, "chromium")  # without its driver
    ended = browser_says(bare)
    assert (ended.returncode, ended.stdout) == (1, "")
    for said in says:
        assert said in ended.stderr


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ([], ["unit", "docs", "browser", "integration", "docker"]),
        (["--no-browser"], ["unit", "docs", "integration", "docker"]),
        (["--no-browser", "-x"], ["unit", "docs", "integration", "docker"]),
    ],
)
def test_tests_run_in_parts_one_of_which_may_be_left_out(
    bare: dict[str, str], tmp_path: Path, options: list[str], parts: list[str]
) -> None:
    for name in ("scripts", ".venv/bin"):
        (tmp_path / "project" / name).mkdir(parents=True)
    project = tmp_path / "project"
    (project / "pyproject.toml").write_text("")
    for name in ("run", "browser"):
        shutil.copy(SCRIPTS / name, project / "scripts" / name)
    for name in ("chromium", "chromedriver", "pytest", "sphinx-build"):
        put(bare, name)
    for name in ("cksum", "tr", "flock"):
        (Path(bare["PATH"]) / name).symlink_to(shutil.which(name) or "/nowhere")
    stamp = subprocess.run(
        ["bash", "-c", "echo .project-$(cksum <pyproject.toml | tr -s ' ' -)"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (project / ".venv" / stamp).touch()
    subprocess.run(
        [f"{bare['PATH']}/bash", "scripts/run", "tests", *options],
        cwd=project,
        env=bare,
        check=True,
        timeout=20,
    )
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [re.findall(r"(?:tests|build)/(\w+)", call)[0] for call in calls] == parts
    assert all(("-x" in call) == ("-x" in options) for call in calls if "tests/" in call)


def test_ci_calls_a_command_that_the_manual_has() -> None:
    (command,) = re.findall(r"^exec (.+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert command == "scripts/run tests --docker"
    assert f"#   {command} " in (SCRIPTS / "run").read_text()


@pytest.mark.parametrize(
    "script", [*SHELL, *sorted((SCRIPTS / "docker_host").glob("*.py"))], ids=lambda p: p.name
)
def test_scripts_name_no_machine_and_no_index(script: Path) -> None:
    text = script.read_text()
    assert re.findall(r"/(?:root|home|tmp|work|opt|Users)/", text) == []
    hosts = re.findall(r"\b(?:[\w-]+\.)+(?:org|com|net|io)\b(?!\w|/library)", text)
    assert set(hosts) <= {"docker.io"}  # the package, and the one registry that short names mean
