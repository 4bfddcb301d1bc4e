"""A user's model class: imported by path, its inputs and examples checked before TensorFlow runs.

Every complaint is a :class:`ModelError` that names the file and the class and says what to do.
"""

import collections
import contextlib
import importlib.util
import inspect
import os
import sys

import tensorflow as tf

from . import examples, values, wire
from .errors import ModelError


class Model(object):
    """A checked model class.

    Attributes:
        cls: the class.
        title: how messages name it: "affine.py:Affine".
        inputs: OrderedDict of name to ``tf.TensorSpec``.
        examples: list of {name: wire.Tensor}.
        batched: names of rank 0 inputs that were given a batch dimension.
        seed: what every construction is seeded with.
        instance: the last one that :meth:`build` made.
    """

    def __init__(self, cls, title, inputs, given, seed, report):  # noqa: PLR0917
        self.cls = cls
        self.title = title
        self.inputs = inputs
        self.examples = given
        self.batched = []
        self.seed = seed
        self.instance = None
        self._report = report

    def with_batches(self):
        """The same model fed with a batch dimension on every rank 0 input (Estimator, Keras)."""
        scalars = [name for name, spec in self.inputs.items() if spec.shape.rank == 0]
        inputs = collections.OrderedDict(
            (name, tf.TensorSpec([None], spec.dtype, name=name) if name in scalars else spec)
            for name, spec in self.inputs.items()
        )
        given = [
            {
                name: wire.Tensor(each.dtype, each.value.reshape(1)) if name in scalars else each
                for name, each in example.items()
            }
            for example in self.examples
        ]
        other = Model(self.cls, self.title, inputs, given, self.seed, self._report)
        other.batched = scalars
        return other

    def build(self, cls=None):
        """A new instance, of ``cls`` (a subclass) or of the class itself, seeded."""
        values.seed_everything(self.seed)
        self.instance = _construct(cls or self.cls, self.title)
        return self.instance

    @contextlib.contextmanager
    def apart(self):
        """What is built inside is nobody's ``instance`` afterwards."""
        kept = self.instance
        try:
            yield
        finally:
            self.instance = kept

    def call(self, function, tensors):
        """Call ``function(**tensors)``; returns an OrderedDict of name to dense tensor.

        Raises:
            ModelError: it raised, or returned no dict of tensors.
        """
        before = self._report.current
        self._report.stage("call")
        try:
            outputs = function(**tensors)
        except Exception as error:
            raise ModelError(
                "%s: __call__ raised %s: %s" % (self.title, type(error).__name__, error)
            ) from error
        checked = self.check_outputs(outputs)
        self._report.stage(before)
        return checked

    def check_outputs(self, outputs):
        """What ``__call__`` returned as an OrderedDict of tensors, sorted by name."""
        if not isinstance(outputs, dict):
            raise ModelError(
                "%s: __call__ returned a %s. Return a dict of output name to tensor, such as "
                '{"y": y}.' % (self.title, type(outputs).__name__)
            )
        if not outputs:
            raise ModelError(
                "%s: __call__ returned an empty dict; there is nothing to compare." % self.title
            )
        checked = collections.OrderedDict()
        names = [name for name in outputs if not isinstance(name, str)]
        if names:
            raise ModelError(
                "%s: __call__ returned a dict whose key %r is no str; output names are strings."
                % (self.title, names[0])
            )
        for name in sorted(outputs):
            try:
                if isinstance(outputs[name], tf.RaggedTensor) or hasattr(
                    outputs[name], "dense_shape"
                ):
                    raise TypeError("a %s is not dense" % type(outputs[name]).__name__)
                checked[name] = tf.convert_to_tensor(outputs[name])
            except (TypeError, ValueError) as error:
                raise ModelError(
                    "%s: output %r is no tensor (%s). Convert it in __call__, sparse and ragged "
                    "ones with tf.sparse.to_dense or .to_tensor()." % (self.title, name, error)
                ) from error
        return checked

    @property
    def has_keras_model(self):
        """Whether the class brings a Keras model of itself."""
        return callable(getattr(self.cls, "keras_model", None))

    def keras_model(self):
        """What the class's ``keras_model()`` returns."""
        built = self.build().keras_model()
        if not hasattr(built, "predict_on_batch"):
            raise ModelError(
                "%s: keras_model() returned a %s; return a tf.keras.Model whose Input layers are "
                "named as `inputs`." % (self.title, type(built).__name__)
            )
        return built

    def expected(self, outputs):
        """What the class's NumPy oracle says of each example, None where it has none.

        Args:
            outputs: what the saving process computed, a list of {name: wire.Tensor}.
        """
        if not callable(getattr(self.cls, "expected", None)):
            return None
        static = isinstance(
            inspect.getattr_static(self.cls, "expected"), (staticmethod, classmethod)
        )
        oracle = (self.cls if static else self.instance or self.build()).expected
        return [self._ask(oracle, fed, seen) for fed, seen in zip(self.examples, outputs)]

    def _ask(self, oracle, fed, seen):
        try:
            answer = oracle(**{name: each.value.copy() for name, each in fed.items()})
        except Exception as error:
            raise ModelError(
                "%s: expected() raised %s: %s. It is called with a numpy array per input, by name."
                % (self.title, type(error).__name__, error)
            ) from error
        if not isinstance(answer, dict) or sorted(answer) != sorted(seen):
            got = sorted(answer) if isinstance(answer, dict) else type(answer).__name__
            raise ModelError(
                "%s: expected() returned %s, the model %s; return a dict with the same names (a "
                "keras_model() has the names of its outputs, or of its output layers)."
                % (self.title, got, sorted(seen))
            )
        told = {}
        for name, value in answer.items():
            dtype = seen[name].dtype
            try:
                told[name] = values.as_dtype(value, dtype)
            except (TypeError, ValueError) as error:
                raise ModelError(
                    "%s: expected() gave for %r no array of %s: %s"
                    % (self.title, name, dtype, error)
                ) from error
        return told


def load(request, seed, report):
    """Import and check the model of a request ({"file", "class", "root"}).

    Raises:
        ModelError: with what is wrong with it.
    """
    path, name = request["file"], request["class"]
    title = "%s:%s" % (relative(path, request.get("root")), name)
    cls = _class(_import(path, title), name, title)
    if not (inspect.isclass(cls) and issubclass(cls, tf.Module)):
        raise ModelError(
            "%s is no tf.Module subclass. Write `class %s(tf.Module)`, with `inputs`, `examples` "
            "and a `__call__` that returns a dict." % (title, name)
        )
    if not any("__call__" in vars(base) for base in cls.__mro__):  # every class can be called
        raise ModelError(
            "%s has no __call__; write `def __call__(self, ...)` that takes the inputs by name "
            "and returns a dict of output name to tensor." % title
        )
    inputs = examples.check_inputs(_attribute(cls, "inputs", title), title)
    given = examples.check_examples(_attribute(cls, "examples", title), inputs, title)
    return Model(cls, title, inputs, given, seed, report)


def relative(path, root):
    """``path`` below ``root``, else only its name."""
    if root:
        below = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
        if not below.startswith(os.pardir + os.sep):
            return below.replace(os.sep, "/")
    return os.path.basename(path)


def _import(path, title):
    if not os.path.isfile(path):
        raise ModelError("%s: there is no file %s." % (title, path))
    folder, base = os.path.split(os.path.abspath(path))
    stem = os.path.splitext(base)[0]
    # Its own stem, as siblings would import it, unless that is a module TensorFlow has loaded.
    name = stem if stem.isidentifier() and stem not in sys.modules else "tf_roundtrip_model"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise ModelError(
            "%s: Python %s of this runtime (TensorFlow %s) cannot read %s line %s: %s. Write the "
            "model in syntax that the Python of every chosen runtime reads."
            % (title, _python(), tf.__version__, error.filename, error.lineno, error.msg)
        ) from error
    except BaseException as error:  # its module level may also call sys.exit
        raise ModelError(
            "%s cannot be imported: %s: %s. It has to be importable under Python %s and TensorFlow "
            "%s%s" % (title, type(error).__name__, error, _python(), tf.__version__, _hint(error))
        ) from error
    finally:
        # Behind everything from now on: siblings that are imported later are found, and none of
        # them hides a module that TensorFlow imports lazily.
        sys.path.remove(folder)
        sys.path.append(folder)
    return module


def _hint(error):
    if isinstance(error, ImportError) and "relative import" in str(error):
        return ", by itself: import siblings by their plain name."
    if isinstance(error, ImportError):
        return "; only what that runtime has installed is there."
    if isinstance(error, OSError):
        return ", from a scratch folder: build paths from __file__."
    return "."


def _class(module, name, title):
    try:
        return getattr(module, name)
    except AttributeError:
        own = [
            key
            for key, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == module.__name__
        ]
        raise ModelError(
            "%s: no such class. The file defines: %s." % (title, ", ".join(own) or "none")
        ) from None


def _attribute(cls, name, title):
    """A class attribute, or a property of an instance made aside in a graph of its own."""
    value = getattr(cls, name, None)
    if isinstance(value, property) or (
        value is not None and hasattr(type(value), "__get__") and not callable(value)
    ):
        with tf.Graph().as_default():
            return getattr(_construct(cls, title), name)
    return value


def _construct(cls, title):
    try:
        return cls()
    except Exception as error:
        needed = _required(cls)
        if isinstance(error, TypeError) and needed:
            raise ModelError(
                "%s: the constructor needs %s. It is called without arguments; give them defaults, "
                "or derive a class that passes them." % (title, ", ".join(needed))
            ) from error
        raise ModelError(
            "%s cannot be constructed: %s: %s%s"
            % (
                title,
                type(error).__name__,
                error,
                _hint(error) if isinstance(error, OSError) else "",
            )
        ) from error


def _required(cls):
    try:
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    except (TypeError, ValueError):
        return []
    return [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]


def _python():
    return "%d.%d" % sys.version_info[:2]
