"""SavedModel folders without a line of code, on real TensorFlow releases."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_tfroundtrip.savedmodel.protos import message

from .harness import HERE, MODELS, Run, private_cache, run, run_keeping

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RELEASES = {"1.15.5": "1.15", "2.15.1": "2.15", "2.21.0": "2.21"}
CLASSES = ("Picture", "Tokens", "Parsed", "Large", "Dice", "Stubborn")
TEST = """
import pytest
""" + "".join(
    f"""
@pytest.mark.tf_roundtrip("fed.py:{name}", variables=True, savers=["builder", "tf_module"],
                          operations=["creation"])
def test_{name.lower()}(roundtrip):
    pass
"""
    for name in CLASSES
)
WHOLE = ("--tf-loaders=tf1_load,tf2_load,c_api", "--tf-runtimes=1.15,2.15,2.21")


@dataclass(frozen=True)
class Folders:
    """SavedModels that say nothing of how they were made but what TensorFlow writes."""

    root: Path
    seen: Run
    before: Mapping[str, int]  # path: time of its last change

    def of(self, name: str) -> list[dict[str, Any]]:
        """The cells of a class's folders."""
        return [cell for cell in self.seen.cells.values() if cell["model"].startswith(name)]


def state(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in root.rglob("*")}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Each class by two savers on three releases, and what is seen of the folders on the same."""
    made = tmp_path_factory.mktemp("fed")
    (made / "test_fed.py").write_text(TEST)
    shutil.copy(MODELS / "fed.py", made)
    kept = run_keeping(made, "--tf-runtimes=1.15,2.15,2.21", "test_fed.py")
    assert kept.seen.status == 0, kept.seen.output
    root = tmp_path_factory.mktemp("folders") / "models"
    for (name, saver, version), artifact in kept.artifacts.items():
        target = root / name / f"{saver}-{RELEASES[version]}"
        shutil.copytree(artifact / "payload", target)
        shutil.rmtree(target / "assets.extra")
    before = state(root)
    seen = run(root.parent, *WHOLE, "models", cache=private_cache(root.parent))
    return Folders(root, seen, before)


def test_every_cell_has_a_verdict_and_what_failed_a_cause(folders: Folders) -> None:
    cells = folders.seen.cells.values()
    assert len(cells) == len(CLASSES) * 2 * 3 * 3 * 3
    assert {cell["verdict"] for cell in cells} == {"same", "refused"}
    assert not [cell["id"] for cell in cells if cell["verdict"] == "refused" and not cell["cause"]]
    assert not folders.seen.left


def test_folders_fail_where_saves_of_ours_are_known_to(folders: Folders) -> None:
    """What 2.15 and 2.21 wrote under 1.15, and nothing else."""
    failed = [cell for cell in folders.seen.cells.values() if cell["verdict"] == "refused"]
    assert {(cell["save_runtime"], cell["load_runtime"]) for cell in failed} == {
        ("2.15", "1.15"),
        ("2.21", "1.15"),
    }
    assert len(failed) == len(CLASSES) * 2 * 2 * 3
    assert {cell["cause"] for cell in failed} == {
        "attr-not-in-op",
        "debug-name-attr",
        "disable-copy-on-read",
        "parse-example-v2",
    }


@pytest.mark.parametrize("name", ["Picture", "Tokens", "Parsed", "Large"])
def test_inputs_are_found_that_the_model_takes(folders: Folders, name: str) -> None:
    cells = folders.of(name)
    assert len(cells) == 54
    missed = [each for cell in cells for each in cell["not_compared"] if each.startswith("values")]
    assert not missed
    same = [cell for cell in cells if cell["verdict"] == "same"]
    assert all(cell["max_abs_error"] is not None for cell in same)


def test_what_gives_other_values_each_time_is_told_apart(folders: Folders) -> None:
    for cell in folders.of("Dice"):
        if cell["verdict"] == "same":
            assert "values (the model gives others each time it is called)" in cell["not_compared"]


def test_what_takes_no_input_that_is_made_up_is_told(folders: Folders) -> None:
    told = {
        each
        for cell in folders.of("Stubborn")
        for each in cell["not_compared"]
        if "not called" in each
    }
    assert told
    assert all("none of the inputs that were made up for it was taken" in each for each in told)
    assert "--tf-examples" in folders.seen.output


def test_nothing_is_written_into_the_folders(folders: Folders) -> None:
    assert state(folders.root) == folders.before


EXAMPLES = """
import numpy as np
import pytest

@pytest.mark.tf_roundtrip(saved_model={where!r}, loaders=["tf1_load", "tf2_load"], {more})
def test_fed(roundtrip):
    assert roundtrip.inputs["x"].tolist() == [42.0, 1.0]
    np.testing.assert_allclose(roundtrip.outputs["y"], [63.0, 1.5])
"""


def fed(tmp_path: Path, where: Path, more: str = "", *options: str) -> Run:
    (tmp_path / "test_fed.py").write_text(EXAMPLES.format(where=str(where), more=more))
    runtimes = "--tf-runtimes=2.15,2.21"
    return run(tmp_path, runtimes, *options, "test_fed.py", cache=private_cache(tmp_path))


def test_examples_that_are_given_are_fed(folders: Folders, tmp_path: Path) -> None:
    np.savez(tmp_path / "examples.npz", x=np.array([42, 1]))  # whole numbers: they become float32
    (tmp_path / "examples.json").write_text(json.dumps([{"x": [42, 1]}]))
    model = folders.root / "Stubborn" / "tf_module-2.15"
    by_option = fed(tmp_path, model, "", "--tf-examples=examples.npz")
    assert set(by_option.outcomes().values()) == {"passed"}, by_option.output
    (tmp_path / "again").mkdir()
    shutil.copy(tmp_path / "examples.json", tmp_path / "again")
    by_mark = fed(tmp_path / "again", model, 'examples="examples.json"')
    assert set(by_mark.outcomes().values()) == {"passed"}, by_mark.output


def test_warm_up_requests_are_fed_and_an_archive_is_unpacked(
    folders: Folders, tmp_path: Path
) -> None:
    model = shutil.copytree(folders.root / "Stubborn" / "builder-2.15", tmp_path / "m" / "1")
    log = message("PredictionLog")()
    request = log.predict_log.request
    request.model_spec.signature_name = "serving_default"
    # A TensorProto: float, shape [2], the values.
    content = np.array([42, 1], "<f4").tobytes()
    request.inputs["x"] = b"\x08\x01\x12\x04\x12\x02\x08\x02" + b"\x22\x08" + content
    body = log.SerializeToString()
    (model / "assets.extra").mkdir()
    record = struct.pack("<QI", len(body), 0) + body + struct.pack("<I", 0)
    (model / "assets.extra" / "tf_serving_warmup_requests").write_bytes(record)
    with tarfile.open(tmp_path / "m.tar.gz", "w:gz") as packed:
        packed.add(tmp_path / "m", "m")
    seen = fed(tmp_path, tmp_path / "m.tar.gz")
    assert set(seen.outcomes().values()) == {"passed"}, seen.output


def test_what_was_recorded_holds_without_the_release_that_wrote_it(
    folders: Folders, tmp_path: Path
) -> None:
    cache = private_cache(tmp_path)
    model = folders.root / "Tokens" / "tf_module-2.15"
    command = [sys.executable, "-m", "pytest_tfroundtrip", "record", str(model), "--to", "golden"]
    done = subprocess.run(
        [*command, f"--cache={cache}", "--runtime=2.15"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    held = run(tmp_path, "--tf-runtimes=2.21", "golden", cache=cache)
    assert set(held.outcomes().values()) == {"passed"}, held.output
    assert len(held.agents) == 1
    assert {cell["inputs"] for cell in held.cells.values()} == {"its record"}
    record = tmp_path / "golden" / "assets.extra" / "tf_roundtrip"
    with np.load(record / "record.npz") as arrays:
        content = {name: arrays[name] for name in arrays.files}
    changed = {
        name: each + 1 if each.dtype == np.float32 and each.ndim == 2 else each
        for name, each in content.items()
    }
    np.savez(record / "record.npz", **changed)
    broken = run(tmp_path, "--tf-runtimes=2.21", "golden", cache=cache)
    assert set(broken.verdicts().values()) == {"differs"}


def test_the_docs_example_is_a_test(folders: Folders, tmp_path: Path) -> None:
    text = (HERE.parents[1] / "docs" / "folders.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n# test_exported\.py\n(.*?)```", text, re.DOTALL)
    (tmp_path / "test_exported.py").write_text(block, encoding="utf-8")
    model = folders.root / "Tokens" / "builder-2.15"
    shutil.copytree(model, tmp_path / "models" / "half_plus_two")
    seen = run(tmp_path, "test_exported.py", cache=private_cache(tmp_path))
    assert seen.status == 0, seen.output
    assert len(seen.cells) == 4


def test_bisect_finds_no_border_where_every_release_reads_it(
    folders: Folders, tmp_path: Path
) -> None:
    """A TF1 SavedModel with resource variables; asked are the one that wrote it and the newest."""
    model = folders.root / "Tokens" / "builder-1.15"
    command = [sys.executable, "-m", "pytest_tfroundtrip", "bisect", str(model), "--load=tf1_load"]
    done = subprocess.run(
        [*command, f"--cache={private_cache(tmp_path)}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "  1.15     same",
        "  2.21     same",
        "tf1_load reads it from 1.15 to 2.21.",
        "2 releases were asked; what lies between two of a kind was not.",
    ]


@pytest.mark.parametrize(
    ("name", "loader", "said"),
    [
        ("builder-1.15", "tf1_load_2.21", "Session"),
        ("tf_module-2.15", "tf2_load_2.15", "_UserObject"),
    ],
)
def test_a_shell_has_the_model_loaded_and_what_it_is_fed_with(
    folders: Folders, tmp_path: Path, name: str, loader: str, said: str
) -> None:
    cell = f"{folders.root / 'Tokens' / name}::{loader}-inference"
    command = [sys.executable, "-m", "pytest_tfroundtrip", "shell", cell]
    done = subprocess.run(
        [*command, f"--cache={private_cache(tmp_path)}"],
        input="print(type(session or model).__name__)\n"
        "print(all((call(fed)['y'] == seen['y']).all() for fed, seen in zip(inputs, recorded)))\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [said, "True"]


def test_a_shell_shows_what_was_refused(folders: Folders, tmp_path: Path) -> None:
    cell = f"{folders.root / 'Tokens' / 'builder-2.15'}::tf1_load_1.15-inference"
    command = [sys.executable, "-m", "pytest_tfroundtrip", "shell", cell]
    done = subprocess.run(
        [*command, f"--cache={private_cache(tmp_path)}"],
        input="print(len(inputs), call)\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "NodeDef mentions attr 'debug_name' not in Op" in done.stderr
    assert done.stdout.splitlines()[-1] == "2 None"


def test_inputs_that_the_model_refuses_are_told_with_their_file(tmp_path: Path) -> None:
    model = shutil.copytree(HERE.parent / "data" / "savedmodels" / "keras-2.8", tmp_path / "m")
    three, one = np.zeros([2, 3], np.float32), np.zeros([2, 1], np.int32)
    np.savez(tmp_path / "given.npz", x=three, n=one)  # it takes two columns of x
    cache = private_cache(tmp_path)
    seen = run(tmp_path, "--tf-runtimes=2.15", model.name, "--tf-examples=given.npz", cache=cache)
    assert seen.cells
    for cell in seen.cells.values():
        told = (cell["verdict"], cell["outcome"], cell["cause"])
        assert told == ("unsaved", "error", "examples-refused")
        assert cell["message"].startswith("the inputs were refused (given.npz):\n")
    assert "The examples in given.npz have the names" in " ".join(seen.output.split())
