"""The workflows use what there is: sessions, tags, files, actions that are pinned."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from nox_sessions import ROOT, everything

from pytest_tfroundtrip.settings import DEFAULT_RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
HASH = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


@cache
def workflow(name: str) -> dict[Any, Any]:
    content = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in FILES:
        for name, job in workflow(file.name)["jobs"].items():
            yield f"{file.stem}.{name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in jobs():
        for step in job.get("steps", []):
            yield name, step


def commands() -> Iterator[tuple[str, str]]:
    for name, step in steps():
        if "run" in step:
            yield name, step["run"]


def test_there_are_three_workflows() -> None:
    assert [file.name for file in FILES] == ["ci.yml", "nightly.yml", "roundtrip.yml"]


def test_every_session_that_is_named_exists() -> None:
    known = {session["name"] for session in everything()}
    named = [
        (job, word)
        for job, text in commands()
        for word in re.findall(r"nox -s \"?([\w$]+)", text)
        if word != "$SESSION"
    ]
    assert len(named) >= 7
    assert [(job, word) for job, word in named if word not in known] == []


def test_every_tag_that_lists_sessions_has_some() -> None:
    known = {tag for session in everything() for tag in session["tags"]}
    named = [word for _, text in commands() for word in re.findall(r"nox -l .*-t (\w+)", text)]
    call = workflow("roundtrip.yml")[True]  # YAML 1.1: the key `on` is true
    dispatch = call["workflow_dispatch"]["inputs"]["tag"]
    named += [*dispatch["options"], dispatch["default"]]
    named += [call["workflow_call"]["inputs"]["tag"]["default"]]
    named += [workflow("nightly.yml")["jobs"]["catalogue"]["with"]["tag"]]
    assert {"unit", "next", "shards", "default_matrix"} == set(named) <= known


def test_where_sessions_come_from_a_list_the_list_is_needed() -> None:
    for name, job in jobs():
        uses = set(re.findall(r"needs\.(\w+)\.", str(job)))
        needs = job.get("needs", [])
        assert uses <= set([needs] if isinstance(needs, str) else needs), name


def test_every_path_exists_or_is_a_result() -> None:
    for name, job in jobs():
        if called := job.get("uses"):
            assert (ROOT / called).is_file(), name
    for name, text in commands():
        for word in re.findall(r"(?<![\w$/.-])((?:scripts|bench|docs|tests)/[\w./-]+)", text):
            assert (ROOT / word).exists(), (name, word)
    for name, step in steps():
        for path in str(step.get("with", {}).get("path", "")).split():
            assert path.startswith("build"), (name, path)


def test_the_runtimes_that_save_are_the_plugins_own() -> None:
    chosen = ",".join(DEFAULT_RUNTIMES)
    text = (FOLDER / "roundtrip.yml").read_text(encoding="utf-8")
    inputs = workflow("roundtrip.yml")[True]
    for event in ("workflow_dispatch", "workflow_call"):
        assert inputs[event]["inputs"]["save-runtimes"]["default"] == chosen
    assert text.count(f"inputs.save-runtimes || '{chosen}'") == 1


def test_what_one_job_hands_on_another_takes() -> None:
    given, taken = set(), set()
    for _, step in steps():
        options = step.get("with", {})
        if "upload-artifact" in step.get("uses", ""):
            given.add(re.sub(r"\$\{\{.*?\}\}", "*", options["name"]))
        if "download-artifact" in step.get("uses", ""):
            name = options.get("name") or options["pattern"]
            taken.add(re.sub(r"\$\{\{.*?\}\}", "*", name))
    assert given == {"image-*", "store", "report-saves", "report-*", "report"}
    # The pattern of the saves' images is made where all images are listed.
    assert taken == {"image-*", "*", "store", "report-*"}
    text = next(text for name, text in commands() if name == "roundtrip.plan")
    assert "saves=image-@(${SAVE_RUNTIMES//,/|})" in text


def test_nobody_is_given_more_than_reading() -> None:
    for file in FILES:
        content = workflow(file.name)
        assert content["permissions"] == {"contents": "read"}
        assert content["concurrency"]["group"].startswith(file.stem)
        assert "secrets" not in file.read_text(encoding="utf-8")
    for name, job in jobs():
        assert "permissions" not in job, name


def test_every_job_ends_in_time_and_every_action_is_pinned() -> None:
    for name, job in jobs():
        assert "uses" in job or 0 < job["timeout-minutes"] <= 60, name
    for file in FILES:
        for line in file.read_text(encoding="utf-8").splitlines():
            if used := re.search(r"uses: ([^.].*)", line):
                action, comment, version = used[1].partition(" # ")
                assert HASH.fullmatch(action), line
                assert comment, line
                assert re.fullmatch(r"v\d+\.\d+\.\d+", version), line


def test_no_checkout_keeps_a_token() -> None:
    found = [step for _, step in steps() if "checkout" in step.get("uses", "")]
    assert found
    assert all(step["with"]["persist-credentials"] is False for step in found)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_no_expression_is_written_into_a_script(file: Any) -> None:
    for name, job in workflow(file.name)["jobs"].items():
        for step in job.get("steps", []):
            assert "${{" not in step.get("run", ""), name


def test_a_new_tensorflow_never_fails_the_night() -> None:
    assert workflow("nightly.yml")["jobs"]["next"]["continue-on-error"] is True
