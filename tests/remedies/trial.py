"""One failure and what helps against it."""

import ast
import sys
import traceback

#: Cause: [(runtime, function)], in the order in which they are written.
SCENES = []


def scene(cause, *runtimes):
    """Declare that a function makes the failure of a cause, and tries its remedy, under runtimes.

    ``2.15+v1`` and ``1.15+v2`` mean what they mean everywhere in the project.
    """

    def declare(function):
        SCENES.extend((cause, runtime, function) for runtime in runtimes)
        return function

    return declare


class Trial:
    """What a scene is given.

    Attributes:
        folder: an empty folder for what it writes.
        shared: the cause's folder that the scenes of other runtimes have written to before.
        data: ``tests/data/savedmodels``.
        names: what the remedy's code may name; what it assigns is there afterwards.
        saver, loader: the APIs of the cell that would fail like this.
        resaved: whether that cell loads what was saved again.
    """

    def __init__(self, code, folder, shared, data):
        self.folder, self.shared, self.data = folder, shared, data
        self.names = {}
        self.saver, self.loader, self.resaved = "tf_module", "tf2_load", False
        self.failures = []
        self.ran = []
        self._code = code

    def fails(self, stage, call):
        """Note what ``call()`` raises; a scene whose failure does not come is broken."""
        try:
            got = call()
        except Exception as error:
            told = "".join(traceback.format_exception(*sys.exc_info()))
            self._note(stage, type(error).__name__, str(error), told)
            return
        raise AssertionError("it did not fail, but gave %r" % (got,))

    def says(self, stage, message):
        """Note what no exception says: a sentence of ours on what came back."""
        self._note(stage, "", message, "")

    def _note(self, stage, exception, message, told):
        self.failures.append(
            {
                "stage": stage,
                "exception": exception,
                "message": message,
                "traceback": told,
                "saver": self.saver,
                "loader": self.loader,
                "resaved": self.resaved,
            }
        )

    def helps(self, start, holds=None, **names):
        """Run the piece of the remedy's code that has ``start`` in it, and look at what it gave.

        Args:
            start: text that one piece of the code has, and no other.
            holds: takes what the last expression of the code gave, and tells whether that is right.
            names: further names that the code uses.
        """
        (piece,) = [each for each in self._code if start in each]
        self.names.update(names)
        tree = ast.parse(piece)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, piece, "exec"), self.names)
        got = None
        if last is not None:
            got = eval(compile(ast.Expression(last.value), piece, "eval"), self.names)
        if holds is not None and not holds(got):
            raise AssertionError("%s gave %r" % (piece, got))
        self.ran.append(piece)
        return got
