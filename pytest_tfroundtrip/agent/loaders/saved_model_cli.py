"""``saved_model_cli run``, its ``--outdir`` read back.

The tool's ``main()`` is called in this process, fed by files; variant ``exprs`` feeds Python
literals, variant ``command`` runs the program itself.
"""

import contextlib
import os
import subprocess
import sys

import numpy as np
import tensorflow as tf

from .. import command_line, values
from ..errors import Refusal
from ..operations import Loaded


class _Loaded(Loaded):
    def __init__(self, artifact, variant):
        super(_Loaded, self).__init__("saved_model_cli")
        self._payload = artifact.payload
        self._key = artifact.record["signature"]
        self._tags = artifact.record["contract"]["tags"]
        self._variant = variant
        self._runs = 0

    def contract(self):
        return None  # the tool prints one for people; its outputs are all that is read back

    def variables(self):
        return None

    def calls(self):
        return [("session", self._run)]

    def _run(self, fed):
        # Relative: the tool takes no brackets and equals signs in the path of an input.
        folder = "run%d" % self._runs
        self._runs += 1
        os.makedirs(folder)
        files, literals = self._inputs(fed, folder)
        outdir = os.path.join(folder, "outputs")
        arguments = ["run", "--dir", self._payload, "--tag_set", ",".join(self._tags)]
        arguments += ["--signature_def", self._key, "--outdir", outdir]
        # Both, empty ones too: what absl parsed for one example would hold for the next.
        arguments += ["--inputs", files, "--input_exprs", literals]
        (_command if self._variant == "command" else _main)(arguments)
        return {
            name[: -len(".npy")]: _read(os.path.join(outdir, name))
            for name in sorted(os.listdir(outdir))
        }

    def _inputs(self, fed, folder):
        """What ``--inputs`` and ``--input_exprs`` say."""
        files, literals = [], []
        for index, (name, each) in enumerate(sorted(fed.items())):
            if self._variant == "exprs":
                literal = command_line.literal(each)
                if literal is not None:
                    literals.append("%s=%s" % (name, literal))
                    continue
                self.notes.append(
                    "%r was given as a file: no literal says this %s of shape %s"
                    % (name, each.dtype, list(each.value.shape))
                )
            path = os.path.join(folder, "input%d.npy" % index)
            np.save(path, values.to_feed(each))
            files.append("%s=%s" % (name, path))
        return ";".join(files), ";".join(literals)


def _read(path):
    # Strings come as pickled objects, from a file that this process has had written.
    array = np.load(path, allow_pickle=True)
    if array.dtype.kind == "V":  # .npy has no name for it
        return values.from_array(array.view(tf.bfloat16.as_numpy_dtype), tf.bfloat16)
    return values.from_array(array, tf.string if array.dtype.kind in "OSU" else array.dtype)


def _main(arguments):
    """Call the tool's own entry point as a shell's call would."""
    from tensorflow.python.tools import saved_model_cli

    before = sys.argv
    sys.argv = ["saved_model_cli"] + arguments
    try:
        saved_model_cli.main()
    except SystemExit as end:  # absl's app.run always ends so
        if end.code:
            raise Refusal(
                "saved_model_cli ended with status %s; what it printed is in the log" % end.code
            )
    finally:
        sys.argv = before


def _command(arguments):
    """Run the program beside the interpreter, or the module where there is no such program."""
    program = os.path.join(os.path.dirname(sys.executable), "saved_model_cli")
    command = [program]
    if not os.path.exists(program):
        command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli"]
    done = subprocess.run(  # its output, as this process' own, goes to the log
        command + arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    told = done.stderr.decode("utf-8", "replace")
    sys.stderr.write(told)
    if done.returncode:
        raise Refusal(
            "saved_model_cli ended with status %d: %s"
            % (done.returncode, command_line.last_error(told))
        )


@contextlib.contextmanager
def load(artifact, variant):
    """The tool loads whenever it is run: there is nothing to do before."""
    yield _Loaded(artifact, variant)
