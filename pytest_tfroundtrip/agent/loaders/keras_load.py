"""``tf.keras.models.load_model``, then ``predict_on_batch``."""

import contextlib

import tensorflow as tf

from .. import contract, keras_fit, keras_models, training, values, variables
from ..errors import Refusal
from ..operations import Loaded

tf1 = tf.compat.v1


class _Loaded(Loaded):
    def __init__(self, model, record):
        super(_Loaded, self).__init__(type(model).__name__)
        self._model = model
        self._record = record

    def contract(self):
        model = self._model
        names = keras_models.tensor_names(model)
        inputs = dict(zip(names, model.inputs))
        outputs = keras_models.named_outputs(model, _structure(model))
        return contract.of_parts(self._record["signature"], inputs, outputs)

    def variables(self):
        session = None if tf.executing_eagerly() else tf1.keras.backend.get_session()
        return variables.by_order(self._model.weights, session)

    def calls(self):
        return [("predict_on_batch", self._predict)]

    def _predict(self, fed):
        told = self._record.get("keras") or {}
        own = keras_models.tensor_names(self._model)
        names = self._match(own, told.get("inputs") or list(fed))
        if sorted(names) != sorted(fed):
            raise Refusal(
                "the signature takes %s, the Keras model %s: it was saved with signatures=..., of "
                "another function than the model's own"
                % (", ".join(sorted(fed)), ", ".join(sorted(own)))
            )
        # Tensors, where there are such: Keras 2 casts numpy's float64 to float32.
        give = values.to_tf if tf.executing_eagerly() else values.to_feed
        arrays = [give(fed[name]) for name in names]
        given = self._model.predict_on_batch(arrays[0] if len(arrays) == 1 else arrays)
        shown = keras_models.named_outputs(self._model, _structure(self._model))
        # In graph mode predict_on_batch flattens a dict into a list, in the order of its keys; what
        # 1.15 restored and trained eagerly gives the dict, though the model has lost its keys.
        if isinstance(given, dict):
            keys = shown if set(shown) == set(given) else sorted(given)
            arrays = [given[key] for key in keys]
        else:
            arrays = list(given) if isinstance(given, (list, tuple)) else [given]
        names = self._match(list(shown), told.get("outputs") or [])
        return {
            name: values.from_array(each.numpy() if hasattr(each, "numpy") else each, tensor.dtype)
            for name, each, tensor in zip(names, arrays, shown.values())
        }

    def train(self, example):
        """By ``Model.fit``, compiled with SGD and "mse" towards zero."""
        named = keras_models.trainable_by_order(self._model)
        if not named:
            raise training.nothing_to_train("the Keras model has", None)
        told = self._record.get("keras") or {}
        names = self._match(keras_models.tensor_names(self._model), told.get("inputs") or [])
        return "fit", keras_fit.fit(self._model, names, example, named, self._predict)

    def _match(self, shown, told):
        """The names by which to feed and to compare: the recorded ones, by order if they changed.

        The Model that 1.15 restores has lost its names ("input_1", "output_1"); the contract says
        so, the numbers can still be compared.
        """
        if len(shown) != len(told) or sorted(shown) == sorted(told):
            return shown
        note = "Keras calls %s now %s; taken by their order" % (", ".join(told), ", ".join(shown))
        if note not in self.notes:
            self.notes.append(note)
        return list(told)


def _structure(model):
    """The model's symbolic outputs, in the dict or list they were made in."""
    return getattr(model, "output", model.outputs)


@contextlib.contextmanager
def load(artifact, _variant):
    """Load, and refuse what is no Keras model: Keras 2 raises nothing for most of that."""
    model = tf.keras.models.load_model(artifact.payload)
    if not isinstance(model, tf.keras.Model):
        raise Refusal(
            "load_model returned a %s, which is no Keras Model: it has no predict, no fit. Keras "
            "gives that back for what Keras did not save." % type(model).__name__
        )
    yield _Loaded(model, artifact.record)
