"""What the parent does once so that no child has to: imports and registries, never an op.

Everything here was seen to leave a fork intact: no thread, no eager context, no session, and no
function name counter moved. What a release does not have is skipped.
"""

import ctypes
import importlib
import importlib.util
import os
import sys
import tempfile

import numpy as np
import tensorflow as tf

from . import wire

#: Modules that TensorFlow imports when a save or load API is first used.
MODULES = (
    "tensorflow.python.framework.op_def_registry",
    "tensorflow.python.framework.kernels",
    "tensorflow.python.eager.def_function",
    "tensorflow.python.saved_model.load",
    "tensorflow.python.saved_model.save",
    "tensorflow.python.saved_model.loader_impl",
    "tensorflow.python.saved_model.builder_impl",
    "tensorflow.python.saved_model.simple_save",
    "tensorflow.python.autograph.impl.api",
    "tensorflow.python.autograph.impl.conversion",
    "tensorflow.core.protobuf.saved_model_pb2",
    "tensorflow.python.autograph.pyct.parser",
    "tensorflow.python.autograph.core.converter",
    "tensorflow.python.autograph.operators",
    "tensorflow.python.keras.saving.saved_model.save",
    "tensorflow.python.keras.saving.saved_model.load",
    "tensorflow_core.compat",  # 1.15's lazy modules that are cheap; see _name_contribs_file
    "tensorflow_core.keras",
    "tensorflow_core.estimator",
    "tensorflow_core.summary",
    # What saved_model_cli imports. Not itself: from 2.9 or so on that defines absl flags ("dir",
    # "all", "inputs", ...), which a model's own module may define too.
    "tensorflow.python.debug.wrappers.local_cli_wrapper",
    "tensorflow.python.tools.saved_model_aot_compile",
    "tensorflow.python.tools.saved_model_utils",
    "absl.flags.argparse_flags",
    "google.protobuf.descriptor_pb2",
    "tensorflow_hub",
    "numpy.random",
    "encodings.cp437",  # zipfile's, for .npz
)

#: Attributes of ``tf`` behind which TensorFlow hides a lazy import.
ATTRIBUTES = (
    "keras.Model",
    "keras.models.load_model",
    "keras.layers.Dense",
    "estimator.Estimator",
    "estimator.export.PredictOutput",
    "compat.v1.keras.backend.get_session",
    "compat.v1.saved_model.load",
    "compat.v2.saved_model.load",
    "io.gfile.GFile",
    "lookup.StaticHashTable",
)

# XlaOpRegistry::RegisterCompilationKernels(), 10 ms in whoever looks at a device first.
_XLA = "_ZN10tensorflow13XlaOpRegistry26RegisterCompilationKernelsEv"


def warm_up():
    """Do all of it; returns {what: "ok" or why it was skipped}."""
    done = {}
    for name in MODULES:
        done[name] = _tried(importlib.import_module, name)
    for path in ATTRIBUTES:
        done["tf." + path] = _tried(walk, tf, path)
    done["contrib's file"] = _tried(_name_contribs_file)
    done["op registry"] = _tried(_op_registry)
    done["kernel registry"] = _tried(_kernel_registry)
    done["xla kernels"] = _tried(_xla_kernels)
    done["abc caches"] = _tried(_abc_caches)
    done["npz"] = _tried(_npz)
    done["numpy's version"] = _tried(_numpy_version)
    return done


def walk(start, path):
    """The attribute behind a dotted path."""
    for part in path.split("."):
        start = getattr(start, part)
    return start


def _tried(work, *arguments):
    try:
        work(*arguments)
    except Exception as error:
        return "skipped: %s: %s" % (type(error).__name__, str(error)[:200])
    return "ok"


def _name_contribs_file():
    """Tell ``inspect`` where 1.15's ``tensorflow.contrib`` is, so that asking does not import it.

    ``inspect.getmodule``, which autograph calls for every function, asks each entry of
    ``sys.modules`` for its ``__file__``; the lazy module of contrib answers by importing all of
    it, 0.5 s in each child that traces a function. Not imported here instead: contrib registers
    ops, and whether a loader has those is part of what is tried.
    """
    lazy = sys.modules.get("tensorflow.contrib")
    if lazy is None or "__file__" in lazy.__dict__:
        raise LookupError("no lazy contrib in this release")
    lazy.__dict__["__file__"] = importlib.util.find_spec("tensorflow_core.contrib").origin


def _op_registry():
    from tensorflow.python.framework import op_def_registry

    if hasattr(op_def_registry, "get"):
        op_def_registry.get("MatMul")
    else:  # 1.15
        op_def_registry.get_registered_ops()


def _kernel_registry():
    from tensorflow.python.framework import kernels

    kernels.get_registered_kernels_for_op("MatMul")


def _xla_kernels():
    if not sys.platform.startswith("linux"):
        raise OSError("the mangled symbol is only known on Linux")
    for path in tensorflow_libraries():
        try:
            function = getattr(ctypes.CDLL(path), _XLA)
        except (AttributeError, OSError):
            continue
        function.restype = None
        function()
        return
    raise OSError("no loaded library exports it")


def tensorflow_libraries():
    """The TensorFlow libraries that this process has mapped already: opening one loads nothing."""
    paths = []
    with open("/proc/self/maps") as file:
        for line in file:
            path = line.split(None, 5)[5].strip() if line.count("/") else ""
            base = path.rpartition("/")[2]
            if path not in paths and (
                base.startswith(("_pywrap_tensorflow_internal", "libtensorflow_cc"))
            ):
                paths.append(path)
    return paths


def _abc_caches():
    """``Session.run`` and ``tf.nest`` ask each value's class what it is; the answers are cached."""
    from collections import OrderedDict, abc

    from tensorflow.python.ops import resource_variable_ops

    kinds = (abc.Mapping, abc.MutableMapping, abc.Sequence, abc.MappingView, abc.Iterable)
    asked = (tf.Tensor, tf.Operation, tf.Variable, resource_variable_ops.ResourceVariable)
    asked += (tf.TensorSpec, tf.TensorShape, np.ndarray, str, int, list, tuple, dict, OrderedDict)
    for kind in kinds:
        for each in asked:
            issubclass(each, kind)
    tf.nest.flatten({"a": [1, (np.zeros(1), None)]})


def _npz():
    descriptor, path = tempfile.mkstemp(suffix=".npz")
    os.close(descriptor)
    try:
        wire.write_tensors(path, {"a": np.zeros((2, 3), np.float32)})
        wire.read_tensors(path)
    finally:
        os.unlink(path)


def _numpy_version():
    """From 2.18 on the first conversion to numpy parses its version, with half a dozen regexes."""
    from tensorflow.python.util import numpy_compat

    numpy_compat.np_asarray([1.0])
