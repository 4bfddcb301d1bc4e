#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2026.4.10", "packaging"]
# ///
"""Everything that is done with this project, by name.

`nox` runs what is marked with *; `nox -s NAME` runs one, `nox -t TAG` all of a tag, and
`nox --usage NAME` says more on it. What follows `--` goes to the program that a session runs, after
the session's own options, so that it wins: `nox -s roundtrip -- --tf-provider=venv -k affine`.

Reports and saved models go to build/roundtrip, or to the folder TF_ROUNDTRIP_RESULTS.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import nox
from packaging.requirements import Requirement
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nox._decorators import Func

# The first nox whose -t finds sessions that `nox` alone leaves out; CI selects shards so.
nox.needs_version = ">=2026.4.10"
nox.options.default_venv_backend = "uv|virtualenv"

HERE = Path(__file__).parent
PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)
RELEASES = nox.project.load_toml("pytest_tfroundtrip/catalogue/releases.toml")
DEFAULT_RUNTIMES = ("1.15", "2.15", "2.21")  # the plugin's own, see settings.py
REFERENCE = ("--pyargs", "pytest_tfroundtrip.reference")
# Those for which the documents' sentences mean different things.
DOCUMENTED = "1.15,1.15+v2,2.8,2.15,2.15+v1,2.21,2.21+v1,2.21+tf_keras"
APIS = json.loads((HERE / "pytest_tfroundtrip/catalogue/apis.json").read_text(encoding="utf-8"))
# A second a cell, and of a file they see what tf.saved_model.load and hub.load do.
LAYERS = ("hub_keras_layer", "tfsm_layer")
# Seconds a cell: tests/integration/test_serving.py runs it once under each of four releases.
PROGRAM = "saved_model_cli.command"
# The oldest that a TensorFlow with a Python of ours wants, one of each major, the newest.
PROTOBUFS = ("3.19.6", "3.20.3", "4.21.12", "4.25.8", "5.29.5", "6.33.1", None)
BENCHES = ("cells", "collection", "containers", "folders", "show")


def lowest(package: str) -> str:
    """The oldest version of a dependency that pyproject.toml allows, as a requirement."""
    for requirement in map(Requirement, PYPROJECT["project"]["dependencies"]):
        bounds = [each.version for each in requirement.specifier if each.operator == ">="]
        if requirement.name == package and bounds:
            return f"{package}=={bounds[0]}"
    msg = f"pyproject.toml bounds no {package} from below: write {package}>=X.Y"
    raise LookupError(msg)


def results() -> Path:
    """Where reports and saves go."""
    chosen = os.environ.get("TF_ROUNDTRIP_RESULTS")
    return Path(chosen).absolute() if chosen else HERE / "build" / "roundtrip"


def reports_of_fan_out() -> list[Path]:
    """What roundtrip_saves and the shards wrote."""
    return sorted([*results().glob("saves.json"), *results().glob("shard-*.json")])


def install(session: nox.Session, *groups: str, more: tuple[str, ...] = ()) -> None:
    """Install the project as it is here, and dependency groups of its pyproject.toml."""
    session.install("-e", ".", *nox.project.dependency_groups(PYPROJECT, *groups), *more)


def round_trips(session: nox.Session, report: str, *options: str) -> None:
    """Run the reference package on Docker images; what the user typed comes last."""
    install(session, "test")
    session.run(
        "pytest",
        "--tf-roundtrip",
        "--tf-provider=docker",
        f"--tf-report={results() / report}.json",
        *options,
        *REFERENCE,
        *session.posargs,
    )


def merge(session: nox.Session, reports: Iterable[Path], name: str, *options: str) -> None:
    """Merge reports into NAME.json, NAME.md and NAME.html; fails where a cell failed."""
    output = results() / name
    session.run(
        *("python", "-m", "pytest_tfroundtrip", "report", "merge", *map(str, reports)),
        *(f"--output={output}.json", f"--markdown={output}.md", f"--html={output}.html", *options),
    )


def newest_on_index(session: nox.Session, package: str, python: str) -> str:
    """The newest version of a package that there is for a Python, pre-releases included."""
    wanted = results() / f"{package}.in"
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text(f"{package}\n", encoding="utf-8")
    found = session.run(
        *("uv", "pip", "compile", str(wanted), "--quiet", "--no-deps", "--no-header"),
        *("--no-annotate", "--prerelease=allow", f"--python-version={python}"),
        silent=True,
    )
    name, _, version = str(found).strip().partition("==")
    if name != package:
        session.error(f"uv says this of {package}: {found}")
    return version


# Tests


@nox.session(python=PYTHONS, tags=["unit"])
@nox.parametrize(
    "pytest",
    [
        nox.param(lowest("pytest"), id="pytest-lowest"),
        nox.param("pytest", id="pytest-newest"),
    ],
)
def tests(session: nox.Session, pytest: str) -> None:
    """Unit tests: no TensorFlow, no Docker, no network.

    On each supported Python, with the lowest pytest that is allowed and with the newest. A Python
    that is missing is downloaded by uv; without uv its sessions are skipped, in CI they fail.
    """
    install(session, "test", "neighbours", more=(pytest,))
    session.run("pytest", "tests/unit", *session.posargs)


@nox.session(python=PYTHONS[0], venv_backend="uv", default=False)
def tests_lowest(session: nox.Session) -> None:
    """Unit tests with the lowest of all dependencies that are allowed."""
    install(session, "test", "neighbours", more=("--resolution=lowest-direct",))
    session.run("pytest", "tests/unit", *session.posargs)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """The HTML report in a real browser: fails where there is no Chromium (scripts/browser)."""
    install(session, "test", "browser")
    session.run("pytest", "tests/browser", "-n", "2", *session.posargs)


@nox.session(default=False)
def integration(session: nox.Session) -> None:
    """Tests on real TensorFlow releases: their environments are made where they are missing."""
    install(session, "test")
    session.run("pytest", "tests/integration", *session.posargs)


@nox.session(default=False)
def docker(session: nox.Session) -> None:
    """Tests on real containers: they fail where no engine answers (scripts/docker-host up)."""
    install(session, "test")
    session.run("pytest", "tests/docker", *session.posargs, env={"TF_ROUNDTRIP_NEEDS_DOCKER": "1"})


# What is said of the source


@nox.session(tags=["static"])
def lint(session: nox.Session) -> None:
    """Ruff: rules, then format."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check", *session.posargs)


@nox.session(tags=["static"])
def typecheck(session: nox.Session) -> None:
    """Mypy, strict."""
    install(session, "dev")
    session.run("mypy", *session.posargs)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """The documents as a site in build/docs; a link that leads nowhere fails it. Needs no network.

    Only for what it installs. What follows `--` goes to sphinx-build: `-- -a` makes all pages anew.
    """
    session.install(*nox.project.dependency_groups(PYPROJECT, "docs"))
    session.run("sphinx-build", "-W", "-c", "docs", ".", "build/docs", *session.posargs)


@nox.session(default=False)
def examples(session: nox.Session) -> None:
    """The documents' examples: without TensorFlow, then those that say what TensorFlow does."""
    install(session, "test")
    session.run("pytest", "tests/unit/test_documents.py", *session.posargs)
    session.run("pytest", "tests/integration/test_docs.py", *session.posargs)


# The matrix


@nox.session(default=False)
def roundtrip(session: nox.Session) -> None:
    """The reference matrix on Docker images: TensorFlow 1.15, 2.15 and 2.21 held to their word.

    One pytest for all of it, one report: roundtrip.json. Needs a container engine; without one,
    `-- --tf-provider=venv` does the same with environments made by uv.
    """
    round_trips(session, "roundtrip")


@nox.session(default=False)
def roundtrip_saves(session: nox.Session) -> None:
    """The first half of a fan-out: save every model once, into the store.

    Reports of an earlier fan-out are removed, so that roundtrip_merge does not find them.
    """
    for old in reports_of_fan_out():
        old.unlink()
    round_trips(session, "saves", f"--tf-store={results() / 'store'}", "--tf-operations=creation")


@nox.session(default=False, python=False)
def roundtrip_shard(session: nox.Session) -> None:
    """The second half: a session for each release that loads, such as roundtrip_shard-2.15.

    It takes saves from the store; one that is not there is made. Which runtimes saved is for `--`
    to say, the same as for roundtrip_saves: `-- --tf-save-runtimes=1.15,2.15,2.21` is the default.
    """
    session.error(
        "which release is to load? `nox -s roundtrip_shard-2.15` is one of them, `nox -t"
        " default_matrix` those of the default matrix, `nox -t shards` all"
        f" {len(RELEASES)}: {', '.join(RELEASES)}"
    )


def shard_of(load_runtime: str) -> Func:
    """The session of a shard.

    Not by `nox.parametrize`: without a parameter, the name would stand for all of them.
    """

    def shard(session: nox.Session) -> None:
        round_trips(
            session,
            f"shard-{load_runtime}",
            f"--tf-store={results() / 'store'}",
            f"--tf-load-runtimes={load_runtime}",
        )

    shard.__doc__ = f"The shard that loads under TensorFlow {load_runtime}: see roundtrip_shard."
    tags = ["shards", *(["default_matrix"] if load_runtime in DEFAULT_RUNTIMES else [])]
    named = nox.session(name=f"roundtrip_shard-{load_runtime}", default=False, tags=tags)
    return named(shard)


SHARDS = {f"roundtrip_shard-{release}": shard_of(release) for release in RELEASES}


@nox.session(default=False)
def roundtrip_merge(session: nox.Session) -> None:
    """The end of a fan-out: the reports of saves and shards as one, and a page of it.

    They are merged.json, merged.md and merged.html.
    Fails if a cell of any of them did, or if they do not agree on one.
    """
    install(session)
    reports = reports_of_fan_out()
    if not reports:
        session.error(f"no saves.json and no shard-*.json in {results()}: run the shards first")
    merge(session, reports, "merged", *session.posargs)


@nox.session(default=False)
def documents(session: nox.Session) -> None:
    """Every sentence of TensorFlow's documents, and all savers by all loaders: an hour.

    Every model by every saver and loader; one by every variant of a saver with every loader that is
    no layer, by every saver with every variant of a loader, and saved again.

    Fails where a row is not as it is kept in promises/rows.txt: `python -m pytest_tfroundtrip rows
    keep FILE.json ...` keeps what was seen. Its reports are what `promises keep` takes as well, for
    docs/promises.md.
    """
    install(session, "test")
    with session.chdir(HERE / "tests/projects/before_1_15"):  # its runtime is outside the matrix
        held_to_documents(
            session,
            "before-1.15",
            *("-c", "pyproject.toml", "--tf-runtimes=old", "--tf-provider=venv"),
            *("--pyargs", "pytest_tfroundtrip.statements", "-k", "before_1_15"),
        )
    held_to_documents(
        session,
        "statements",
        f"--tf-runtimes={DOCUMENTED},1.15+hub0.6",
        *("--pyargs", "pytest_tfroundtrip.statements"),
    )
    reports = [
        held_to_documents(
            session,
            run.report,
            *(f"--tf-runtimes={DOCUMENTED}", *REFERENCE, *run.options),
            *(f"--tf-savers={','.join(run.savers)}", f"--tf-loaders={','.join(run.loaders)}"),
        )
        for run in full_runs()
    ]
    session.run("python", "-m", "pytest_tfroundtrip", "rows", "compare", "--all", *reports)


class FullRun(NamedTuple):
    """A part of the matrix that is kept row by row."""

    report: str
    savers: tuple[str, ...]
    loaders: tuple[str, ...]
    options: tuple[str, ...]


def full_runs() -> tuple[FullRun, ...]:
    """All of it."""
    savers, loaders = names("savers"), names("loaders")
    without_layers = tuple(name for name in loaders if name not in LAYERS)
    tried = ("--tf-operations=creation,inference,fine_tuning",)
    one = ("-k", "affine")
    resaved = (
        "--tf-operations=creation,inference,resave",
        "--tf-resave-runtimes=1.15+v2,2.15,2.21",
    )
    return (
        FullRun("cells", savers, loaders, tried),
        FullRun("savers", variants("savers"), without_layers, (*tried, *one)),
        FullRun("loaders", savers, variants("loaders"), (*tried, *one)),
        FullRun(
            "resaves",
            (*savers, "builder.resource"),
            ("tf1_load", "tf2_load", "c_api"),
            (*resaved, *one),
        ),
    )


def held_to_documents(session: nox.Session, name: str, *options: str) -> str:
    """Run a part of them; its report, which has what failed."""
    report = str(results() / f"{name}.json")
    session.run(
        *("pytest", "--tf-roundtrip", *options, f"--tf-report={report}", *session.posargs),
        success_codes=[0, 1],
    )
    return report


def names(kind: str) -> tuple[str, ...]:
    """The names of all savers or loaders."""
    return tuple(APIS[kind])


def variants(kind: str) -> tuple[str, ...]:
    """The names of all their variants."""
    found = (
        f"{name}.{each}" for name in names(kind) for each in APIS[kind][name].get("variants", ())
    )
    return tuple(each for each in found if each != PROGRAM)


@nox.session(default=False, tags=["next"])
# Not tensorflow itself: tf-keras, which comes with the releases, forbids it each newer series.
@nox.parametrize("package", ["tensorflow-cpu", "tf-nightly"])
def roundtrip_next(session: nox.Session, package: str) -> None:
    """The newest TensorFlow of the index, release candidates and nightly builds included.

    Held to the documents beside the newest release of the catalogue, in an environment made by uv,
    as the runtime `next`. Skipped if the catalogue has that TensorFlow already.
    """
    newest = max(RELEASES.values(), key=lambda release: Version(release["tensorflow"]))
    install(session, "test")
    version = newest_on_index(session, package, newest["python"])
    if Version(version) <= Version(newest["tensorflow"]):
        session.skip(f"{package} {version} is in the catalogue")
    folder = results() / f"next-{package}"
    folder.mkdir(parents=True, exist_ok=True)
    # A project of its own: what the project here says of runtimes is not touched.
    (folder / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\n[tool.tf_roundtrip.runtime.next]\n"
        f'tensorflow = "{version}"\nrequirements = ["{package}=={version}"]\n',
        encoding="utf-8",
    )
    known = ".".join(newest["tensorflow"].split(".")[:2])
    options = (f"--tf-runtimes={known},next", "--tf-provider=venv", "--tf-report=report.json")
    with session.chdir(folder):
        session.run(
            *("pytest", "-c", "pyproject.toml", "--tf-roundtrip", *options),
            *(*REFERENCE, *session.posargs),
            success_codes=[0, 1],  # failed cells are told, and fail the session, below
        )
    merge(session, [folder / "report.json"], f"next-{package}")


# What it needs, what it costs


@nox.session(default=False)
def images(session: nox.Session) -> None:
    """Docker images of runtimes: `-- build 2.15`, `-- list`, `-- remove --unused`.

    Without a word of yours those of the reference matrix are built, where they are missing.
    """
    install(session)
    what = session.posargs or ("build", *DEFAULT_RUNTIMES)
    session.run("python", "-m", "pytest_tfroundtrip", "images", *what)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """The hashed locks of the releases, compiled again: `-- --check`, `-- --upgrade 2.21`."""
    install(session)
    session.run("python", "-m", "pytest_tfroundtrip", "lock", *session.posargs)


@nox.session(default=False)
def ops(session: nox.Session) -> None:
    """The ops of releases, measured again; `-- --check`: those whose environments are there."""
    install(session)
    session.run("python", "-m", "pytest_tfroundtrip", "ops", *session.posargs)


@nox.session(default=False)
def protos(session: nox.Session) -> None:
    """The descriptors that `show` reads SavedModels with, made again from the .proto files."""
    session.install("grpcio-tools")
    with session.chdir("pytest_tfroundtrip/savedmodel/protos"):
        for name in ("saved_model", "warmup"):
            made = f"--descriptor_set_out={name}.desc"
            session.run("python", "-m", "grpc_tools.protoc", "-I.", made, f"{name}.proto")


@nox.session(default=False)
def show_protobufs(session: nox.Session) -> None:
    """`show` with every generation of protobuf there is: each has to print the same."""
    oldest = PROTOBUFS[0]
    session.install(f"protobuf=={oldest}", "packaging", "tomli")
    env = {"PYTHONPATH": str(HERE)}
    command = ("python", "-W", "error", "-m", "pytest_tfroundtrip", "show", "--json")
    expected = None
    for version in PROTOBUFS:
        session.install(f"protobuf=={version}" if version else "protobuf", "--upgrade")
        for backend in ({}, {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}):
            said = session.run(
                *command, "tests/data/savedmodels", env={**env, **backend}, silent=True
            )
            expected = expected or said
            if said != expected:
                session.error(f"protobuf {version or 'newest'} {backend}: not what {oldest} says")


@nox.session(default=False, tags=["bench"])
@nox.parametrize("what", BENCHES, ids=BENCHES)
def bench(session: nox.Session, what: str) -> None:
    """What a cell and its collection cost, beside what they would cost without this project."""
    install(session, "test")
    session.run("python", f"bench/{what}.py", *session.posargs)


if __name__ == "__main__":
    nox.main()
