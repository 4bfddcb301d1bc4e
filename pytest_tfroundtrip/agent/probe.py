"""What this TensorFlow is: its versions, and whether it has what ``apis.json`` declares."""

import json
import os
import sys
import time

from . import wire


def start(config, started):
    """Import TensorFlow and all that goes with it; returns the hello message.

    Args:
        config: the agent's configuration.
        started: ``time.time()`` at the start of the process.

    Raises:
        ImportError: or whatever else importing TensorFlow, or one of the modules that the
            configuration names, ends with.
    """
    import tensorflow as tf

    from . import plugins, warmup

    for name in config.get("imports", ()):  # custom ops: registered by being imported
        __import__(name)
    with open(config["apis"], encoding="utf-8") as file:
        declared = json.load(file)
    plugins.preload(declared)
    warmed = warmup.warm_up()
    extended, unsafe = plugins.extend(config.get("extensions", ()), threads)
    release, has = _pair(tf.__version__), _needs_probe(tf)
    here, found = check(declared, release, has)
    contradictions = ["apis.json says that %s" % sentence for _, _, sentence in found]
    contradictions += _wrong_runtime(config, tf)
    for extension, content in zip(config.get("extensions", ()), extended):
        for kind, name, sentence in check(content, release, has)[1]:
            why = "%s says that %s. Correct its releases or its needs." % (
                extension["known_as"]["apis"],
                sentence,
            )
            plugins.refuse(kind, name, why)
    return {
        "type": "hello",
        "protocol": wire.PROTOCOL,
        "pid": os.getpid(),
        "versions": versions(tf),
        "import_seconds": round(time.time() - started, 3),
        "fork": hasattr(os, "fork"),
        "threads": threads(),
        "warmup": warmed,
        "apis": here,
        "contradictions": contradictions,
        "unsafe": unsafe,
    }


def versions(tf):
    """Which versions are in force, None for what is not there."""
    import numpy as np

    return {
        "tensorflow": tf.__version__,
        "keras": keras_version(tf),
        "tensorflow_hub": getattr(sys.modules.get("tensorflow_hub"), "__version__", None),
        "numpy": np.__version__,
        "python": sys.version.split()[0],
    }


def keras_version(tf):
    """The version of the Keras behind ``tf.keras``: TensorFlow's own, keras or tf_keras."""
    try:
        package = tf.keras.Model.__module__.partition(".")[0]
    except (AttributeError, ImportError):
        return None
    if package.startswith("tensorflow"):
        return getattr(tf.keras, "__version__", None)
    return getattr(sys.modules.get(package), "__version__", None)


def check(declared, release, has):
    """Hold a declaration against a runtime.

    Args:
        declared: the content of ``apis.json``, or of a third party's data file.
        release: (major, minor) of this TensorFlow.
        has: ``has("tf.saved_model.save")`` tells whether the runtime has a symbol.

    Returns:
        {API: whether it is here}, and the contradictions: (kind, API, sentence) of each.
    """
    here, contradictions = {}, []
    for kind in ("savers", "loaders"):
        for name, entry in declared.get(kind, {}).items():
            missing = [symbol for symbol in entry.get("needs", ()) if not has(symbol)]
            here[name] = not missing
            if missing and contains(entry["releases"], release):
                sentence = "%s exists in TensorFlow %d.%d (%s), but %s is missing" % (
                    name,
                    release[0],
                    release[1],
                    entry["releases"],
                    ", ".join(missing),
                )
                contradictions.append((kind, name, sentence))
    return here, contradictions


_COMPARISONS = (  # longest first
    (">=", lambda a, b: a >= b),
    ("<=", lambda a, b: a <= b),
    ("==", lambda a, b: a == b),
    ("!=", lambda a, b: a != b),
    (">", lambda a, b: a > b),
    ("<", lambda a, b: a < b),
)


def contains(specifier, release):
    """Whether a list like ">=1.15,<2.16" contains (major, minor); "" contains all.

    PEP 440 on two numbers: ``packaging`` need not be in a runtime. ValueError where it is none.
    """
    for part in specifier.replace(" ", "").split(","):
        if not part:
            continue
        for sign, holds in _COMPARISONS:
            if part.startswith(sign):
                if not holds(release, _pair(part[len(sign) :])):
                    return False
                break
        else:
            raise ValueError("not a release specifier: %r" % specifier)
    return True


def _pair(version):
    """(major, minor) of a version, 0 where it has no minor; ValueError where it is no version."""
    major, minor = (version.split(".") + ["0"])[:2]
    return int(major), int(minor)


def _needs_probe(tf):
    from . import warmup

    roots = {"tf": tf, "tensorflow_hub": sys.modules.get("tensorflow_hub")}
    roots["hub"] = roots["tensorflow_hub"]

    def has(symbol):
        root, _, path = symbol.partition(".")
        if roots.get(root) is None:
            return False
        try:
            warmup.walk(roots[root], path)
        except Exception:  # a lazy module that fails to load is as good as none
            return False
        return True

    return has


def _wrong_runtime(config, tf):
    found = []
    asked = config.get("release")
    if asked and _pair(asked) != _pair(tf.__version__):
        found.append("this runtime should be TensorFlow %s, but is %s" % (asked, tf.__version__))
    keras, is_keras = config.get("keras"), keras_version(tf)
    if keras and is_keras and int(is_keras.partition(".")[0]) != keras:
        found.append("tf.keras should be Keras %s, but is %s" % (keras, is_keras))
    return found


def threads():
    """How many threads the kernel counts in this process, None where it does not say."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return None
