"""Starts the agent: ``python -B -s .../__main__.py CONFIG_JSON``, talking on stdin and stdout.

Started by path, by whichever Python has TensorFlow, with nothing of this project installed there.
"""

import importlib
import importlib.util
import json
import os
import sys
import time
import traceback

PACKAGE = "tf_roundtrip_agent"


def take_channel():
    """Keep stdin and stdout for the protocol; returns their new descriptors (close-on-exec).

    Afterwards fd 0 is empty and fd 1 is stderr: what Python or C++ print never gets between two
    messages.
    """
    reading, writing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return reading, writing


def make_package():
    """Make this folder importable as ``tf_roundtrip_agent``, and as nothing else.

    Python put the folder itself first on ``sys.path``, where ``models`` or ``values`` would hide
    modules of the same name that a user's model imports.
    """
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if not entry or os.path.abspath(entry) != folder]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


def module(name):
    return importlib.import_module(PACKAGE + "." + name)


def unusable(writing, exception, message, detail=None):
    """Say why this runtime cannot be used. Plain JSON: wire.py needs a numpy that imports."""
    answer = {
        "type": "unusable",
        "protocol": 1,
        "pid": os.getpid(),
        "python": sys.version.split()[0],
        "exception": exception,
        "message": message,
        "traceback": detail,
    }
    os.write(writing, json.dumps(answer, sort_keys=True).encode("ascii") + b"\n")
    return 1


def main(argv):
    reading, writing = take_channel()
    # One BLAS thread: threads of the parent do not survive a fork, and BLAS is not what is tested.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    make_package()
    try:
        config = json.loads(argv[1])
        asked = config["protocol"]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        return unusable(
            writing,
            type(error).__name__,
            "the agent's configuration (its one argument) is no JSON object with a 'protocol': "
            "%s. It is started by pytest-tfroundtrip, not by hand." % error,
        )
    started = time.time()
    try:
        wire = module("wire")
        if asked != wire.PROTOCOL:
            return unusable(
                writing,
                "ProtocolMismatch",
                "the plugin speaks protocol %r, this agent protocol %r: their files come from two "
                "versions of pytest-tfroundtrip. Install one of them again."
                % (asked, wire.PROTOCOL),
            )
        try:
            box = module("sandbox").Sandbox(config.get("sandbox"))
        except ValueError as error:
            return unusable(writing, "ValueError", "the agent's configuration: %s" % error)
        box.hold_signals()
        hello = module("probe").start(config, started)
    except BaseException as error:  # an import may also call sys.exit
        return unusable(
            writing,
            type(error).__name__,
            "import failed under Python %s (%s): %s: %s"
            % (sys.version.split()[0], sys.executable, type(error).__name__, error),
            traceback.format_exc(),
        )
    forkserver, steps = module("forkserver"), module("steps")
    try:
        box.close()
    except OSError as error:
        return unusable(writing, "OSError", "no sandbox: %s. No model was run." % error)
    if box.active:
        hello["sandbox"] = box.facts()
    os.write(writing, wire.encode_message(hello))
    return forkserver.serve(steps.run, reading, writing, box)


if __name__ == "__main__":
    status = main(sys.argv)
    sys.stderr.flush()
    # Not sys.exit: TensorFlow's exit handlers have nothing to do in a process that ran no op.
    os._exit(status)
