"""``TF_LoadSessionFromSavedModel`` and ``TF_SessionRun``: how Serving and other languages read."""

import contextlib

from .. import c_library, composites, contract
from ..errors import Refusal
from ..operations import Loaded


class _Loaded(Loaded):
    def __init__(self, session, artifact):
        super(_Loaded, self).__init__("TF_Session")
        self._session = session
        self._key = artifact.record["signature"]

    def contract(self):
        return contract.of_meta_graph(self._session.meta_graph)

    def variables(self):
        return None  # a session's variables have no names in the C API

    def calls(self):
        signatures = self._session.meta_graph.signature_def
        if self._key not in signatures:
            raise Refusal(
                "the loaded MetaGraphDef has no signature %r, only: %s"
                % (self._key, ", ".join(sorted(signatures)) or "none")
            )
        inputs = composites.flat(signatures[self._key].inputs)
        outputs = composites.flat(signatures[self._key].outputs)
        keys = sorted(outputs)

        def call(fed):
            given = {inputs[key]: each for key, each in fed.items()}
            got = self._session.run(given, [outputs[key] for key in keys])
            return dict(zip(keys, got))

        return [("session", call)]


@contextlib.contextmanager
def load(artifact, _variant):
    """Load the meta graph of the recorded tags."""
    session = c_library.Session(artifact.payload, artifact.record["contract"]["tags"])
    with contextlib.closing(session):
        yield _Loaded(session, artifact)
