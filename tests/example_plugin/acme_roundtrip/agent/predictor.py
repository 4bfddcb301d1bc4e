"""Acme's predictor: ``tf.contrib.predictor.from_saved_model``, rebuilt for every TensorFlow."""

import contextlib

import tensorflow as tf
from tf_roundtrip_agent import contract, values
from tf_roundtrip_agent.operations import Loaded

tf1 = tf.compat.v1


class Predictor(object):
    """What Acme's batch jobs call: arrays in, arrays out, in a session of its own."""

    def __init__(self, folder, tags, key):
        self.session = tf1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            self.meta_graph = tf1.saved_model.loader.load(self.session, tags, folder)
        signature = self.meta_graph.signature_def[key]
        self.inputs = self._tensors(signature.inputs)
        self.outputs = self._tensors(signature.outputs)

    def _tensors(self, infos):
        find = self.session.graph.get_tensor_by_name
        return {name: find(info.name) for name, info in infos.items()}

    def __call__(self, **arrays):
        """The outputs as {name: array}."""
        feed = {self.inputs[name]: array for name, array in arrays.items()}
        return self.session.run(self.outputs, feed)


class LoadedPredictor(Loaded):
    """A predictor as an operation sees it."""

    def __init__(self, predictor):
        super(LoadedPredictor, self).__init__(type(predictor).__name__)
        self._predictor = predictor

    def contract(self):
        return contract.of_meta_graph(self._predictor.meta_graph)

    def variables(self):
        return None  # "shows" of the data file does not have them either

    def calls(self):
        return [("predictor", self._call)]

    def _call(self, fed):
        arrays = self._predictor(**{name: values.to_feed(each) for name, each in fed.items()})
        dtypes = {name: tensor.dtype for name, tensor in self._predictor.outputs.items()}
        return {name: values.from_array(each, dtypes[name]) for name, each in arrays.items()}


@contextlib.contextmanager
def load(artifact, _variant):
    """Load what was saved by the signature that the record names."""
    tags = artifact.record["contract"]["tags"]
    yield LoadedPredictor(Predictor(artifact.payload, tags, artifact.record["signature"]))
