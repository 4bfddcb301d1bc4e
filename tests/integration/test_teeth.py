"""What is wrong on purpose makes the reference fail: none of its green is there by itself."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent.wire import Tensor, read_tensors, write_tensors
from pytest_tfroundtrip.causes.catalogue import CAUSES_FILE
from pytest_tfroundtrip.promises.lookup import PROMISES_FILE

from .harness import REFERENCE, Run, artifacts, private_cache, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def failed(seen: Run) -> set[str]:
    """The cells that pytest calls failed."""
    return {key for key, outcome in seen.outcomes().items() if outcome == "failed"}


def without_entry(text: str, kind: str, name: str) -> str:
    """A catalogue's text without one of its entries."""
    entries = text.split(f"[[{kind}]]")
    kept = [entry for entry in entries if f'\nid = "{name}"' not in entry]
    assert len(kept) == len(entries) - 1
    return f"[[{kind}]]".join(kept)


def with_promise(text: str, name: str, old: str, new: str) -> str:
    """The promises' text with an entry that says the contrary."""
    before, mark, entry = text.partition(f'\nid = "{name}"')
    assert mark
    changed = entry.replace(f'promise = "{old}"', f'promise = "{new}"', 1)
    assert changed != entry
    return before + mark + changed


def test_a_deleted_cause(tmp_path: Path) -> None:
    text = CAUSES_FILE.read_text(encoding="utf-8")
    changed = tmp_path / "causes.toml"
    changed.write_text(without_entry(text, "cause", "debug-name-attr"), encoding="utf-8")
    seen = run(
        tmp_path,
        *REFERENCE,
        *("--tf-save-runtimes=2.15", "--tf-load-runtimes=1.15", "--tf-savers=builder"),
        *("--tf-loaders=tf1_load", "-k", "add_two or affine"),
        plugins=("tamper",),
        environ={"TAMPER_CAUSES": str(changed)},
    )
    assert seen.status == 1, seen.output
    assert failed(seen) == {"affine-builder_2.15-to-tf1_load_1.15-inference"}
    assert "debug_name" in seen.output


def test_reversed_promises(tmp_path: Path) -> None:
    text = PROMISES_FILE.read_text(encoding="utf-8")
    text = with_promise(text, "tf2-load-of-tf1-savedmodel", "promised", "unsupported")
    text = with_promise(text, "keras-load-of-what-keras-did-not-save", "unsupported", "promised")
    changed = tmp_path / "promises.toml"
    changed.write_text(text, encoding="utf-8")
    seen = run(
        tmp_path,
        *(*REFERENCE, "--tf-runtimes=2.15", "--tf-savers=builder,tf_module", "-k", "affine"),
        plugins=("tamper",),
        environ={"TAMPER_PROMISES": str(changed)},
    )
    assert seen.status == 1, seen.output
    assert failed(seen) == {
        "affine-builder_2.15-to-tf2_load_2.15-inference",  # works, though said not to
        "affine-builder_2.15-to-keras_load_2.15-inference",  # refused, though promised
        "affine-tf_module_2.15-to-keras_load_2.15-inference",
    }
    works = seen.cells["affine-builder_2.15-to-tf2_load_2.15-inference"]
    assert "out of date" in works["note"]


def change_tensor(artifact: Path, wanted: str, change: Callable[[Any], Any]) -> None:
    """Change a tensor of a stored record, whose file keeps its size."""
    file = artifact / "record.npz"
    tensors = read_tensors(file)
    (name,) = (key for key in tensors if key.startswith(wanted))
    tensors[name] = Tensor(tensors[name].dtype, change(tensors[name].value))
    size = file.stat().st_size
    write_tensors(file, tensors)
    assert file.stat().st_size == size


def off_by_a_thousandth(value: Any) -> Any:
    changed = np.array(value)
    changed.flat[0] += np.float32(1e-3)
    return changed


def rename_output(artifact: Path) -> None:
    file = artifact / "record.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    outputs = record["contract"]["signatures"]["serving_default"]["outputs"]
    outputs["z"] = outputs.pop("y")
    file.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Tampered:
    """The same cells from a store as it was made, and from one that was tampered with."""

    honest: Run
    tampered: Run


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Tampered:
    """One artifact for each fault, and one that is left alone."""
    folder = tmp_path_factory.mktemp("records")
    cache = private_cache(folder)
    arguments = (
        *(*REFERENCE, "--tf-runtimes=2.15", "--tf-savers=builder,simple_save,tf_module,estimator"),
        *("--tf-loaders=tf1_load,tf2_load", "-k", "affine"),
    )
    honest = run(folder, *arguments, cache=cache)
    assert honest.status == 0, honest.output
    stored = {saver: path for (_, saver, _), path in artifacts(cache).items()}
    change_tensor(stored["builder"], "examples/0/outputs/", off_by_a_thousandth)
    rename_output(stored["simple_save"])
    change_tensor(stored["tf_module"], "variables/w", off_by_a_thousandth)
    tampered = run(folder, *arguments, cache=cache)
    shutil.rmtree(cache / "artifacts")
    return Tampered(honest, tampered)


def test_nothing_fails_before(records: Tampered) -> None:
    assert set(records.honest.verdicts().values()) == {"same"}


def test_a_recorded_output_off_by_a_thousandth(records: Tampered) -> None:
    seen = records.tampered
    assert seen.status == 1, seen.output
    for cell in ("creation", "to-tf1_load_2.15-inference", "to-tf2_load_2.15-inference"):
        broken = seen.cells[f"affine-builder_2.15-{cell}"]
        assert (broken["verdict"], broken["outcome"]) == ("differs", "failed")
        assert 0.9e-3 < broken["max_abs_error"] < 1.1e-3


@pytest.mark.parametrize("loader", ["tf1_load", "tf2_load"])
def test_a_renamed_output_of_the_signature(records: Tampered, loader: str) -> None:
    broken = records.tampered.cells[f"affine-simple_save_2.15-to-{loader}_2.15-inference"]
    assert (broken["verdict"], broken["outcome"]) == ("drift", "failed")
    assert "'z'" in broken["message"]


def test_a_changed_variable(records: Tampered) -> None:
    """As far as the loader shows variables: the session has none of a tf.Module's."""
    cells = records.tampered.cells
    broken = cells["affine-tf_module_2.15-to-tf2_load_2.15-inference"]
    assert (broken["verdict"], broken["outcome"]) == ("differs", "failed")
    assert "variable" in broken["message"]
    assert "variables" in cells["affine-tf_module_2.15-to-tf1_load_2.15-inference"]["not_compared"]


def test_what_was_left_alone_is_still_the_same(records: Tampered) -> None:
    rest = {k: v for k, v in records.tampered.verdicts().items() if "estimator" in k}
    assert len(rest) == 3
    assert set(rest.values()) == {"same"}
    assert all(cell["reused"] for cell in records.tampered.cells.values())
