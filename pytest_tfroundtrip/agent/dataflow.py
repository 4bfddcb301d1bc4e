"""Where a tensor of a graph goes to and what comes into a node, through function calls.

Works on the messages ``GraphDef`` and ``FunctionDef`` alone: nothing is loaded. A tensor is known
by its scope (the graph, or a call of a function), its node and the number of the node's output.
"""

import collections

#: Ops whose output is one of their inputs, in other words or another shape: {op: that input}.
_CARRIERS = {
    "BatchToSpaceND": 0,
    "Cast": 0,
    "CheckNumerics": 0,
    "DecodeBase64": 0,
    "EnsureShape": 0,
    "Enter": 0,
    "ExpandDims": 0,
    "Identity": 0,
    "IdentityN": None,
    "Maximum": 0,
    "Minimum": 0,
    "Pack": 0,
    "PlaceholderWithDefault": 0,
    "PreventGradient": 0,
    "Reshape": 0,
    "Select": 1,
    "SelectV2": 1,
    "Slice": 0,
    "Squeeze": 0,
    "StopGradient": 0,
    "StridedSlice": 0,
    "Tile": 0,
    "Transpose": 0,
    "Unique": 0,
    "Unpack": 0,
}

#: Ops that call functions: {op: [(attribute that names one, the first input that is handed over)]}.
_CALLS = {
    "PartitionedCall": [("f", 0)],
    "StatefulPartitionedCall": [("f", 0)],
    "TPUPartitionedCall": [("f", 0)],
    "If": [("then_branch", 1), ("else_branch", 1)],
    "StatelessIf": [("then_branch", 1), ("else_branch", 1)],
    "While": [("cond", 0), ("body", 0)],
    "StatelessWhile": [("cond", 0), ("body", 0)],
}

#: A call that a tensor was followed into is a scope of its own; so deep, no deeper.
_DEEPEST = 40

#: What takes a tensor in: the scope and the node that it went to, and as which of its inputs.
Use = collections.namedtuple("Use", "scope node input")


class Scope(object):
    """The main graph, or one call of a function.

    Attributes:
        nodes: {name: NodeDef}.
        caller: (scope, NodeDef, the first input that was handed over), None for the main graph.
    """

    def __init__(self, library, nodes, arguments, caller):
        self.library = library
        self.nodes = {node.name: node for node in nodes}
        self.caller = caller
        self.depth = caller[0].depth + 1 if caller else 0
        self._arguments = list(arguments)
        self._uses = collections.defaultdict(list)
        self._calls = {}
        for node in nodes:
            for number, name in enumerate(data_inputs(node)):
                one, output = self._plain(name)
                self._uses[one].append((output, node, number))

    def uses(self, name, output=None):
        """(NodeDef, number of its input) pairs of who takes an output of a node.

        Args:
            name: of the node, or of an argument of the function.
            output: (name, number) of the output in a function, its number in the main graph; None
                for any.
        """
        return [
            (node, number)
            for one, node, number in self._uses.get(name, ())
            if output is None or one == output
        ]

    def _plain(self, name):
        """(node, output) of an input's name: "node:1", in a function "node:name:1" or "arg"."""
        node, _, output = name.partition(":")
        of, _, number = output.partition(":")
        if self.caller is None:
            return node, int(of or 0)
        return node, (of, int(number)) if number else 0

    def called(self, node, attribute, first):
        """The scope of a function that a node calls, None where it cannot be followed."""
        key = (node.name, attribute)
        if key not in self._calls:
            name = node.attr[attribute].func.name if attribute else node.op
            function = self.library.get(name)
            scope = None
            if function is not None and self.depth < _DEEPEST:
                arguments = [each.name for each in function.signature.input_arg]
                scope = Scope(self.library, function.node_def, arguments, (self, node, first))
            self._calls[key] = scope
        return self._calls[key]

    def argument(self, number):
        """The name of an argument, None where there are fewer."""
        return self._arguments[number] if number < len(self._arguments) else None

    def source(self, name):
        """(scope, NodeDef) of where a tensor comes from: the caller's side for an argument."""
        node, _ = self._plain(name)
        if node in self.nodes:
            return self, self.nodes[node]
        if self.caller is not None and node in self._arguments:
            scope, call, first = self.caller
            inputs = data_inputs(call)
            number = first + self._arguments.index(node)
            if number < len(inputs):
                return scope.source(inputs[number])
        return self, None


def graph_of(graph_def):
    """The main graph's :class:`Scope`."""
    library = {each.signature.name: each for each in graph_def.library.function}
    return Scope(library, graph_def.node, (), None)


def data_inputs(node):
    """A node's inputs without the control dependencies."""
    return [name for name in node.input if not name.startswith("^")]


def uses_of(scope, name, output=None):
    """Every :class:`Use` of a tensor by an op that does more than hand it on."""
    found, seen = [], set()
    waiting = [(scope, name, output)]
    while waiting:
        where, one, number = waiting.pop()
        key = (id(where), one, number)
        if key in seen:
            continue
        seen.add(key)
        for node, place in where.uses(one, number):
            calls = _CALLS.get(node.op, [(None, 0)] if node.op in where.library else [])
            for attribute, first in calls:
                inner = where.called(node, attribute, first)
                argument = inner.argument(place - first) if inner and place >= first else None
                if argument is not None:
                    waiting.append((inner, argument, None))
            if not calls:
                found.append(Use(where, node, place))
            if node.op in _CARRIERS and _CARRIERS[node.op] in (place, None):
                waiting.append((where, node.name, None))
    return found


def origin(scope, name):
    """(scope, NodeDef) that a tensor comes from, past what only hands it on; or (scope, None)."""
    for _ in range(1000):
        scope, node = scope.source(name)
        if node is None or node.op not in ("Identity", "ReadVariableOp", "Cast", "StopGradient"):
            return scope, node
        name = data_inputs(node)[0]
    return scope, None
