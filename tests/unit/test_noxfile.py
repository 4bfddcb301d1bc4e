"""The sessions that there are, what CI makes of them, and what they run."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from nox_sessions import (
    MOST_JOBS,
    ROOT,
    Recorder,
    Skipped,
    everything,
    listed,
    noxfile,
    run,
    tagged,
)
from packaging.specifiers import SpecifierSet

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.settings import DEFAULT_RUNTIMES

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {
    *("tests", "tests_lowest", "browser", "integration", "docker", "lint", "typecheck", "docs"),
    "examples",
    *("roundtrip", "roundtrip_saves", "roundtrip_shard", "roundtrip_merge", "roundtrip_next"),
    *(f"roundtrip_shard-{release}" for release in releases()),
    *("documents", "images", "lock", "ops", "bench", "protos", "show_protobufs"),
}


@pytest.fixture(autouse=True)
def _results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ROUNDTRIP_RESULTS", str(tmp_path / "results"))


# What there is


def test_every_session_is_there_and_says_in_a_line_what_it_is_for() -> None:
    found = everything()
    assert {session["name"] for session in found} == NAMES
    for session in found:
        assert session["description"].endswith("."), session
        assert len(session["description"]) < 100, session


def test_nox_alone_runs_what_needs_nothing_but_python() -> None:
    assert {session["name"] for session in listed()} == {"tests", "lint", "typecheck"}


def test_no_matrix_of_ci_has_more_jobs_than_github_takes() -> None:
    assert 0 < len(everything()) <= MOST_JOBS  # of all tags together


def test_unit_tests_run_on_every_python_with_both_pytests() -> None:
    pythons = ("3.10", "3.11", "3.12", "3.13")
    assert [session["session"] for session in tagged("unit")] == [
        f"tests-{python}(pytest-{which})" for python in pythons for which in ("lowest", "newest")
    ]


def test_there_is_a_shard_for_every_release_and_the_default_ones_are_tagged() -> None:
    shards = [session["session"] for session in tagged("shards")]
    assert shards == [f"roundtrip_shard-{release}" for release in releases()]
    default = [session["session"] for session in listed("-t", "default_matrix")]
    assert default == [f"roundtrip_shard-{release}" for release in DEFAULT_RUNTIMES]
    assert noxfile().DEFAULT_RUNTIMES == DEFAULT_RUNTIMES


def test_a_shard_is_named_as_people_type_it() -> None:
    (session,) = listed("-s", "roundtrip_shard-2.15")
    assert session["name"] == "roundtrip_shard-2.15"


def test_a_shard_of_no_release_says_what_to_type_and_starts_none() -> None:
    (session,) = listed("-s", "roundtrip_shard")
    assert session["session"] == "roundtrip_shard"
    with pytest.raises(SystemExit, match=r"nox -s roundtrip_shard-2.15.*nox -t shards"):
        run("roundtrip_shard")


def test_the_script_needs_the_nox_that_the_noxfile_needs() -> None:
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    (needed,) = re.findall(r'nox\.needs_version = "(.+)"', text)
    assert f'"nox{needed}"' in text.partition('# ///\n"""')[0]
    assert SpecifierSet(needed).contains("2026.4.10")


def test_the_documents_name_every_session() -> None:
    text = (ROOT / "docs" / "nox.md").read_text(encoding="utf-8")
    named = {name.partition("-")[0] for name in NAMES}  # of the shards one is shown
    assert [name for name in sorted(named) if f"`{name}" not in text] == []
    assert "`roundtrip_shard-2.15`" in text


def test_nox_says_the_manual_of_a_session() -> None:
    command = [sys.executable, "-m", "nox", "--usage", "roundtrip_shard"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "--tf-save-runtimes" in done.stdout + done.stderr


# What they run


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("tests", {"pytest": "pytest==8.4"}),
        ("tests_lowest", {}),
        ("integration", {}),
        ("docker", {}),
        ("lint", {}),
        ("typecheck", {}),
        ("docs", {}),
        ("examples", {}),
        ("roundtrip", {}),
        ("roundtrip_saves", {}),
        ("roundtrip_shard-2.15", {}),
        ("images", {}),
        ("lock", {}),
        ("ops", {}),
        ("bench", {"what": "cells"}),
    ],
)
def test_what_the_user_types_comes_last(name: str, arguments: dict[str, str]) -> None:
    session = run(name, "-k", "affine", **arguments)
    assert session.installed
    assert session.ran
    for command in session.ran:
        assert command[-2:] == ["-k", "affine"]


def test_the_lowest_pytest_is_the_one_that_the_project_allows() -> None:
    (lowest, newest) = (
        run("tests", pytest=which).installed[-1] for which in (noxfile().lowest("pytest"), "pytest")
    )
    assert re.fullmatch(r"pytest==\d+\.\d+", lowest)
    assert newest == "pytest"
    with pytest.raises(LookupError, match="no nonsense from below"):
        noxfile().lowest("nonsense")


def test_docker_tests_that_were_asked_for_do_not_skip_themselves() -> None:
    assert run("docker").environ == {"TF_ROUNDTRIP_NEEDS_DOCKER": "1"}


def test_a_fan_out_shares_a_store_and_each_part_has_its_report(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    (saves,) = run("roundtrip_saves").ran
    (shard,) = run("roundtrip_shard-2.15").ran
    for command in (saves, shard):
        assert command[:3] == ["pytest", "--tf-roundtrip", "--tf-provider=docker"]
        assert f"--tf-store={folder / 'store'}" in command
        assert command[-2:] == ["--pyargs", "pytest_tfroundtrip.reference"]
    assert "--tf-operations=creation" in saves
    assert f"--tf-report={folder / 'saves.json'}" in saves
    assert "--tf-load-runtimes=2.15" in shard
    assert f"--tf-report={folder / 'shard-2.15.json'}" in shard
    (whole,) = run("roundtrip").ran
    assert f"--tf-report={folder / 'roundtrip.json'}" in whole
    assert not [word for word in whole if word.startswith(("--tf-store", "--tf-load"))]


def test_results_go_below_the_project_where_nobody_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_ROUNDTRIP_RESULTS")
    assert noxfile().results() == ROOT / "build" / "roundtrip"


def test_merge_takes_what_the_fan_out_wrote_and_a_new_one_begins_without_it(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    with pytest.raises(SystemExit, match="run the shards first"):
        run("roundtrip_merge")
    names = ["saves.json", "shard-1.15.json", "shard-2.15.json"]
    for name in (*names, "roundtrip.json"):
        (folder / name).touch()
    (command,) = run("roundtrip_merge").ran
    assert [word for word in command if word.endswith(".json") and "=" not in word] == [
        str(folder / name) for name in names
    ]
    # Not the file that the session roundtrip writes.
    assert f"--output={folder / 'merged.json'}" in command
    assert f"--markdown={folder / 'merged.md'}" in command
    assert f"--html={folder / 'merged.html'}" in command
    run("roundtrip_saves")
    assert [path.name for path in folder.iterdir()] == ["roundtrip.json"]


def test_images_builds_the_reference_matrix_unless_told_otherwise() -> None:
    start = ["python", "-m", "pytest_tfroundtrip", "images"]
    assert run("images").ran == [[*start, "build", *DEFAULT_RUNTIMES]]
    assert run("images", "list", "--json").ran == [[*start, "list", "--json"]]


def test_benches_are_there() -> None:
    assert {session["call_spec"]["what"] for session in tagged("bench")} == {
        path.stem
        for path in (ROOT / "bench").glob("*.py")
        if "ArgumentParser(" in path.read_text(encoding="utf-8") and path.stem != "naive"
    }


# A TensorFlow that is newer than the catalogue


def test_next_is_a_runtime_in_a_project_of_its_own(tmp_path: Path) -> None:
    session = run("roundtrip_next", "-x", package="tf-nightly", said="tf-nightly==99.1.0rc0\n")
    folder = tmp_path / "results" / "next-tf-nightly"
    assert session.folders == [folder]
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert '[tool.tf_roundtrip.runtime.next]\ntensorflow = "99.1.0rc0"\n' in text
    assert 'requirements = ["tf-nightly==99.1.0rc0"]' in text
    matrix, merge = session.ran
    newest = list(releases())[-1]
    assert f"--tf-runtimes={newest},next" in matrix
    assert matrix[-1] == "-x"
    assert str(folder / "report.json") in merge
    assert f"--markdown={tmp_path / 'results' / 'next-tf-nightly.md'}" in merge


def test_next_is_skipped_where_the_catalogue_has_it() -> None:
    newest = list(releases().values())[-1].tensorflow
    with pytest.raises(Skipped, match="is in the catalogue"):
        run("roundtrip_next", package="tensorflow-cpu", said=f"tensorflow-cpu=={newest}\n")
    with pytest.raises(SystemExit, match="uv says this of tensorflow-cpu: no such thing"):
        run("roundtrip_next", package="tensorflow-cpu", said="no such thing")


def test_the_recorder_is_asked_for_what_nox_has() -> None:
    import nox  # noqa: PLC0415

    public = [name for name in vars(Recorder) if not name.startswith("_")]
    assert [name for name in public if not hasattr(nox.Session, name)] == []
