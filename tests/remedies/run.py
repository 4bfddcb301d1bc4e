"""``python run.py CONFIG``: every scene of this TensorFlow, each in a fork of its own.

CONFIG is JSON: ``release``, ``folder``, ``data``, ``agent`` (folders), ``code`` {cause: pieces of
its remedy}. A line of JSON goes to stdout for each scene.
"""

import importlib.util
import json
import os
import sys
import time
import traceback

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.remove(HERE)  # its modules are of the package only
MODULES = (
    "newer_files",
    "tags_and_signatures",
    "graphs",
    "tables",
    "raw_graphs",
    "keras_models",
    "hub_handles",
)


def package(name, folder):
    """Import a folder as a package of this name, wherever it lies."""
    file = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=[folder])
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)


def behave(behavior):
    import tensorflow as tf

    if behavior == "v1":
        tf.compat.v1.disable_v2_behavior()
    elif behavior == "v2":
        tf.compat.v1.enable_v2_behavior()


def play(function, behavior, trial):
    """Run a scene; what it noted, and where it broke."""
    error, began = "", time.monotonic()
    try:
        behave(behavior)
        function(trial)
    except BaseException:
        error = traceback.format_exc()
    seconds = round(time.monotonic() - began, 2)
    return {"failures": trial.failures, "ran": trial.ran, "error": error, "seconds": seconds}


def forked(call):
    """What ``call()`` returns in a child."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as file:
            json.dump(call(), file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        said = file.read()
    status = os.waitpid(child, 0)[1]
    if said:
        return json.loads(said)
    return {"failures": [], "ran": [], "error": "its process ended with status %d" % status}


def main(file):
    with open(file) as stream:
        config = json.load(stream)
    answers = os.fdopen(os.dup(1), "w", 1)
    os.dup2(2, 1)
    package("remedies", HERE)
    package("tf_roundtrip_agent", config["agent"])
    from remedies import trial

    for name in MODULES:
        importlib.import_module("remedies." + name)
    for cause, runtime, function in trial.SCENES:
        release, _, behavior = runtime.partition("+")
        if release != config["release"] or config.get("only", cause) != cause:
            continue
        folder = os.path.join(config["folder"], runtime, cause, function.__name__)
        shared = os.path.join(config["folder"], "shared", cause)
        os.makedirs(folder)
        os.makedirs(shared, exist_ok=True)
        given = trial.Trial(config["code"].get(cause, []), folder, shared, config["data"])
        seen = forked(lambda: play(function, behavior, given))
        seen.update(cause=cause, runtime=runtime, scene=function.__name__)
        answers.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
