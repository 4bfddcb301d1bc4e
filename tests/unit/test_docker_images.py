"""Images: tags, labels, what is built when; and what is said when it cannot be."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_docker import BUILT, VERSIONS, FakeEngine, fake_engine, says
from requests.exceptions import ConnectionError as Broken

import pytest_tfroundtrip
from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, parse_runtime
from pytest_tfroundtrip.commands import images as images_command
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.docker import building, images
from pytest_tfroundtrip.runtimes.docker.images import DIGEST, LABEL, ImagePlan
from pytest_tfroundtrip.runtimes.docker.owner import owner
from pytest_tfroundtrip.runtimes.uv import Stopped

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

LOCK = "tensorflow-cpu==2.15.1 \\\n    --hash=sha256:00\n"
WORDS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "data" / "docker_words.toml").read_text(encoding="utf-8")
)
PLAN = ImagePlan("2.15", "2.15.1", "3.11", "linux/amd64", LOCK)


def _told(word: dict[str, Any]) -> str:
    return re.sub(r"[^a-z]+", "-", word["says"].lower())[:40]


class Site:
    """An engine, a cache folder, and what was told."""

    def __init__(self, cache: Path, **changes: Any) -> None:
        self.engine: FakeEngine = fake_engine(**changes)
        self.daemon = self.engine.daemon
        self.daemon.says = [*BUILT]
        self.cache = cache
        self.told: list[str] = []

    def build(self, plan: ImagePlan = PLAN, stopped: Callable[[], bool] = lambda: False) -> str:
        return images.build(self.engine, plan, self.told.append, stopped, cache=self.cache)

    def why(self, error: str, *lines: str) -> str:
        """What is said of a build that ends with this error after these lines."""
        self.daemon.says = [*says(*lines), {"error": error, "errorDetail": {"message": error}}]
        with pytest.raises(EnvironmentFailed) as raised:
            self.build()
        return str(raised.value)

    def asked(self, what: str) -> list[dict[str, Any]]:
        return [details for kind, details in self.daemon.asked if kind == what]


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """This engine finishes nothing late."""
    monkeypatch.setattr(building, "_SETTLE_SECONDS", 0)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def named(text: str, engine: FakeEngine, own: dict[str, OwnRuntime] | None = None) -> ImagePlan:
    return images.plan(parse_runtime(text, own), LOCK, engine)


# Which image


def test_a_tag_changes_with_whatever_determines_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {
        PLAN.tag,
        replace(PLAN, lock_text=LOCK.replace("00", "01")).tag,
        replace(PLAN, python="3.12").tag,
        replace(PLAN, platform="linux/arm64").tag,
    }
    assert len(tags) == 4
    monkeypatch.setattr(images, "_sources", lambda: {"Dockerfile": "FROM scratch", "check.py": ""})
    assert PLAN.tag not in tags
    assert re.fullmatch(r"pytest-tfroundtrip:2\.15-[0-9a-f]{12}", PLAN.tag)


def test_comments_of_a_lock_and_names_of_runtimes_determine_nothing() -> None:
    assert replace(PLAN, lock_text=f"# made today\n{LOCK}").tag == PLAN.tag
    assert replace(PLAN, name="prod").digest == PLAN.digest


def test_a_variant_has_a_tag_that_reads_like_it(site: Site) -> None:
    tag = named("1.15+hub0.6", site.engine).tag
    assert re.fullmatch(r"pytest-tfroundtrip:1\.15_hub0\.6-[0-9a-f]{12}", tag)
    own = OwnRuntime(name="p" * 200, tensorflow="2.15.1", requirements=("six",))
    assert len(named("p" * 200, site.engine, {own.name: own}).tag.partition(":")[2]) <= 128


def test_behaviors_share_an_image(site: Site) -> None:
    assert named("2.15+v1", site.engine) == named("2.15", site.engine)


def test_an_interpreter_of_this_machine_is_in_no_image(site: Site) -> None:
    own = OwnRuntime(name="prod", tensorflow="2.15.1", python="/opt/python")
    with pytest.raises(EnvironmentFailed, match=r"interpreter of this machine \(/opt/python\)"):
        named("prod", site.engine, {"prod": own})


def test_the_context_is_the_dockerfile_its_check_and_the_lock() -> None:
    files = PLAN.context("boot/1/2/3")
    assert sorted(files) == ["Dockerfile", "check.py", "lock.txt"]
    assert files["lock.txt"] == LOCK
    first = files["Dockerfile"].partition("slim-bookworm\n")[2].partition("\nCOPY")[0].strip()
    label = first.splitlines()[-1]  # before any other instruction: a leftover is told by it
    assert label == f'LABEL {DIGEST}={PLAN.digest} {images.BUILDER}="boot/1/2/3"'
    assert all(line.startswith("#") for line in first.splitlines()[:-1])


def test_the_dockerfile_is_for_every_builder_and_of_no_machine() -> None:
    text = (images.sources() / "Dockerfile").read_text(encoding="utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert "FROM python:${PYTHON}-slim-bookworm" in code
    for newer in ("# syntax", "--mount", "<<", "COPY --link", "--chmod"):
        assert newer not in code
    assert not re.search(r"https?://|index-url|cert", text)
    assert re.search(r"^USER (?!root)", code, re.MULTILINE)


def test_the_readme_has_every_official_image() -> None:
    text = (images.sources() / "README.md").read_text(encoding="utf-8")
    for release in releases().values():
        assert f"| {release.name} | `{release.image}` |" in text


def test_the_images_folder_is_found_where_the_package_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "pytest_tfroundtrip"
    monkeypatch.setattr(pytest_tfroundtrip, "__file__", str(package / "__init__.py"))
    with pytest.raises(EnvironmentFailed, match=r"images/Dockerfile is missing.*again"):
        images.sources()
    for place in (package.parent / "images", package / "images"):  # a clone's, then a wheel's
        place.mkdir(parents=True)
        for name in images.FILES:
            (place / name).touch()
        assert images.sources() == place


# Finding and building


def test_an_image_is_built_once_and_labelled_with_what_was_seen(site: Site) -> None:
    assert images.find(site.engine, PLAN) is None
    made = site.build()
    assert site.build() == images.find(site.engine, PLAN) == made
    first, second = site.asked("build")
    assert first["buildargs"] == {"PYTHON": "3.11"}
    assert second["files"] == {"Dockerfile": f"FROM sha256:{'f' * 64}\n"}
    (image,) = images.built_here(site.engine)
    assert (image.tag, image.environment, image.size) == (PLAN.tag, "2.15", 1_300_000_000)
    assert image.labels[f"{LABEL}.python"] == VERSIONS["python"]
    assert f"{LABEL}.tensorflow_hub" not in image.labels
    assert image.labels[f"{LABEL}.lock"] == PLAN.lock
    assert image.labels["org.opencontainers.image.version"] == "2.15.1"
    assert image.labels["org.opencontainers.image.base.name"].endswith("python:3.11-slim-bookworm")


@pytest.mark.parametrize("has_bridge", [True, False])
def test_a_build_is_on_the_hosts_network_only_where_there_is_no_other(
    tmp_path: Path, *, has_bridge: bool
) -> None:
    site = Site(tmp_path, has_bridge=has_bridge)
    site.build()
    for asked in site.asked("build"):
        assert asked["network_mode"] == (None if has_bridge else "host")
        assert (asked["rm"], asked["forcerm"], asked.get("pull")) == (True, True, None)


@pytest.mark.parametrize("label", [DIGEST, f"{LABEL}.lock"])
def test_an_image_that_only_has_the_tag_is_another_one(site: Site, label: str) -> None:
    labels = {DIGEST: PLAN.digest, f"{LABEL}.lock": PLAN.lock}
    site.daemon.add("sha256:1", [PLAN.tag], {**labels, label: "0"})
    assert images.find(site.engine, PLAN) is None
    site.daemon.add("sha256:1", [PLAN.tag], labels)
    assert images.find(site.engine, PLAN) == "sha256:1"


def test_what_is_told_is_a_handful_of_lines(site: Site) -> None:
    site.daemon.says = [
        *(
            {"status": "Downloading", "id": str(i), "progressDetail": {"current": 1}}
            for i in range(99)
        ),
        *says("Step 1/6 : FROM python", " ---> 0123456789ab", "== fetching packages"),
        *says(*(f"Collecting package{i}==1" for i in range(99))),
        *says("  Downloading six-1.17.0-py2.py3-none-any.whl (11 kB)"),
        *says("  Downloading tensorflow_cpu-2.15.1-cp311-cp311-manylinux_2_17.whl (206.9 MB)"),
        *says("Installing collected packages: wheel, setuptools"),
        {"stream": "\x1b[91mInstalling collected "},
        {"stream": "packages: a, b, c, d\x1b[0m\n"},
        *BUILT,
    ]
    site.build()
    assert [line.removeprefix("2.15: ") for line in site.told[1:-1]] == [
        "fetching packages ...",
        "fetching tensorflow_cpu-2.15.1 (207 MB) ...",
        "installing 4 packages ...",
        "fetching packages ...",
    ]
    assert site.told[0] == f"building 2.15: TensorFlow 2.15.1 on Python 3.11, as {PLAN.tag} ..."
    assert re.fullmatch(r"built 2\.15 in \d+ s \(1\.3 GB\)", site.told[-1])


def test_another_process_builds_the_same_image_but_once(site: Site) -> None:
    building = threading.Event()

    def slowly() -> None:
        building.set()
        time.sleep(0.3)

    site.daemon.on_build = slowly
    made: list[str] = []
    first = threading.Thread(target=lambda: made.append(site.build()))
    first.start()
    building.wait(5)
    made.append(site.build())
    first.join()
    assert len(set(made)) == 1
    assert len(site.asked("build")) == 2  # one image's two steps
    assert "waiting for another process that builds 2.15" in site.told


def test_a_silent_build_is_stopped(site: Site) -> None:
    site.daemon.says, site.daemon.silent = says("== fetching packages"), True
    started = time.monotonic()
    with pytest.raises(Stopped):
        site.build(stopped=lambda: "2.15: fetching packages ..." in site.told)
    assert time.monotonic() - started < 2
    assert site.daemon.cut.is_set()


def test_ctrl_c_stops_it_too_and_waiting_for_another_ends(site: Site) -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    site.daemon.silent = True
    with pytest.raises(KeyboardInterrupt):
        site.build(stopped=interrupted)
    site.daemon.silent = False
    site.build()  # no lock is left


def test_what_a_build_left_is_removed_but_nobody_elses(site: Site) -> None:
    mine = {DIGEST: PLAN.digest, images.BUILDER: owner()}
    theirs = {**mine, images.BUILDER: "another boot/1/2/3"}
    dead = {**mine, images.BUILDER: owner().rpartition("/")[0] + "/1"}

    def leave() -> None:
        if "sha256:mine" not in site.daemon.images:
            site.daemon.add("sha256:mine", [], mine)

    site.daemon.add("sha256:dead", [], dead)
    site.daemon.add("sha256:theirs", ["theirs:1"], theirs)
    site.daemon.add("sha256:derived", [], {DIGEST: PLAN.digest, f"{LABEL}.lock": "1"})
    site.daemon.on_build = leave
    site.why("boom")
    assert sorted(site.daemon.images) == ["sha256:derived", "sha256:theirs"]


# Why it cannot be built


def test_an_engine_that_goes_away(site: Site) -> None:
    site.daemon.says = [*says("== fetching packages"), Broken("Connection aborted.")]
    with pytest.raises(EnvironmentFailed, match=r"gave up in the middle.*docker info.*aborted"):
        site.build()
    site.daemon.says = says("== fetching packages")  # it just ends
    with pytest.raises(EnvironmentFailed, match=r"Docker 28\.2\.2 gave up.*without an image"):
        site.build()


def test_another_tensorflow_than_planned(site: Site) -> None:
    with pytest.raises(EnvironmentFailed, match=r"TensorFlow 2\.15\.1 instead of 2\.16\.2"):
        site.build(replace(PLAN, tensorflow="2.16.2"))
    assert images.built_here(site.engine) == []


@pytest.mark.parametrize("word", WORDS["run"], ids=_told)
def test_why_a_command_of_the_build_failed(site: Site, word: dict[str, Any]) -> None:
    for error in (
        f"The command '/bin/sh -c set -eu; ...' returned a non-zero code: {word['code']}",
        f'building at STEP "RUN set -eu": while running runtime: exit status {word["code"]}',
    ):
        why = site.why(error, "Collecting tensorflow-cpu==2.15.1", word["says"])
        assert why.startswith("the image of 2.15 cannot be built: ")
        assert word["told"] in why


def test_an_index_that_hands_out_nothing_because_it_is_away_is_away(site: Site) -> None:
    told = site.why(
        "The command '/bin/sh -c ...' returned a non-zero code: 1",
        "WARNING: Retrying ... NewConnectionError('Failed to establish a new connection')",
        "ERROR: Could not find a version that satisfies the requirement wheel==0.42.0",
        "ERROR: No matching distribution found for wheel==0.42.0",
    )
    assert "cannot be reached from within a build" in told
    assert told.splitlines()[1:] == [
        "  ERROR: Could not find a version that satisfies the requirement wheel==0.42.0",
        "  ERROR: No matching distribution found for wheel==0.42.0",
        "  The command returned a non-zero code: 1",
    ]


@pytest.mark.parametrize("word", WORDS["from"], ids=_told)
def test_why_the_base_is_not_there(site: Site, word: dict[str, Any]) -> None:
    assert word["told"] in site.why(word["says"], "Step 1/6 : FROM python:3.11-slim-bookworm")


@pytest.mark.parametrize("word", WORDS["pull"], ids=_told)
def test_why_an_image_cannot_be_pulled(site: Site, word: dict[str, Any]) -> None:
    site.daemon.says = [{"error": word["says"]}]
    with pytest.raises(EnvironmentFailed) as raised:
        building.pull(site.engine, "a/b:1", site.told.append, lambda: False)
    assert str(raised.value).startswith("the image a/b:1 is not there and cannot be pulled: ")
    assert word["told"] in str(raised.value)


@pytest.mark.parametrize(
    ("reference", "repository", "tag"),
    [
        ("a/b", "a/b", "latest"),
        ("host:5000/a/b:1", "host:5000/a/b", "1"),
        ("a/b@sha256:00", "a/b", "sha256:00"),
    ],
)
def test_one_image_is_pulled_never_all_tags(
    site: Site, reference: str, repository: str, tag: str
) -> None:
    site.daemon.says = [{"status": "Pulling from a/b"}]
    building.pull(site.engine, reference, site.told.append, lambda: False)
    (asked,) = site.asked("pull")
    assert (asked["repository"], asked["tag"]) == (repository, tag)
    assert site.told[0] == f"pulling {reference} ..."


# What is ours


def test_ours_is_what_we_tagged(site: Site) -> None:
    whole = {DIGEST: PLAN.digest, f"{LABEL}.lock": PLAN.lock, f"{LABEL}.environment": "2.15"}
    site.daemon.add("sha256:1", [PLAN.tag, "registry.test/theirs:1"], whole)
    site.daemon.add("sha256:2", ["theirs:1"], whole)  # built on top of ours: has its labels
    site.daemon.add("sha256:3", [], whole)
    site.daemon.add("sha256:4", [f"localhost/{PLAN.tag}"], whole, at=1)  # as Podman has it
    site.daemon.add("sha256:5", [], {DIGEST: "by-hand"})
    found = images.built_here(site.engine)
    assert [(each.id, each.tag) for each in found] == [
        ("sha256:4", f"localhost/{PLAN.tag}"),
        ("sha256:1", PLAN.tag),
    ]
    images.remove(site.engine, found[1])
    assert site.daemon.images["sha256:1"]["RepoTags"] == ["registry.test/theirs:1"]


# The command

Run = Any


@pytest.fixture
def run(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run ``images`` in an empty project: code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TF_ROUNDTRIP_CACHE", str(tmp_path / "cache"))
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.setattr(images_command, "connect", lambda: site.engine)
    monkeypatch.setattr("pytest_tfroundtrip.runtimes.docker.provider.connect", lambda: site.engine)

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(("images", *arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def add(site: Site, name: str, *, current: bool = True, at: int = 0) -> ImagePlan:
    """An image as it would have been built."""
    text = releases()[name].lock.read_text(encoding="utf-8")
    plan = images.plan(parse_runtime(name), text if current else LOCK, site.engine)
    labels = {DIGEST: plan.digest, **plan.labels({"python": "3.11.9"})}
    site.daemon.add(f"sha256:{plan.digest}", [plan.tag], labels, at)
    return plan


def test_list_shows_the_whole_catalogue_within_80_columns(run: Run, site: Site) -> None:
    plan = add(site, "2.15", at=1_700_000_000)
    code, out, err = run("list")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert len(lines) == 1 + 23 + 2
    assert max(map(len, lines)) <= 80
    (row,) = [line for line in lines if line.startswith("2.15 ")]
    tag = plan.tag.removeprefix("pytest-tfroundtrip:")
    assert row.split() == ["2.15", "2.15.1", "3.11.9", tag, "1.3", "GB", "2023-11-14"]


def test_list_for_programs(run: Run, site: Site) -> None:
    plan = add(site, "2.15", at=1_700_000_000)
    code, out, _ = run("list", "2.15", "2.21", "--json")
    there, missing = json.loads(out)
    assert code == 0
    assert there == {
        "runtime": "2.15",
        "tag": plan.tag,
        "id": f"sha256:{plan.digest}",
        "size": 1_300_000_000,
        "created": "2023-11-14T22:13:20+00:00",
        "tensorflow": "2.15.1",
        "python": "3.11.9",
        "lock": plan.lock,
    }
    assert (missing["id"], missing["size"], missing["python"]) == (None, None, "3.13")
    assert missing["tag"].startswith("pytest-tfroundtrip:2.21-")


def test_remove_takes_one_and_unused_what_no_lock_names(run: Run, site: Site) -> None:
    kept, old = add(site, "2.15"), add(site, "2.15", current=False)
    site.daemon.add("sha256:theirs", ["theirs:1"], {})
    other = replace(PLAN, name="other-projects", lock_text="1")
    labels = {DIGEST: other.digest, **other.labels({})}
    site.daemon.add("sha256:other", [other.tag], labels)
    assert "1 image is not used any more: images remove --unused" in run("list")[1]
    assert run("remove", "--unused") == (0, f"removed {old.tag} (1.3 GB)\n", "")
    assert run("remove", "2.15") == (0, f"removed {kept.tag} (1.3 GB)\n", "")
    assert run("remove", "2.15") == (0, "2.15: no image is there\n", "")
    assert sorted(site.daemon.images) == ["sha256:other", "sha256:theirs"]


def test_an_image_in_use_stays(run: Run, site: Site) -> None:
    plan = add(site, "2.15")
    site.daemon.in_use.add(plan.tag)
    code, out, err = run("remove", "2.15")
    assert (code, out) == (1, "")
    assert f"{plan.tag} is in use and stays: container 0123 is using" in err
    assert "docker rm" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("build",), "As in: images build 1.15 2.15 2.21"),
        (("remove",), "images remove --unused"),
        (("build", "2.51"), "Did you mean 2.21?"),
        (("list", "--unused"), "--unused goes with remove, not with list"),
        (("build", "2.15", "--json"), "--json goes with list, not with build"),
    ],
)
def test_asked_for_wrongly(run: Run, arguments: tuple[str, ...], told: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert told in err


def test_without_an_engine_it_says_so_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> None:
        msg = "no container engine answers"
        raise EnvironmentFailed(msg)

    monkeypatch.setattr(images_command, "connect", nobody)
    monkeypatch.setattr("pytest_tfroundtrip.runtimes.docker.provider.connect", nobody)
    for arguments in (("list",), ("build", "2.15", "2.21"), ("remove", "2.15")):
        code, out, err = run(*arguments)
        assert (code, out) == (1, "")
        assert err.count("no container engine answers") == 1


def test_build_builds_several_and_fails_if_one_does(run: Run, site: Site) -> None:
    site.daemon.says = [*BUILT]  # has TensorFlow 2.15.1
    code, out, err = run("build", "2.15", "2.21")
    assert code == 1
    assert "2.15: ready as pytest-tfroundtrip:2.15-" in out
    assert err.startswith("the image of 2.21 has TensorFlow 2.15.1 instead of 2.21.0")
