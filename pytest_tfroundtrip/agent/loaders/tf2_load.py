"""``tf.saved_model.load``: the signature, the restored ``__call__``, the attribute variables."""

import collections
import contextlib
import functools

import tensorflow as tf

from .. import (
    composites,
    contract,
    functions,
    record,
    saved_model_file,
    training,
    values,
    variables,
)
from ..errors import Refusal
from ..operations import Loaded
from ..savers import graph

tf1 = tf.compat.v1


class _Loaded(Loaded):
    """Holds the root object: up to 2.3 its variables die with it, whoever has a signature of it."""

    calls_functions = True

    def __init__(self, root, artifact, session):
        super(_Loaded, self).__init__(type(root).__name__)
        self._root = self.restored = root
        self._payload = artifact.payload
        self._record = artifact.record
        self._session = session
        self._initialised = session is None

    def contract(self):
        signatures = {}
        for key, function in self._root.signatures.items():
            if key in contract.PRIVATE:
                continue
            kinds = self._kinds_of(key)
            inputs = _whole(_inputs(function), kinds)
            parts = contract.of_parts(key, inputs, function.structured_outputs)
            signatures.update(parts["signatures"])
        return {"tags": None, "signatures": signatures}

    def variables(self):
        self._initialise()  # of what nobody can call
        told = self._record["variables"]
        if told is None:  # nobody has recorded any yet: all that can be reached
            paths = variables.paths(self._root)
            if paths:
                return variables.by_path(paths, self._session)
            told = {"key": "name"}
        if told["key"] == "path":
            return self._by_path([each["name"] for each in told["items"]])
        found = list(getattr(self._root, "variables", None) or [])
        if not found:
            return None
        if told["key"] == "order":
            return variables.by_order(found, self._session)
        return variables.by_name(found, self._session)

    def _by_path(self, paths):
        found = {}
        for path in paths:
            try:
                found[path] = variables.at_path(self._root, path)
            except LookupError as error:
                self.notes.append(str(error))
        return variables.by_path(found, self._session)

    def calls(self):
        functions = self._functions()
        if self._session is None:
            return [(name, _eager(function, self._kinds())) for name, function in functions]
        built = [(name, self._build(function)) for name, function in functions]
        self._initialise()
        return built

    def _initialise(self):
        """Restore the variables of a session; after the parts that are built first."""
        if not self._initialised:
            graph.initialise(self._session)
            self._initialised = True

    def _kinds(self):
        """{name: "sparse" or "ragged"} of the signature's inputs that are not dense."""
        return (self._record.get("composites") or {}).get("inputs", {})

    def _kinds_of(self, key):
        """The same of any signature; what a saver of ours writes has such inputs in one alone."""
        if key == self._record["signature"]:
            return self._kinds()
        return (self._record.get("kinds") or {}).get(key, {})

    def _functions(self):
        if self._record.get("function"):
            return [("function", self._function(self._record["function"]))]
        key = self._record["signature"]
        if key not in self._root.signatures:
            raise Refusal(
                "the loaded object has no signature %r, only: %s"
                % (key, ", ".join(sorted(self._root.signatures)) or "none")
            )
        functions = [("signature", self._root.signatures[key])]
        if self._record["callable"]:
            if not callable(self._root):
                raise Refusal(
                    "the loaded %s cannot be called: its __call__ was not restored" % self.returned
                )
            functions.append(("call", self._root))
        return functions

    def _function(self, told):
        try:
            found = variables.at_path(self._root, told["name"])
        except LookupError as error:
            raise Refusal(str(error))
        if not callable(found):
            raise Refusal("%r of the loaded %s cannot be called" % (told["name"], self.returned))
        return functions.callable_as(found, told)

    def train(self, example):
        """By the restored ``__call__``, else by the signature, on the object's own variables."""
        named = trained_variables(self._root, self._record, self.notes)
        if not named:
            raise training.nothing_to_train("the loaded object has", self._payload)
        way, function = self._functions()[-1]
        step = self._in_training(way, function)
        if self._session is None:
            return way, training.eagerly(_of_dicts(step), example, named, _of_dicts(function))
        inputs = self._placeholders()
        outputs = _dict(step(**inputs))
        after = outputs if step is function else _dict(function(**inputs))
        built = training.InGraph(inputs, outputs, named, after)
        graph.initialise(self._session)
        return way, built.run(self._session, example)

    def _in_training(self, way, function):
        """The function that the step goes through: in the mode that the recorded one was in."""
        if not self._record["trained"].get("training"):
            return function
        if way != "call":
            self.notes.append(training.NOT_IN_TRAINING % way)
            return function
        self.notes.append(training.IN_TRAINING)
        return functools.partial(function, training=True)

    def _build(self, function):
        inputs = self._placeholders()
        outputs = composites.unpacked(_dict(function(**composites.packed(inputs, self._kinds()))))
        return lambda fed: graph.run(self._session, inputs, outputs, fed)

    def _placeholders(self):
        told = self._record.get("function")
        if told is None:
            told = self._record["contract"]["signatures"][self._record["signature"]]
        recorded = told["inputs"]
        return collections.OrderedDict(
            (name, tf1.placeholder(tf.as_dtype(each["dtype"]), each["shape"]))
            for name, each in sorted(recorded.items())
        )


def trained_variables(root, told, notes):
    """The variables that a record has as trained, by its names, where they can be reached.

    Args:
        root: what ``tf.saved_model.load`` returned.
        told: the record.
        notes: a list that takes a sentence on each that cannot.
    """
    trained = told["trained"]
    if trained["key"] == "path":
        found = {}
        for path in trained["variables"]:
            try:
                found[path] = variables.at_path(root, path)
            except LookupError as error:
                notes.append(str(error))
        return found
    held = list(getattr(root, "variables", None) or [])
    if trained["key"] == "order":
        named = {str(index): each for index, each in enumerate(held)}
    else:
        named = {variables.graph_name(each): each for each in held}
    return {name: named[name] for name in trained["variables"] if name in named}


def _inputs(function):
    """{name: spec} of a signature; those of TF1 SavedModels have no structured inputs."""
    structured = function.structured_input_signature
    if structured and structured[1]:
        return structured[1]
    return dict(zip(function._arg_keywords, function.inputs))


def _whole(inputs, kinds):
    """{name: spec} with the parts of a composite input put together again."""
    lifted = composites.lifted(kinds, inputs)
    found = {name: spec for name, spec in inputs.items() if name not in lifted.values()}
    for name, kind in kinds.items():
        if kind == composites.SPARSE and "%s/2" % name in lifted:
            rank = inputs[lifted[name + "/2"]].shape[0]
            form = tf.TensorShape(None if rank is None else [None] * int(rank))
            found[name] = tf.TensorSpec(form, inputs[lifted[name + "/1"]].dtype)
        elif name + "/0" in lifted:
            found[name] = tf.TensorSpec(None, inputs[lifted[name + "/0"]].dtype)
    return found


def _dict(outputs):
    if not isinstance(outputs, dict):
        raise Refusal("the call returned a %s, no dict of outputs" % type(outputs).__name__)
    return collections.OrderedDict(sorted(outputs.items()))


def _of_dicts(function):
    return lambda **tensors: _dict(function(**tensors))


def _eager(function, kinds):
    taken = _inputs(function) if hasattr(function, "structured_input_signature") else {}
    lifted = composites.lifted(kinds, taken) if taken else {}

    def call(fed):
        tensors = {lifted.get(name, name): values.to_tf(each) for name, each in fed.items()}
        outputs = composites.unpacked(_dict(function(**composites.packed(tensors, kinds))))
        return {name: values.from_eager(each) for name, each in outputs.items()}

    return call


@contextlib.contextmanager
def load(artifact, _variant):
    """Load eagerly, or in graph mode into a graph and a session of its own."""
    # 1.15's tf.saved_model.load is the TF1 one.
    restore = functools.partial(tf.compat.v2.saved_model.load, artifact.payload)
    tags = _tags(artifact)
    if tags is not None:
        restore = functools.partial(restore, tags=tags)
    if tf.executing_eagerly():
        loaded = _Loaded(restore(), artifact, None)
        _note(loaded, tags)
        yield loaded
        return
    with graph.session() as session:
        loaded = _Loaded(restore(), artifact, session)
        _note(loaded, tags)
        yield loaded


def _tags(artifact):
    """The tags to be said of somebody's folder with several meta graphs, else None.

    What a saver of ours wrote is loaded as the documents load it, without any.
    """
    if not record.is_of_folder(artifact.record):
        return None
    try:
        several = len(saved_model_file.meta_graphs(artifact.payload)) > 1
    except Exception:  # it is not in form, and TensorFlow is to say so
        return None
    return artifact.record["contract"]["tags"] if several else None


def _note(loaded, tags):
    if tags is not None:
        loaded.notes.append("loaded with tags=%r: it has several meta graphs" % (tags,))
