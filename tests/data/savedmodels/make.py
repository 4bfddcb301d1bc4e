"""Makes the SavedModels of this folder anew: ``python make.py`` in the development environment.

Saves models of ``tests/models`` under several releases with the plugin, runs the scripts
beside it, and asks each release for its ``truth.json``. Takes minutes; ``--tf-cache`` and its like
go through.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MODELS = HERE.parent.parent / "models"
#: Names of folders, and what makes them: a model's file and class, a saver, a release.
SAVES = {
    "builder-1.15": ("vocabulary.py:Vocabulary", "builder.ref", "1.15"),
    "hub_module-1.15": ("words.py:Words", "hub_module.train", "1.15"),
    "keras-2.8": ("keras_training.py:Listed", "keras", "2.8"),
    "tf_module-2.15": ("vocabulary.py:Vocabulary", "tf_module", "2.15"),
    "keras_export-2.21": ("keras_training.py:Listed", "keras_export", "2.21"),
    "keras_saved_model-2.21": ("keras_training.py:Listed", "keras_saved_model", "2.21"),
}
#: Scripts, and what each makes under the release that it is named after.
SCRIPTS = {"odd.py": ("odd-1.15", "text-1.15"), "functions.py": ("functions-2.8", "nested-2.8")}
TEST = """
import pytest

@pytest.mark.tf_roundtrip("{model}", savers=["{saver}"], save_runtimes=["{release}"],
                          operations=["creation"], loaders=["tf1_load"])
def test_{number}(roundtrip):
    pass
"""


def main(options: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(MODELS, folder, dirs_exist_ok=True)
        tests = [
            TEST.format(model=model, saver=saver, release=release, number=number)
            for number, (model, saver, release) in enumerate(SAVES.values())
        ]
        (folder / "test_saves.py").write_text("\n".join(tests), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "--tf-roundtrip", f"--tf-store={folder}/store"]
        # A save that drifts (an export's output names) fails its test and is there all the same.
        subprocess.run([*command, *options, "test_saves.py"], cwd=folder, check=False)
        for place, (model, saver, release) in SAVES.items():
            payload = _artifact(folder / "store", model.partition(":")[2], saver, release)
            shutil.rmtree(HERE / place, ignore_errors=True)
            shutil.copytree(payload, HERE / place, ignore=shutil.ignore_patterns("*.npz"))
    others = [place for places in SCRIPTS.values() for place in places]
    for place in others:
        shutil.rmtree(HERE / place, ignore_errors=True)
    for script, (place, *_) in SCRIPTS.items():
        python = _python(place.rpartition("-")[2], options)
        subprocess.run([python, script, str(HERE)], cwd=HERE, check=True)
    for place in (*SAVES, *others):
        python = _python(place.rpartition("-")[2], options)
        said = subprocess.run(
            [python, "truth.py", place], cwd=HERE, check=True, stdout=subprocess.PIPE
        )
        truth = json.dumps(json.loads(said.stdout)[place], indent=1, sort_keys=True)
        (HERE / f"{place}.json").write_text(truth + "\n", encoding="utf-8")


def _artifact(store: Path, model: str, saver: str, release: str) -> Path:
    for file in store.glob("*/*/record.json"):
        record = json.loads(file.read_text(encoding="utf-8"))
        made = ".".join(filter(None, [record["saver"], record["variant"]]))
        version = record["runtime"]["tensorflow"]
        if (record["model"]["class"], made) == (model, saver) and version.startswith(release):
            return file.with_name("payload")
    msg = f"no artifact of {model} by {saver} under {release}"
    raise LookupError(msg)


def _python(release: str, options: list[str]) -> str:
    from pytest_tfroundtrip.settings import default_cache  # noqa: PLC0415

    chosen = [each.partition("=")[2] for each in options if each.startswith("--tf-cache=")]
    cache = Path(chosen[0]) if chosen else default_cache()
    return str(next(cache.glob(f"environments/{release}-*/bin/python")))


if __name__ == "__main__":
    main(sys.argv[1:])
