"""What TensorFlow Serving's classify and regress ask of a model, as a view of any model.

Both are fed with serialized ``tf.Example``; classify answers with labels and scores, regress with a
number for each Example. The guide: "Classification and regression restrict the inputs and outputs,
so the inputs must be a tf.Example, and the outputs must be classes, scores or prediction".
"""

import collections

import numpy as np
import tensorflow as tf

from . import values, wire
from .errors import Absent, ModelError
from .models import Model

tf1 = tf.compat.v1

INPUTS = tf1.saved_model.CLASSIFY_INPUTS  # regress calls it the same: "inputs"
CLASSES = tf1.saved_model.CLASSIFY_OUTPUT_CLASSES
SCORES = tf1.saved_model.CLASSIFY_OUTPUT_SCORES
OUTPUTS = tf1.saved_model.REGRESS_OUTPUTS

#: The method name of the signature by the variant of a saver.
METHODS = {
    "classify": tf1.saved_model.CLASSIFY_METHOD_NAME,
    "regress": tf1.saved_model.REGRESS_METHOD_NAME,
}

#: The dtypes a ``tf.Example`` has a list for, and that list.
_LISTS = {"float32": "float_list", "int64": "int64_list", "string": "bytes_list"}


def view(model, variant):
    """The model as a saver's variant saves it: :class:`Served` for "classify" and "regress".

    Raises:
        Absent: its inputs cannot be in a ``tf.Example``.
    """
    return Served(model.with_batches(), variant) if variant in METHODS else model


class Served(Model):
    """A model whose one input is a vector of serialized ``tf.Example``, a row each.

    Attributes:
        plain: the model that is fed with what was parsed.
        features: {input: tf.io.FixedLenFeature} that parses it.
    """

    def __init__(self, plain, variant):
        self.plain = plain
        self.features = features(plain)
        self._variant = variant
        self._outputs = {}  # {name: dtype} of the plain model's outputs
        self._chosen = None  # the one that is answered with
        super(Served, self).__init__(
            plain.cls,
            plain.title,
            collections.OrderedDict([(INPUTS, tf.TensorSpec([None], tf.string, name=INPUTS))]),
            [{INPUTS: serialized(each, plain.title)} for each in plain.examples],
            plain.seed,
            plain._report,
        )

    def call(self, function, tensors):
        """Parse, call ``function`` with what was in the Examples, answer."""
        parsed = tf.io.parse_example(tensors[INPUTS], self.features)
        return self.answer(super(Served, self).call(function, parsed))

    def answer(self, outputs):
        """The plain model's outputs as classify and regress return them.

        The first floating output of rank 1 or 2 gives float32 scores of rank 2, a label for each
        column is its index; regress takes its first column, because Serving wants one number for
        each Example.

        Raises:
            Absent: there is no such output.
        """
        self._outputs = {name: values.dtype_name(each.dtype) for name, each in outputs.items()}
        for name, each in outputs.items():
            if each.dtype.is_floating and each.shape.rank in (1, 2):
                self._chosen = name
                break
        else:
            raise Absent(
                "%s: classify and regress answer with floating numbers of rank 1 or 2, and no "
                "output is such" % self.title
            )
        scores = tf.cast(each, tf.float32)
        if each.shape.rank == 1:
            scores = tf.expand_dims(scores, 1)
        if self._variant == "regress":
            return collections.OrderedDict([(OUTPUTS, scores[:, :1])])
        shape = tf.shape(scores)
        labels = tf.as_string(tf.range(shape[1]))
        classes = tf.tile(tf.expand_dims(labels, 0), [shape[0], 1])
        classes.set_shape(scores.shape)
        return collections.OrderedDict([(CLASSES, classes), (SCORES, scores)])

    def expected(self, outputs):
        """What the class's oracle says, put as :meth:`answer` puts it."""
        seen = {name: wire.Tensor(dtype, None) for name, dtype in self._outputs.items()}
        self.plain.instance = self.instance
        told = self.plain.expected([seen] * len(outputs))
        return told and [self._answer_of_oracle(each[self._chosen].value) for each in told]

    def _answer_of_oracle(self, value):
        scores = value.astype(np.float32)
        if scores.ndim not in (1, 2):
            raise ModelError(
                "%s: expected() gave for %r an array of rank %d, the model one of rank 1 or 2."
                % (self.title, self._chosen, scores.ndim)
            )
        if scores.ndim == 1:
            scores = scores[:, np.newaxis]
        if self._variant == "regress":
            return {OUTPUTS: wire.tensor(scores[:, :1])}
        classes = np.empty(scores.shape, dtype=object)
        for column in range(scores.shape[1]):
            classes[:, column] = b"%d" % column
        return {CLASSES: wire.tensor(classes), SCORES: wire.tensor(scores)}


def features(model):
    """{input: tf.io.FixedLenFeature} for rows of the model's inputs.

    Raises:
        Absent: which input cannot be in a ``tf.Example``, and why.
    """
    found = collections.OrderedDict()
    for name, spec in model.inputs.items():
        dtype = values.dtype_name(spec.dtype)
        why = None
        if dtype not in _LISTS:
            why = "is %s; a tf.Example holds %s" % (dtype, ", ".join(sorted(_LISTS)))
        elif spec.shape.rank is None:
            why = "is of unknown rank"
        elif spec.shape[1:].num_elements() is None:
            why = "has unknown dimensions besides the first: %s" % spec.shape
        if why:
            raise Absent(
                "%s: a tf.Example cannot hold input %r, which %s" % (model.title, name, why)
            )
        found[name] = tf.io.FixedLenFeature(spec.shape[1:].as_list(), spec.dtype)
    return found


def serialized(example, title):
    """The rows of an example, {name: wire.Tensor}, as a wire.Tensor of serialized tf.Examples.

    Raises:
        Absent: its inputs are not of equally many rows.
    """
    lengths = {len(each.value) for each in example.values()}
    if len(lengths) != 1:
        raise Absent(
            "%s: rows of the inputs become one tf.Example each, but an example has inputs of %s "
            "rows" % (title, " and ".join(str(each) for each in sorted(lengths)))
        )
    rows = np.empty(lengths.pop(), dtype=object)
    for index in range(len(rows)):
        message = tf.train.Example()
        for name, each in example.items():
            kind = getattr(message.features.feature[name], _LISTS[each.dtype])
            kind.value.extend(each.value[index : index + 1].ravel().tolist())
        rows[index] = message.SerializeToString(deterministic=True)
    return wire.tensor(rows, "string")
