"""Predictions against real releases: what a run saw, and graphs that were changed by hand."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_tfroundtrip
from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.prediction import Foreseen, Subject, predict
from pytest_tfroundtrip.runtimes.venv import VenvProvider
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.savedmodel.reading import found_at, read_saved_model
from pytest_tfroundtrip.settings import default_cache
from tests.saved_models import copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Reference

RELEASES = ("1.15", "2.15", "2.21")
LOADED = ("same", "drift", "differs")
#: Loads each folder by each loader, each in a process of its own; "" where it worked.
LOAD = """
import importlib.util, json, os, sys
os.environ["OPENBLAS_NUM_THREADS"] = "1"
agent, folders = sys.argv[1], sys.argv[2:]
spec = importlib.util.spec_from_file_location(
    "tf_roundtrip_agent", os.path.join(agent, "__init__.py"), submodule_search_locations=[agent])
package = importlib.util.module_from_spec(spec)
sys.modules["tf_roundtrip_agent"] = package
spec.loader.exec_module(package)
import tensorflow as tf
from tf_roundtrip_agent import c_library

def tf1_load(folder):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.saved_model.load(session, ["serve"], folder)

def tf2_load(folder):
    tf.compat.v1.enable_v2_behavior()
    tf.compat.v2.saved_model.load(folder)

def c_api(folder):
    c_library.Session(folder, ["serve"]).close()

def told(load, folder):
    reading, writing = os.pipe()
    if not os.fork():
        said = ""
        try:
            load(folder)
        except Exception as error:
            said = "%s: %s" % (type(error).__name__, error)
        os.write(writing, said.encode("utf-8", "replace")[:2000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        said = file.read()
    os.wait()
    return said

json.dump({folder: {load.__name__: told(load, folder) for load in (tf1_load, tf2_load, c_api)}
           for folder in folders}, sys.stdout)
"""


# What a run saw


def test_what_is_said_to_fail_fails(reference: Reference) -> None:
    """The runs that other tests have made already."""
    for run in (reference.first, reference.second, reference.distributed):
        wrong = [
            (cell["id"], cell["predicted_reason"])
            for cell in run.cells.values()
            if cell["predicted"] == "will_fail" and cell["verdict"] in LOADED
        ]
        assert not wrong
        assert "prediction was wrong" not in run.output


def test_what_failed_was_foreseen(reference: Reference) -> None:
    cells = [cell for cell in reference.first.cells.values() if cell["load"]]
    failed = [cell for cell in cells if cell["verdict"] in ("refused", "crashed")]
    seen = Counter(cell["predicted"] for cell in failed)
    told = reference.first.report["summary"]["predictions"]
    assert told == {
        "failed": len(failed),
        "foreseen": seen["will_fail"],
        "possible": seen["may_fail"],
        "wrong": 0,
    }
    missed = [(cell["id"], cell["cause"]) for cell in failed if cell["predicted"] is None]
    assert missed == []
    assert seen["will_fail"] > 100
    assert f"predictions: {seen['will_fail']} of {len(failed)} failed loads" in " ".join(
        reference.first.output.split()
    )


def test_workers_tell_the_same(reference: Reference) -> None:
    first, distributed = (
        {key: (cell["predicted"], cell["predicted_reason"]) for key, cell in run.cells.items()}
        for run in (reference.first, reference.distributed)
    )
    assert first == distributed


# Graphs that were changed by hand


def of_graph(graph: Any) -> Any:
    return graph.graph_def.node


def of_called(graph: Any) -> Any:
    """The nodes of a function that the graph's own nodes call."""
    named = {node.attr["f"].func.name for node in graph.graph_def.node if "f" in node.attr}
    return next(
        each.node_def for each in graph.graph_def.library.function if each.signature.name in named
    )


def of_library(graph: Any) -> Any:
    """The nodes of a function of its own, which nobody calls."""
    made = graph.graph_def.library.function.add()
    made.signature.name = "__inference_nobody_1"
    return made.node_def


def new_op(nodes: Any) -> None:
    nodes.add(name="added", op="NoSuchOp")


def new_attribute(nodes: Any) -> None:
    nodes.add(name="added", op="NoOp").attr["no_such_attribute"].b = True


def new_dtype(nodes: Any) -> None:
    nodes.add(name="added", op="Placeholder").attr["dtype"].type = 99


PLACES = {"graph": of_graph, "called": of_called, "library": of_library}
CHANGES: dict[str, Callable[[Any], None]] = {
    "op": new_op,
    "attribute": new_attribute,
    "dtype": new_dtype,
}


def default_attribute(graph: Any) -> None:
    """An attribute that no reader knows, with the writer's default."""
    new_attribute(graph.graph_def.node)
    for op in graph.meta_info_def.stripped_op_list.op:
        if op.name == "NoOp":
            op.attr.add(name="no_such_attribute", type="bool").default_value.b = True
            return
    op = graph.meta_info_def.stripped_op_list.op.add(name="NoOp")
    op.attr.add(name="no_such_attribute", type="bool").default_value.b = True


def min_consumer(graph: Any) -> None:
    graph.graph_def.versions.min_consumer = 1645  # 2.15's own


def nothing(graph: Any) -> None:
    """As TensorFlow wrote it."""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A Keras model that 2.8 saved, which every release reads, changed in one way each."""
    folder = tmp_path_factory.mktemp("changed")
    ways: dict[str, Callable[[Any], None]] = {
        "nothing": nothing,
        "default-attribute": default_attribute,
        "min-consumer": min_consumer,
    }
    for what, change in CHANGES.items():
        for place, nodes in PLACES.items():
            ways[f"{what}-{place}"] = partial(_changed, change, nodes)
    made = {}
    for name, way in ways.items():
        made[name] = copied("keras-2.8", folder / name)
        file = made[name] / "saved_model.pb"
        # What our own types have no field for, constants among it, protobuf keeps and writes again.
        whole = message("SavedModel").FromString(file.read_bytes())
        way(whole.meta_graphs[0])
        file.write_bytes(whole.SerializeToString())
    return made


def _changed(change: Callable[[Any], None], nodes: Callable[[Any], Any], graph: Any) -> None:
    change(nodes(graph))


def interpreter(release: str) -> str:
    there = VenvProvider(default_cache()).ready(parse_runtime(release))
    assert there is not None, "the fixture reference makes it"
    return str(there.python)


@pytest.mark.parametrize("release", RELEASES)
def test_releases_do_as_foretold(
    reference: Reference, changed: dict[str, Path], release: str
) -> None:
    assert reference.first.status == 0
    agent = Path(pytest_tfroundtrip.__file__).with_name("agent")
    done = subprocess.run(
        [interpreter(release), "-B", "-c", LOAD, str(agent), *map(str, changed.values())],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    seen = json.loads(done.stdout)
    unlike, certain = [], 0
    for name, folder in changed.items():
        model = read_saved_model(found_at(folder))
        subject = Subject(model, model.meta_graphs[0])
        for load, said in seen[str(folder)].items():
            runtime = parse_runtime(f"{release}+v2" if release == "1.15" else release)
            foreseen = predict(subject, apis().loaders[load], runtime).foreseen
            certain += foreseen is Foreseen.WILL_FAIL
            if bool(said) is not (foreseen is Foreseen.WILL_FAIL) and (
                foreseen is not Foreseen.MAY_FAIL
            ):
                unlike.append((name, load, foreseen, said[:200]))
    assert unlike == []
    assert certain >= 10


def test_the_table_of_ops_is_what_releases_say(
    reference: Reference, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reference.first.status == 0
    code = main(["ops", "--check", *RELEASES])
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    assert [line.partition(",")[2] for line in said.out.splitlines()] == [" as kept"] * 3
