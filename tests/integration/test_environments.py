"""Environments that people have and TensorFlow does not get along with, and what mends them.

Each is an environment of a release with one package replaced by what is too new for it, or left
out. Then the command of the cause's remedy is run in it.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.causes import causes
from pytest_tfroundtrip.runtimes.venv import VenvProvider
from pytest_tfroundtrip.settings import default_cache

from .harness import Run, private_cache, run

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Broken:
    """An environment, what is installed into it, and what is seen then."""

    name: str
    release: str
    replaced: tuple[str, ...]  # how the names of what is changed begin, in site-packages
    installed: tuple[str, ...]  # too new; nothing: it is left out
    cause: str
    loads: str = "tf2_load"
    creation: str = "env_error"  # what is seen of the save
    inference: str = "env_error"  # and of the load
    model: str = "kept.py:Kept"
    saves: str = "tf_module"
    saved_under: str = ""  # the runtime that saves; else itself


BROKEN = (
    Broken("protobuf", "1.15", ("google", "protobuf"), ("protobuf==4.24.4",),
           "protobuf-descriptors"),
    Broken("setuptools", "2.15", ("setuptools", "pkg_resources", "_distutils"),
           ("setuptools==82.0.0",), "pkg-resources-missing", "hub_load", "same", "refused"),
    Broken("numpy", "2.15", ("numpy",), ("numpy==2.2.6",), "numpy-abi"),
    # It imports, and fails with the first dict in a model.
    Broken("wrapt", "2.12", ("wrapt", "typing_extensions"),
           ("wrapt==1.16.0", "typing-extensions==4.12.2"), "wrapt-dict-wrapper",
           creation="refused", inference="unsaved"),
    # TensorFlow 2.16 and later come without Keras 2, and tensorflow-hub brings it.
    Broken("keras", "2.21", ("tf_keras", "tensorflow_hub"), (), "optimizer-slot",
           creation="same", inference="refused", model="kept.py:Compiled", saves="keras",
           saved_under="2.15"),
)  # fmt: skip
MODEL = """
import tensorflow as tf


class Kept(tf.Module):
    inputs = {"x": tf.TensorSpec([None], tf.float32)}
    examples = {"x": [1.0, 2.0]}

    def __init__(self):
        super().__init__()
        self.by_name = {"w": tf.Variable(2.0)}

    def __call__(self, x):
        return {"y": x * self.by_name["w"]}


class Compiled(tf.Module):
    inputs = {"x": tf.TensorSpec([None, 2], tf.float32)}
    examples = {"x": [[1.0, 2.0]]}

    def __init__(self):
        super().__init__()
        x = tf.keras.layers.Input([2], name="x")
        self.model = tf.keras.Model(x, tf.keras.layers.Dense(1, name="y")(x))
        self.model.compile(tf.keras.optimizers.legacy.Adam(), "mse")
        self.model.train_on_batch(tf.ones([1, 2]), tf.ones([1, 1]))

    def keras_model(self):
        return self.model

    def __call__(self, x):
        return {"y": self.model(x)}
"""
TEST = """
import pytest


@pytest.mark.tf_roundtrip({model!r}, savers=[{saves!r}], save_runtimes=[{saved_under!r}],
                          load_runtimes=[{name!r}], loaders=[{loads!r}],
                          operations=["creation", "inference"])
def test_{name}(roundtrip):
    pass
"""


def clone(release: str, folder: Path, replaced: tuple[str, ...], *, left_out: bool) -> Path:
    """An environment that shares its packages with a release's, but for the named ones.

    Those are copies, or left out. Returns its interpreter.
    """
    there = VenvProvider(default_cache()).ready(parse_runtime(release))
    assert there is not None
    asked = [str(there.python), "-c", "import sys; print(sys.base_prefix)"]
    base = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    command = ["uv", "venv", "--quiet", "--python", str(base / "bin" / "python3"), str(folder)]
    subprocess.run(command, check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for each in next(there.python.parents[1].glob("lib/python*/site-packages")).iterdir():
        if each.name.startswith(replaced) and not left_out:
            (shutil.copytree if each.is_dir() else shutil.copy)(each, packages / each.name)
        elif not each.name.startswith(replaced) and not (packages / each.name).exists():
            (packages / each.name).symlink_to(each)
    return folder / "bin" / "python"


def install(python: Path, *packages: str) -> None:
    command = ["uv", "pip", "install", "--quiet", "--no-deps", "--python", str(python), *packages]
    subprocess.run(command, check=True)


def remedy(cause: str) -> list[str]:
    """What the remedy's ``pip install`` installs."""
    (found,) = (each for each in causes() if each.id == cause)
    (command,) = (each for each in found.code() if each.startswith("pip install "))
    return shlex.split(command)[2:]


def _of(release: str, package: str) -> str:
    """A package without a bound follows TensorFlow's releases, as the remedy says."""
    return package if "<" in package else f"{package}=={release}.*"


@dataclass(frozen=True)
class Seen:
    """The run in broken environments, and the one after they were mended."""

    before: Run
    after: Run


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("environments")
    make = [sys.executable, "-m", "pytest_tfroundtrip", "runtimes", "make"]
    subprocess.run([*make, *{each.release for each in BROKEN}], check=True, capture_output=True)
    pythons, config = {}, ["[tool.pytest.ini_options]"]
    for each in BROKEN:
        python = clone(each.release, folder / each.name, each.replaced, left_out=not each.installed)
        pythons[each.name] = python
        if each.installed:
            install(python, *each.installed)
        config += [
            f"[tool.tf_roundtrip.runtime.{each.name}]",
            f'python = "{pythons[each.name]}"',
            f'tensorflow = "{parse_runtime(each.release).release.tensorflow}"',
        ]
    project = folder / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("\n".join(config) + "\n", encoding="utf-8")
    (project / "kept.py").write_text(MODEL, encoding="utf-8")
    tests = [
        TEST.format(**{**vars(each), "saved_under": each.saved_under or each.name})
        for each in BROKEN
    ]
    (project / "test_kept.py").write_text("".join(tests), encoding="utf-8")
    cache = private_cache(folder)
    before = run(project, cache=cache)
    for each in BROKEN:
        install(pythons[each.name], *(_of(each.release, name) for name in remedy(each.cause)))
    return Seen(before, run(project, cache=cache))


def cells(seen: Run, broken: Broken) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The creation and the load."""
    start = f"{broken.model.partition(':')[2].lower()}-{broken.saves}_"
    start += broken.saved_under or broken.name
    load = f"{start}-to-{broken.loads}_{broken.name}-inference"
    return seen.cells[f"{start}-creation"], seen.cells[load]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_the_environment_is_named_and_not_the_model(seen: Seen, broken: Broken) -> None:
    creation, load = cells(seen.before, broken)
    assert (creation["verdict"], load["verdict"]) == (broken.creation, broken.inference)
    for cell in (creation, load):
        if cell["verdict"] != "same":
            assert cell["cause"] == broken.cause, cell["message"]
            assert set(remedy(broken.cause)) <= set(shlex.split(cell["remedy"].replace("`", " ")))


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_the_remedy_mends_it(seen: Seen, broken: Broken) -> None:
    told = [(cell["verdict"], cell["message"]) for cell in cells(seen.after, broken)]
    assert told == [("same", "")] * 2
