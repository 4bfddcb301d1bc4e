"""The reference matrix on images: what it sees is what environments see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.harness import REFERENCE, Run, private_cache, run, start

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Containers

DOCKER = "--tf-provider=docker"


def test_every_cell_has_the_verdict_that_it_has_in_an_environment(
    on_images: Run, in_environments: Run
) -> None:
    assert on_images.status == 0, on_images.output
    assert on_images.verdicts() == in_environments.verdicts()
    assert on_images.outcomes() == in_environments.outcomes()
    assert len(on_images.cells) == 450


def test_the_report_names_images_by_their_id(on_images: Run) -> None:
    for runtime in on_images.report["runtimes"]:
        assert runtime["provider"] == "docker"
        assert runtime["image"].startswith("sha256:")
        assert runtime["python"].startswith({"1.15": "3.7"}.get(runtime["name"], "3."))
        assert runtime["tensorflow"].startswith(f"{runtime['name']}.")
        assert runtime["import_seconds"] > 0


def test_nothing_ran_on_this_machine_itself(on_images: Run) -> None:
    assert on_images.agents == ()
    assert on_images.left == ()


@pytest.mark.usefixtures("on_images")
def test_two_runs_at_once_give_both_reports(tmp_path: Path, containers: Containers) -> None:
    chosen = ("--tf-runtimes=1.15,2.15", "-k", "add_two and not keras")
    runs = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        cache = private_cache(folder)
        runs.append(start(folder, *REFERENCE, DOCKER, *chosen, cache=cache))
    outputs = [each.process.communicate(timeout=600)[0] for each in runs]
    assert [each.process.returncode for each in runs] == [0, 0], outputs
    reports = [each.report.read_text(encoding="utf-8") for each in runs]
    assert [text.count('"verdict": "same"') > 10 for text in reports] == [True, True]
    assert containers.names() == []


@pytest.mark.usefixtures("on_images")
def test_workers_share_the_controllers_containers(tmp_path: Path, containers: Containers) -> None:
    seen = run(
        tmp_path,
        *(*REFERENCE, DOCKER, "-n", "2", "--tf-runtimes=2.15", "-k", "add_two"),
        cache=private_cache(tmp_path),
    )
    assert seen.status == 0, seen.output
    assert containers.names() == []


@pytest.mark.usefixtures("on_images")
def test_a_store_hands_saves_on_to_a_run_without_their_runtime(tmp_path: Path) -> None:
    first, second = tmp_path / "saves", tmp_path / "shard"
    for folder in (first, second):
        folder.mkdir()
    common = (*REFERENCE, DOCKER, f"--tf-store={tmp_path}/store", "-k", "add_two")
    saved = run(first, *common, "--tf-save-runtimes=1.15", "--tf-operations=creation")
    assert saved.status == 0, saved.output
    loaded = run(second, *common, "--tf-save-runtimes=1.15", "--tf-load-runtimes=2.15")
    assert loaded.status == 0, loaded.output
    by_name = {runtime["name"]: runtime for runtime in loaded.report["runtimes"]}
    assert by_name["1.15"]["provider"] == "store"
    assert by_name["1.15"]["tensorflow"] == "1.15.5"
    assert by_name["1.15"]["import_seconds"] is None
    assert by_name["2.15"]["provider"] == "docker"
    verdicts = [cell["verdict"] for cell in loaded.cells.values() if cell["load"]]
    assert verdicts.count("same") >= 8
