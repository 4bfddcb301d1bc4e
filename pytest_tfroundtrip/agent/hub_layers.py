"""How a ``hub.KerasLayer`` is made for what was saved.

What it is told besides the handle goes by the record: nothing where the object can be called, else
the signature.
"""

from . import functions, hub
from .errors import Absent

#: The variant that has a layer for each output of the signature.
OUTPUT_KEY = "output_key"

#: Variants that put the layer into a Sequential.
IN_SEQUENCE = ("sequential", "tf_keras")


class Layers(object):
    """Makes the layers for an artifact.

    Attributes:
        artifact: the ``record.Artifact``.
        record: its record.
        variant: of the loader.
        note: a sentence on why a layer is not made as the guides do, or None.
    """

    def __init__(self, artifact, variant):
        self.artifact, self.variant = artifact, variant
        self.record = artifact.record
        self.note = None
        self._arguments = {}
        self._function = self.record.get("function")
        if self._function:
            self._refuse_others()
        elif self._is_uncalled() and variant is not None:
            raise Absent("there is no signature, and no function that could be called")
        tags = hub.tags_of(artifact)
        if tags is not None:
            self._arguments["tags"] = tags
        self._plain = self._is_plain()
        calls_object = self._function or self._is_uncalled() or self._calls_object()
        self._calls_signature = self._plain or not calls_object
        if not (self._plain or self._function or self._is_uncalled()):
            self._arguments.update(self._chosen())

    def _refuse_others(self):
        """Where there is no signature: a layer is called with one argument, and calls the object.

        Raises:
            Absent: it is another function, or one that takes more.
        """
        told = self._function
        if self.variant is not None or told["name"] != functions.CALL:
            raise Absent("hub.KerasLayer calls a signature, or the object itself by one argument")
        if "positional" not in told:  # nobody could load it, and say how it is called
            return
        more = told["positional"][1:] + list(told["keywords"].values())
        if not told["inputs"] or any(map(functions.has_tensors, more)):
            raise Absent(
                "hub.KerasLayer calls an object with one argument, %s takes %s"
                % (told["name"], ", ".join(told["inputs"]) or "none")
            )

    def _is_uncalled(self):
        """Whether there is nothing that could be called: hub.KerasLayer(handle) says so itself."""
        return self.record["signature"] is None and not self._function

    def _is_plain(self):
        """Whether it is ``hub.KerasLayer(handle)``: the TF1 Hub format, with no names but default.

        Since hub 0.7; before, it took callable objects only.
        """
        return self._is_default() and self.outputs == [hub.DEFAULT] and len(self.inputs) == 1

    def _is_default(self):
        return hub.is_module(self.artifact.payload) and self.record["signature"] == hub.DEFAULT

    def _calls_object(self):
        """Whether the restored object itself is called, ``hub.KerasLayer(handle)`` too."""
        if self.variant == OUTPUT_KEY:
            return False  # of signatures
        if not hub.restores_call(self.artifact):
            return False
        if len(self.inputs) > 1 and not self.record.get("keras"):
            self.note = (
                "hub.KerasLayer calls an object with one argument, this one takes %d: called by "
                "its signature" % len(self.inputs)
            )
            return False
        return True

    def _chosen(self):
        more = {}
        # Left out for output_key: in the TF1 Hub format it is the default.
        if self._calls_signature and not (self._is_default() and self.variant == OUTPUT_KEY):
            more["signature"] = self.record["signature"]
        if self.variant in IN_SEQUENCE:
            # The layers of a Sequential take tensors; what Keras saved may give one by itself.
            if self._calls_signature or not self.record.get("keras"):
                more["output_key"] = self.outputs[0]
        elif self._calls_signature and self.variant != OUTPUT_KEY:
            more["signature_outputs_as_dict"] = True
        return more

    def contract(self):
        """{"inputs", "outputs"} of the signature, as it was recorded; of a function the inputs."""
        if self.record["signature"] is None:
            return {"inputs": (self._function or {}).get("inputs", {}), "outputs": {}}
        return self.record["contract"]["signatures"][self.record["signature"]]

    @property
    def inputs(self):
        """The names of the inputs, in the order that a Keras model takes them."""
        told = self.record.get("keras") or {}
        return list(told.get("inputs") or sorted(self.contract()["inputs"]))

    @property
    def outputs(self):
        """The names of the outputs."""
        return sorted(self.contract()["outputs"])

    def make(self, **more):
        """A new layer."""
        import tensorflow_hub

        arguments = dict(self._arguments)
        arguments.update(more)
        return tensorflow_hub.KerasLayer(self.artifact.payload, **arguments)

    def all(self):
        """The layers that together give every output: one, or one for each ``output_key``."""
        if self.variant != OUTPUT_KEY or self._plain:
            return [self.make()]
        return [self.make(output_key=name) for name in self.outputs]

    def call(self, layer):
        """A function of named tensors that gives named tensors, by one call of the layer."""
        if self._function:
            first = self._function["positional"][0]
            return lambda **tensors: functions.named(layer(functions.filled(first, tensors)))
        if not self._calls_signature:
            return lambda **tensors: self._named(hub.by_position(layer, self.record)(**tensors))

        def call(**tensors):
            return self._named(
                layer(next(iter(tensors.values())) if len(tensors) == 1 else tensors)
            )

        return call

    def _named(self, outputs):
        """With ``output_key``, and for the TF1 Hub format's default, a layer gives one tensor."""
        return outputs if isinstance(outputs, dict) else {self.outputs[0]: outputs}
