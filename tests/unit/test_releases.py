"""The catalogue of releases and its locks, as data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from pytest_tfroundtrip.catalogue.releases import LOCKS, Release, read_releases, releases
from pytest_tfroundtrip.errors import UsageProblem

if TYPE_CHECKING:
    from pathlib import Path

PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
ENTRY = """
["2.22"]
tensorflow = "2.22.0"
python = "3.13"
requirements = ["tensorflow-cpu==2.22.0"]
hub = "0.16.1"
keras = "3"
tf_keras = true
image = "tensorflow/tensorflow:2.22.0"
"""


def pins(release: Release) -> dict[str, str]:
    return dict(PIN.findall(release.lock.read_text(encoding="utf-8")))


def test_every_minor_release_from_1_15_to_2_21_is_there_oldest_first() -> None:
    assert list(releases()) == ["1.15", *(f"2.{minor}" for minor in range(22))]


def test_keras_3_came_with_2_16_and_brings_keras_2_along() -> None:
    for release in releases().values():
        new = release.version >= Version("2.16")
        assert release.keras_major == (3 if new else 2)
        assert release.tf_keras == (release.version >= Version("2.15"))


@pytest.mark.parametrize("release", releases().values(), ids=releases())
def test_a_lock_holds_what_its_release_says(release: Release) -> None:
    found = pins(release)
    tensorflow = found.get("tensorflow-cpu", found.get("tensorflow"))
    assert tensorflow == release.tensorflow
    assert found["tensorflow-hub"] == release.hub
    assert ("tf-keras" in found) == release.tf_keras
    # tensorflow-hub imports pkg_resources, which setuptools 82 no longer has.
    assert Version(found["setuptools"]) < Version("82")
    if "keras" in found:
        assert found["keras"].startswith(release.keras.rpartition(".")[0])


@pytest.mark.parametrize("release", releases().values(), ids=releases())
def test_a_lock_is_hashed_and_says_nothing_of_where_it_was_made(release: Release) -> None:
    text = release.lock.read_text(encoding="utf-8")
    assert f"lock {release.name}" in text.splitlines()[0]
    entries = re.split(r"\n(?=[^\s#])", text.split("--require-hashes.\n", 1)[1])
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|@ |file:|/tmp|/home|/root|--index|--find-links|^-e", text)


def test_there_is_no_lock_without_a_release() -> None:
    names = {file.stem.partition("+")[0] for file in LOCKS.glob("*.txt")}
    assert names == set(releases())


def test_a_new_release_is_one_table(tmp_path: Path) -> None:
    file = tmp_path / "releases.toml"
    file.write_text(ENTRY)
    release = read_releases(file)["2.22"]
    assert (release.keras_major, release.tf_keras) == (3, True)
    assert release.lock.name == "2.22.txt"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('hub = "0.16.1"\n', "", "'hub' is missing"),
        ("tf_keras = true", "tf_kears = true", "unknown key 'tf_kears'"),
        ("tf_keras = true", 'tf_keras = "yes"', "tf_keras has to be true or false, not 'yes'"),
        ('"2.22.0"\n', '"2.23.0"\n', "TensorFlow 2.23.0 belongs in 2.23's table"),
        ('"2.22.0"\n', '"two"\n', "tensorflow has to be a version, not 'two'"),
        ('"3.13"', '"3.13.1"', "python has to be a series"),
        ('["tensorflow-cpu==2.22.0"]', "[]", "requirements has to name at least TensorFlow"),
        ('keras = "3"', 'keras = "new"', "keras has to begin with its major version"),
        (ENTRY, '"2.22" = 1', "a release is a table"),
        (ENTRY, "[", "cannot be read"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "releases.toml"
    file.write_text(ENTRY.replace(old, new, 1))
    with pytest.raises(UsageProblem) as caught:
        read_releases(file)
    assert says in str(caught.value)
    assert "releases.toml" in str(caught.value)
