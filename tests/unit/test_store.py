from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from extension import AGENT, write
from test_cells import a_cell, resaved

from pytest_tfroundtrip.cells import Model, Save
from pytest_tfroundtrip.engine.store import KEPT_SECONDS, Store, resave_key, save_key


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "affine.py").write_text("class Affine: ...")
    (tmp_path / "weights.txt").write_text("1 2 3")
    return tmp_path


@pytest.fixture
def save(root: Path) -> Save:
    return a_cell("tf_module", "2.15", model=Model("Affine", root / "affine.py", root)).save


def make(store: Store, root: Path, key: str = "key", began: float | None = None) -> Path:
    made = store.making()
    (made / "payload").mkdir()
    (made / "payload" / "saved_model.pb").write_bytes(b"model")
    (made / "record.json").write_text("{}")
    sources = [str(root / "affine.py"), str(root / "weights.txt")]
    return store.keep(made, key, root, sources, began=time.time() + 1 if began is None else began)


def test_what_was_kept_is_found(root: Path) -> None:
    store = Store(root / "store")
    kept = make(store, root)
    assert store.find("key", root) == kept
    assert store.find("other", root) is None
    store.close()
    assert not [path for path in (store.folder / ".making").iterdir() if path.is_dir()]


def test_a_changed_source_makes_it_stale_and_a_restored_one_current(root: Path) -> None:
    store = Store(root / "store")
    kept = make(store, root)
    (root / "weights.txt").write_text("1 2 4")
    assert store.find("key", root) is None
    other = make(store, root)
    assert other != kept
    (root / "weights.txt").write_text("1 2 3")
    assert store.find("key", root) == kept


def test_a_source_that_changed_while_it_was_saved_makes_it_unknown(root: Path) -> None:
    store = Store(root / "store")
    make(store, root, began=time.time() - 60)
    assert store.find("key", root) is None


@pytest.mark.parametrize("damage", ["payload/saved_model.pb", "record.json", "manifest.json"])
def test_a_missing_or_cut_file_makes_it_stale_until_it_is_made_again(
    root: Path, damage: str
) -> None:
    store = Store(root / "store")
    kept = make(store, root)
    (kept / damage).write_bytes(b"")
    assert store.find("key", root) is None
    assert make(store, root) == kept
    assert store.find("key", root) == kept


def test_the_same_made_twice_is_kept_once(root: Path) -> None:
    store = Store(root / "store")
    assert make(store, root) == make(store, root)
    assert len(list((store.folder / "key").iterdir())) == 1


def test_what_no_run_took_for_long_is_swept(root: Path) -> None:
    store = Store(root / "store")
    old, fresh = make(store, root, "old"), make(store, root, "fresh")
    before = time.time() - KEPT_SECONDS - 60
    os.utime(old, (before, before))
    store.sweep()
    assert not old.exists()
    assert store.find("fresh", root) == fresh


def test_what_a_dead_run_was_making_is_swept_and_a_living_ones_is_not(root: Path) -> None:
    half_made = (
        "import sys; from pathlib import Path; from pytest_tfroundtrip.engine.store import Store;"
        "store = Store(Path(sys.argv[1])); print(store.making(), flush=True); input()"
    )
    command = [sys.executable, "-c", half_made, str(root / "store")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        theirs = Path(other.stdout.readline().strip())
        store = Store(root / "store")
        mine = store.making()
        Store(root / "store").sweep()
        assert mine.exists()
        assert theirs.exists()
        other.kill()
    Store(root / "store").sweep()
    assert mine.exists()
    assert not theirs.exists()


def test_how_much_tensorflow_says_changes_no_key(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = save_key(save, "lock")
    monkeypatch.setenv("TF_ROUNDTRIP_LOG_LEVEL", "0")
    assert save_key(save, "lock") == before


def test_the_key_changes_with_all_that_the_artifact_depends_on(save: Save, root: Path) -> None:
    from pytest_tfroundtrip.catalogue.runtime import parse_runtime  # noqa: PLC0415

    keys = {
        save_key(save, "lock"),
        save_key(save, "another lock"),
        save_key(replace(save, seed=1), "lock"),
        save_key(replace(save, runtime=parse_runtime("2.15+v1")), "lock"),
        save_key(replace(save, runtime=parse_runtime("2.16+tf_keras")), "lock"),
        save_key(replace(save, saver=a_cell("builder", "2.15").save.saver), "lock"),
    }
    (root / "affine.py").write_text("class Affine: changed = True")
    keys.add(save_key(save, "lock"))
    assert len(keys) == 7
    assert save_key(save, "lock") in keys


def test_what_is_saved_again_depends_on_the_first_and_on_who_does(root: Path) -> None:
    again = [resaved(a_cell(), runtime).save for runtime in ("2.15", "2.21", "2.21+v1")]
    keys = {resave_key(save, "lock", root / "key" / "one") for save in again}
    keys.add(resave_key(again[0], "other lock", root / "key" / "one"))
    keys.add(resave_key(again[0], "lock", root / "key" / "two"))
    assert len(keys) == 5


def test_a_third_partys_saver_depends_on_all_its_files(save: Save, root: Path) -> None:
    extension = write(root)
    ours = save_key(save, "lock")
    theirs = replace(save, saver=replace(save.saver, extension=extension))
    keys = [ours, save_key(theirs, "lock")]
    extension.agent.write_text(AGENT + "# changed")
    keys.append(save_key(theirs, "lock"))
    extension.apis.write_text(extension.apis.read_text() + "\n")
    keys.append(save_key(theirs, "lock"))
    assert len(set(keys)) == 4
    assert save_key(save, "lock") == ours
    assert save_key(theirs, "lock") == keys[-1]


def test_a_package_is_hashed_with_the_names_of_its_files(save: Save, root: Path) -> None:
    package = root / "agent"
    package.mkdir()
    (package / "__init__.py").touch()
    extension = replace(write(root), agent=package)
    theirs = replace(save, saver=replace(save.saver, extension=extension))
    (package / "a.py").write_text("A = 1")
    first = save_key(theirs, "lock")
    (package / "a.py").rename(package / "b.py")
    renamed = replace(theirs, saver=replace(save.saver, extension=replace(extension)))
    assert save_key(renamed, "lock") != first
