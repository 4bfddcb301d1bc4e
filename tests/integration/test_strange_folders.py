"""SavedModels as people's own exporters wrote them: what real ones of others taught.

Programs under TensorFlow write seven that no saver of ours writes; the folders are then tried
without a line of code.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Any

import pytest

from .harness import Run, private_cache, run

WRITER = """
import os
import sys

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

tf1 = tf.compat.v1
tf1.disable_v2_behavior()
saved_model = tf1.saved_model


def write(name, build):
    with tf1.Graph().as_default(), tf1.Session() as session:
        inputs, outputs, more = build()
        session.run(tf1.global_variables_initializer())
        info = saved_model.build_tensor_info
        signature = saved_model.build_signature_def(
            {key: info(each) for key, each in inputs.items()},
            {key: info(each) for key, each in outputs.items()},
            "tensorflow/serving/predict",
        )
        if name == "shapeless":  # as written by hand for TF 1.0
            for infos in (signature.inputs, signature.outputs):
                for each in infos.values():
                    each.ClearField("tensor_shape")
        builder = saved_model.Builder(os.path.join(sys.argv[1], name))
        builder.add_meta_graph_and_variables(
            session, ["serve"], {"serving_default": signature}, **more
        )
        file = builder.save()
    if name == "untyped":  # as converters write them; TensorFlow's own builder refuses
        saved = saved_model_pb2.SavedModel()
        with open(file, "rb") as opened:
            saved.ParseFromString(opened.read())
        saved.meta_graphs[0].signature_def["serving_default"].outputs["y"].dtype = 0
        with open(file, "wb") as opened:
            opened.write(saved.SerializeToString())


def sparse():  # a vocabulary, and nothing named that fills its table, as tf.Transform writes
    words = os.path.join(sys.argv[1], "words.txt")
    with open(words, "w") as file:
        file.write("red\\ngreen\\nblue\\n")
    path = tf.constant(words)
    tf1.add_to_collection(tf1.GraphKeys.ASSET_FILEPATHS, path)
    initializer = tf.lookup.TextFileInitializer(
        path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    table = tf.lookup.StaticHashTable(initializer, -1)
    x = tf1.sparse_placeholder(tf.string, [None, 1], name="x")
    y = table.lookup(tf.sparse.to_dense(x, ""))
    collection = tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS)
    return {"x": x}, {"y": y}, {"assets_collection": collection}


def shapeless():
    x = tf1.placeholder(tf.float32, [None, 3], name="x")
    return {"x": x}, {"y": x * tf1.get_variable("w", initializer=3.0)}, {}


def renewed():  # an initializer that runs after the values were restored
    x = tf1.placeholder(tf.float32, [None, 3], name="x")
    kept = tf1.get_variable("kept", initializer=3.0, use_resource=True)
    lost = tf1.get_variable("lost", [2], use_resource=True)
    return {"x": x}, {"y": x * kept}, {"main_op": tf.group(lost.initializer)}


def open_rank():  # and only a scalar is taken
    x = tf1.placeholder(tf.float32, name="x")
    w = tf1.get_variable("w", initializer=3.0)
    with tf.control_dependencies([tf1.assert_rank(x, 0)]):
        return {"x": x}, {"y": x * w}, {}


def silent():  # as TF-Agents' get_metadata of a policy that has none
    tf1.get_variable("w", initializer=3.0)
    return {}, {}, {}


def untyped():
    x = tf1.placeholder(tf.float32, [None, 3], name="x")
    return {"x": x}, {"y": x * tf1.get_variable("w", initializer=3.0)}, {}


for build in (sparse, shapeless, renewed, open_rank, silent, untyped):
    write(build.__name__, build)
os.remove(os.path.join(sys.argv[1], "words.txt"))
"""


#: A function that gives an object of a library, as policies of TF-Agents and distributions do.
OF_A_LIBRARY = """
import sys
import tensorflow as tf
from tensorflow.python.framework import composite_tensor, type_spec_registry


class Pair(composite_tensor.CompositeTensor):
    def __init__(self, x):
        self.x = x

    @property
    def _type_spec(self):
        return PairSpec(self.x.shape)


@type_spec_registry.register("another.library.PairSpec")
class PairSpec(tf.TypeSpec):
    def __init__(self, shape):
        self._shape = tf.TensorShape(shape)

    value_type = property(lambda self: Pair)

    def _serialize(self):
        return (self._shape,)

    _component_specs = property(lambda self: tf.TensorSpec(self._shape))

    def _to_components(self, value):
        return value.x

    def _from_components(self, components):
        return Pair(components)


class Module(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def pair(self, x):
        return Pair(x * 2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def serve(self, x):
        return {"y": self.pair(x).x}


module = Module()
tf.saved_model.save(module, sys.argv[1], signatures=module.serve)
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("strange")
    (root / "write.py").write_text(WRITER, encoding="utf-8")
    make = [sys.executable, "-m", "pytest_tfroundtrip", "runtimes", "make", "2.15", "2.21"]
    subprocess.run(make, check=True, capture_output=True)
    cache = private_cache(root)
    python = next(cache.glob("environments/2.15-*/bin/python"))
    (root / "models").mkdir()
    (root / "library.py").write_text(OF_A_LIBRARY, encoding="utf-8")
    for arguments in (["write.py", "models"], ["library.py", "models/library"]):
        command = [str(python), *arguments]
        subprocess.run(command, cwd=root, check=True, timeout=300, capture_output=True)
    shutil.copytree(root / "models/open_rank", root / "models/named[1]")
    flipped = shutil.copytree(root / "models/open_rank", root / "models/flipped")
    shard = flipped / "variables/variables.data-00000-of-00001"
    shard.write_bytes(bytes(each ^ 0xFF for each in shard.read_bytes()))
    loaders = "--tf-loaders=tf1_load,tf2_load,c_api"
    return run(root, loaders, "--tf-runtimes=2.15,2.21", "models", cache=cache)


def cells(seen: Run, name: str, loader: str) -> list[dict[str, Any]]:
    found = [
        cell for cell in seen.cells.values() if cell["model"] == name and cell["load"] == loader
    ]
    assert len(found) == 2
    return found


def values_missed(cell: dict[str, Any]) -> list[str]:
    return [each for each in cell["not_compared"] if each.startswith("values")]


def test_nothing_is_left_without_a_cause(seen: Run) -> None:
    assert len(seen.cells) == 54
    assert not [
        cell["id"]
        for cell in seen.cells.values()
        if cell["verdict"] != "same" and not cell["cause"]
    ]


@pytest.mark.parametrize("loader", ["tf1_load", "tf2_load"])
def test_a_sparse_input_and_a_table_that_nothing_fills(seen: Run, loader: str) -> None:
    """The path of the asset is fed, and the parts go by the names that this loader gives them."""
    for cell in cells(seen, "sparse", loader):
        assert cell["verdict"] == "same", cell["message"]
        assert not values_missed(cell)


def test_a_table_that_nothing_fills_is_empty_in_the_c_api(seen: Run) -> None:
    assert {cell["cause"] for cell in cells(seen, "sparse", "c_api")} == {"table-not-initialized"}


@pytest.mark.parametrize("loader", ["tf1_load", "c_api"])
def test_shapes_that_the_signature_leaves_out_are_the_graphs(seen: Run, loader: str) -> None:
    for cell in cells(seen, "shapeless", loader):
        assert cell["verdict"] == "same", cell["message"]
        assert not values_missed(cell)


def test_shapes_that_the_signature_leaves_out_are_foretold_to_be_missed(seen: Run) -> None:
    for cell in cells(seen, "shapeless", "tf2_load"):
        assert (cell["verdict"], cell["predicted"]) == ("refused", "will_fail")
        assert cell["cause"] == "signature-says-no-shapes"


@pytest.mark.parametrize("loader", ["tf1_load", "tf2_load", "c_api"])
@pytest.mark.parametrize(
    ("name", "cause"), [("named[1]", "name-is-a-pattern"), ("flipped", "values-damaged")]
)
def test_variables_that_cannot_be_found_or_trusted(
    seen: Run, name: str, cause: str, loader: str
) -> None:
    for cell in cells(seen, name, loader):
        assert (cell["verdict"], cell["cause"]) == ("refused", cause), cell["message"]


@pytest.mark.parametrize("loader", ["tf1_load", "tf2_load"])
def test_a_variable_that_each_load_sets_is_not_compared_and_all_else_is(
    seen: Run, loader: str
) -> None:
    for cell in cells(seen, "renewed", loader):
        assert cell["verdict"] == "same", cell["message"]
        missed = "value of variable 'lost' (loading sets it anew each time)"
        assert missed in cell["not_compared"]
        assert not values_missed(cell)


@pytest.mark.parametrize("loader", ["tf1_load", "c_api"])
def test_a_scalar_is_found_where_the_rank_is_open(seen: Run, loader: str) -> None:
    for cell in cells(seen, "open_rank", loader):
        assert cell["verdict"] == "same", cell["message"]
        assert not values_missed(cell)


@pytest.mark.parametrize("loader", ["tf1_load", "tf2_load", "c_api"])
def test_a_signature_that_gives_nothing_back_has_nothing_to_compare(seen: Run, loader: str) -> None:
    for cell in cells(seen, "silent", loader):
        assert cell["verdict"] == "same", cell["message"]
        missed = "values (not called: its signature gives nothing back)"
        assert values_missed(cell) == [missed]


@pytest.mark.parametrize("loader", ["tf1_load", "c_api"])
def test_an_output_whose_dtype_is_not_said_is_compared_by_its_values(
    seen: Run, loader: str
) -> None:
    for cell in cells(seen, "untyped", loader):
        assert cell["verdict"] == "same", cell["message"]
        assert "output_dtypes" in cell["not_compared"]
        assert not values_missed(cell)


def test_objects_of_a_library_are_foretold_to_be_missed(seen: Run) -> None:
    for cell in cells(seen, "library", "tf2_load"):
        assert (cell["verdict"], cell["predicted"]) == ("refused", "will_fail")
        assert cell["cause"] == "type-spec-not-registered"
        assert "another.library.PairSpec" in cell["predicted_reason"]


@pytest.mark.parametrize("loader", ["tf1_load", "c_api"])
def test_signatures_need_no_objects_of_a_library(seen: Run, loader: str) -> None:
    for cell in cells(seen, "library", loader):
        assert cell["verdict"] == "same", cell["message"]
        assert not values_missed(cell)
