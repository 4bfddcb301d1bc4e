"""What is done with a loaded model. Each works on the small :class:`Loaded` protocol."""


class Loaded(object):
    """A loaded model as an operation sees it; what a loader's ``load`` context manager yields.

    Attributes:
        returned: class name of what the load API gave back.
        notes: sentences on what was not done and why.
        restored: the object that was restored, where the API gives one back.
        calls_functions: whether it calls a function of that object where there is no signature: the
            one that the record names, see functions.py.
    """

    calls_functions = False

    def __init__(self, returned, notes=()):
        self.returned = returned
        self.restored = None
        self.notes = list(notes)

    def contract(self):
        """The signature contract that can be seen, in the form of contract.py."""
        raise NotImplementedError

    def variables(self):
        """The variables that can be seen, variables.Variables, or None."""
        raise NotImplementedError

    def calls(self):
        """The ways to call it: (name, function of {name: wire.Tensor} to the same) pairs.

        Names are "signature", "function", "call", "predict_on_batch" or "session". In a graph every
        part is built here, before the first of them runs (a graph that has run a PartitionedCall
        refuses gradients and, at times, new consumers of it).
        """
        raise NotImplementedError

    def train(self, example):
        """Do one step of gradient descent on ``example``, {name: wire.Tensor}, by ``training``.

        Returns:
            The way it was done, a word for people, and ``record.Trained``: variables by the
            names of the record's "trained" items.

        Raises:
            Refusal: why there is nothing to train.
        """
        raise NotImplementedError
