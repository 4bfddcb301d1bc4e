"""The reader of SavedModels against the TensorFlow that wrote them, and beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip import reference
from pytest_tfroundtrip.savedmodel.folders import find
from pytest_tfroundtrip.savedmodel.reading import NoSavedModel, found_at, read_saved_model
from tests.broken_models import BROKEN, CONTENTS
from tests.saved_models import DATA, as_truth

from .harness import MODELS, Run, artifacts, private_cache, run

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIMES = ("1.15", "2.15", "2.21")
VERSIONS = {"1.15": "1.15.5", "2.15": "2.15.1", "2.21": "2.21.0"}
TEST = f"""
import pytest

CHOSEN = {{"save_runtimes": {list(RUNTIMES)}, "operations": ["creation"], "loaders": ["tf1_load"]}}


@pytest.mark.tf_roundtrip("affine.py:Affine", variables=True, **CHOSEN, savers=[
    "builder", "builder.ref", "simple_save", "estimator", "tf_module", "keras", "keras_export",
    "keras_saved_model", "hub_module.train"])
def test_affine(roundtrip):
    pass


@pytest.mark.tf_roundtrip("vocabulary.py:Vocabulary", variables=True, **CHOSEN,
                          savers=["builder", "tf_module"])
def test_vocabulary(roundtrip):
    pass


@pytest.mark.tf_roundtrip("vocabulary.py:Shifted", variables=False, **CHOSEN,
                          savers=["builder", "tf_module"])
def test_shifted(roundtrip):
    pass


@pytest.mark.tf_roundtrip("zoo.py:Weights", variables=True, **CHOSEN,
                          savers=["builder.ref", "tf_module"])
def test_weights(roundtrip):
    pass
"""
#: Loads each folder as a session does and as tf.saved_model.load does; "" where it worked.
LOAD = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

def told(load, folder):
    try:
        load(folder)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error) or "?"
    return ""

def by_session(folder):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.saved_model.load(session, ["serve"], folder)
        session.run("scale/Read/ReadVariableOp:0")

json.dump({folder: [told(by_session, folder), told(tf.saved_model.load, folder)]
           for folder in sys.argv[1:]}, sys.stdout)
"""
#: Our reader in a process that has a TensorFlow and its own protos.
BESIDE = """
import contextlib, io, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from pytest_tfroundtrip.__main__ import main
before = saved_model_pb2.SavedModel.DESCRIPTOR.full_name
code = main(["show", "--json", sys.argv[1]])
tf.saved_model.load(sys.argv[1])
from google.protobuf import descriptor_pool
ours = "pytest_tfroundtrip.savedmodel.SavedModel"
try:
    descriptor_pool.Default().FindMessageTypeByName(ours)
except KeyError:
    sys.exit(code)
sys.exit("in the default pool")
"""


@dataclass(frozen=True)
class Saved:
    """What TensorFlow saved, and the interpreters that it ran in."""

    run: Run
    artifacts: dict[tuple[str, str, str], Path]
    interpreters: dict[str, str]

    def payload(self, model: str, saver: str, runtime: str) -> Path:
        return self.artifacts[model, saver, VERSIONS[runtime]] / "payload"

    def python(self, runtime: str, *arguments: str, cwd: Path | None = None, **env: str) -> Any:
        """What a program under that TensorFlow printed, as JSON."""
        done = subprocess.run(
            [self.interpreters[runtime], *arguments],
            cwd=cwd,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **env},
            stdout=subprocess.PIPE,
            check=True,
            timeout=300,
        )
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    folder = tmp_path_factory.mktemp("saves")
    for name in ("vocabulary.py", "zoo.py"):
        shutil.copy(MODELS / name, folder)
    shutil.copy(Path(reference.__file__).with_name("models.py"), folder / "affine.py")
    (folder / "test_saves.py").write_text(TEST, encoding="utf-8")
    cache = private_cache(folder)
    done = run(folder, "test_saves.py", cache=cache)
    assert done.status in (0, 1), done.output  # an export drifts, see causes.toml
    places = {runtime: cache.glob(f"environments/{runtime}-*/bin/python") for runtime in RUNTIMES}
    return Saved(done, artifacts(cache), {name: str(next(found)) for name, found in places.items()})


def saved_models(saved: Saved, runtime: str) -> Iterator[Path]:
    for (_, _, version), folder in sorted(saved.artifacts.items()):
        if version == VERSIONS[runtime]:
            yield folder / "payload"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_it_says_what_tensorflow_says(saved: Saved, runtime: str) -> None:
    folders = list(saved_models(saved, runtime))
    assert len(folders) >= 8
    told = saved.python(runtime, str(DATA / "truth.py"), *map(str, folders))
    for folder in folders:
        place = found_at(folder)
        assert as_truth(place) == told[str(folder)], folder
        assert read_saved_model(place).faults == ()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_it_says_what_the_saving_process_recorded(saved: Saved, runtime: str) -> None:
    """The contract, the variables and the saver of each record, which the agent wrote."""
    for (_, saver, version), folder in saved.artifacts.items():
        if version != VERSIONS[runtime]:
            continue
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        model = read_saved_model(found_at(folder / "payload"))
        graph = next(
            graph
            for graph in model.meta_graphs
            if set(graph.stamp.tags) == set(record["contract"]["tags"])
        )
        assert {
            each.key: {
                "method_name": each.method_name,
                "inputs": _tensors(each.inputs),
                "outputs": _tensors(each.outputs),
            }
            for each in graph.callable_signatures
        } == record["contract"]["signatures"]
        assert graph.stamp.tensorflow == record["runtime"]["tensorflow"]
        assert saver.partition(".")[0] in graph.savers
        if record["variables"]["key"] != "order":
            assert {
                each.name: (each.dtype, list(each.shape or ()), each.kind.value, each.trainable)
                for each in graph.variables
            } == {
                each["name"]: (each["dtype"], each["shape"], each["kind"], each["trainable"])
                for each in record["variables"]["items"]
            }
        else:
            assert len(graph.variables) >= len(record["variables"]["items"])


def _tensors(tensors: Any) -> dict[str, Any]:
    return {
        name: {"dtype": each.dtype, "shape": None if each.shape is None else list(each.shape)}
        for name, each in tensors.items()
    }


@pytest.mark.parametrize("runtime", ["2.15", "2.21"])
def test_tensorflow_stops_where_a_fault_says_so(saved: Saved, runtime: str, tmp_path: Path) -> None:
    """Every way of breaking a folder that the unit tests know, on a model of that release."""
    whole = saved.payload("Vocabulary", "tf_module", runtime)
    ways = {name: way[0] for name, way in BROKEN.items() if "pipe" not in name}
    for name in ("whole", *ways, *CONTENTS):
        folder = tmp_path / name
        shutil.copytree(whole, folder)
        if name in ways:
            ways[name](folder)
        elif name in CONTENTS:
            (folder / "saved_model.pb").write_bytes(CONTENTS[name])
    (tmp_path / "load.py").write_text(LOAD, encoding="utf-8")
    places = sorted(str(each) for each in tmp_path.iterdir() if each.is_dir())
    told = saved.python(runtime, "load.py", *places, cwd=tmp_path)
    for place in places:
        try:
            faults = read_saved_model(found_at(Path(place))).faults
        except NoSavedModel as error:
            faults = (error.fault,)
        stops = any(fault.stops for fault in faults)
        assert [bool(each) for each in told[place]] == [stops, stops], (place, told[place])
    assert not any(told[str(tmp_path / "whole")])
    assert len(places) > 30


@pytest.mark.parametrize("runtime", ["2.15", "2.21"])
def test_a_model_without_variables_may_want_a_checkpoint(
    saved: Saved, runtime: str, tmp_path: Path
) -> None:
    """What tf.saved_model.save wrote does, what TF1's Builder wrote does not."""
    (tmp_path / "load.py").write_text(LOAD.replace('session.run("', '0 and ("'), encoding="utf-8")
    for saver in ("builder", "tf_module"):
        folder = tmp_path / saver
        shutil.copytree(saved.payload("Shifted", saver, runtime), folder)
        shutil.rmtree(folder / "variables", ignore_errors=True)
        (told,) = saved.python(runtime, "load.py", str(folder), cwd=tmp_path).values()
        faults = [fault.id for fault in read_saved_model(found_at(folder)).faults]
        wants = saver == "tf_module"
        assert [bool(each) for each in told] == [wants, wants], told
        assert faults == ["variables-left-out"] * wants


def test_it_disturbs_no_tensorflow_in_its_process(saved: Saved) -> None:
    """In 2.15's environment, with its protobuf; ``packaging`` is there as well."""
    folder = saved.payload("Vocabulary", "tf_module", "2.15")
    here = Path(__file__).parents[2]
    done = subprocess.run(
        [saved.interpreters["2.15"], "-c", BESIDE, str(folder)],
        env={**os.environ, "PYTHONPATH": str(here)},
        stdout=subprocess.PIPE,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0
    (model,) = json.loads(done.stdout)["saved_models"]
    alone = subprocess.run(
        [sys.executable, "-m", "pytest_tfroundtrip", "show", "--json", str(folder)],
        stdout=subprocess.PIPE,
        check=True,
    )
    assert model == json.loads(alone.stdout)["saved_models"][0]


def test_folders_of_them_are_found(saved: Saved, tmp_path: Path) -> None:
    for number, runtime in enumerate(RUNTIMES, start=1):
        shutil.copytree(saved.payload("Affine", "builder", runtime), tmp_path / "m" / str(number))
    assert [each.name for each in find(tmp_path)] == ["m/1", "m/2", "m/3"]
