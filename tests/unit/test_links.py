"""Links to folders, as pytest walks through them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_tfroundtrip.links import Links


def model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"")
    return folder


def link(place: Path, target: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target, target_is_directory=True)
    return place


def test_a_link_that_leads_back_is_no_folder_to_walk_into(tmp_path: Path) -> None:
    models = tmp_path / "models"
    links = Links([models], ())
    assert links.leads_back(link(models / "loop" / "up", Path("..")))
    assert links.leads_back(link(models / "loop" / "self", Path()))
    across = link(models / "a" / "x", models / "b")
    link(models / "b" / "y", models / "a")
    assert not links.leads_back(across)
    assert links.leads_back(across / "y")
    assert not links.leads_back(models / "loop")
    assert not links.leads_back(link(models / "broken", models / "gone"))


def test_a_savedmodel_below_what_was_named_has_the_name_without_links(tmp_path: Path) -> None:
    models = tmp_path / "models"
    own = model(models / "v" / "3")
    links = Links([models], ("build",))
    assert links.is_told_elsewhere(link(models / "current", own))
    assert links.is_told_elsewhere(link(models / "all", models / "v") / "3")
    assert not links.is_told_elsewhere(own)
    assert not links.is_told_elsewhere(models / "v")


@pytest.mark.parametrize("place", [".store/3", "build/3", "../elsewhere/3"])
def test_one_that_only_links_lead_to_is_found_by_the_first(place: str, tmp_path: Path) -> None:
    models = tmp_path / "models"
    own = model(tmp_path / "models" / place)
    links = Links([models], ("build",))
    first, second = link(models / "current", own), link(models / "latest", own)
    for _ in range(2):  # pytest may ask again
        assert not links.is_told_elsewhere(first)
        assert links.is_told_elsewhere(second)


def test_what_was_named_may_be_a_link_itself(tmp_path: Path) -> None:
    own = model(tmp_path / "store" / "m")
    links = Links([link(tmp_path / "models", tmp_path / "store")], ())
    assert not links.is_told_elsewhere(tmp_path / "models" / "m")
    assert links.is_told_elsewhere(link(tmp_path / "store" / "again", own))
