"""Where a tensor of a graph goes to and what comes into a node, through function calls.

Works on the messages ``GraphDef`` and ``FunctionDef`` alone: nothing is loaded. A tensor is known
by its scope (the graph, or a call of a function), its node and the number of the node's output.
"""

import collections

#: Ops whose output is one of their inputs, in other words or another shape: {op: the inputs}.
_ANY = None
_CARRIERS = {
    "BatchToSpaceND": (0,),
    "Cast": (0,),
    "CheckNumerics": (0,),
    "ClipByValue": (0,),
    "ConcatV2": _ANY,
    "DecodeBase64": (0,),
    "EnsureShape": (0,),
    "Enter": (0,),
    "ExpandDims": (0,),
    "Gather": (0,),
    "GatherNd": (0,),
    "GatherV2": (0,),
    "Identity": (0,),
    "IdentityN": _ANY,
    "Maximum": (0,),
    "Merge": _ANY,
    "Minimum": (0,),
    "Pack": _ANY,
    "PlaceholderWithDefault": (0,),
    "PreventGradient": (0,),
    "Reshape": (0,),
    "Select": (1, 2),
    "SelectV2": (1, 2),
    "Slice": (0,),
    "SparseFillEmptyRows": (1,),
    "Squeeze": (0,),
    "StopGradient": (0,),
    "StridedSlice": (0,),
    "Switch": (0,),
    # tf.map_fn hands the elements over in these: the flow of a TensorArray stands for its values.
    "TensorArrayReadV3": (2,),
    "TensorArrayScatterV3": (2,),
    "TensorArrayGatherV3": (2,),
    "TensorListFromTensor": (0,),
    "TensorListGetItem": (0,),
    "TensorListStack": (0,),
    "Tile": (0,),
    "Transpose": (0,),
    "Unique": (0,),
    "Unpack": (0,),
}

#: Of those, the ops with outputs that are something else: {op: (name, number) of the one, number}.
_OUTPUTS = {
    "Merge": (("output", 0), 0),
    "SparseFillEmptyRows": (("output_values", 0), 1),
    "Unique": (("y", 0), 0),
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

#: What these functions return is no output of the call.
_UNRETURNED = ("cond",)

#: A call that a tensor was followed into is a scope of its own: so deep and so many, no more. Two
#: calls in each function are four scopes at the next depth, eight below.
_DEEPEST = 40
_MOST = 2000

#: What takes a tensor in: the scope and the node that it went to, and as which of its inputs.
Use = collections.namedtuple("Use", "scope node input")


class Scope(object):
    """The main graph, or one call of a function.

    Attributes:
        nodes: {name: NodeDef}.
        caller: (scope, NodeDef, the first input that was handed over), None for the main graph.
        function: the FunctionDef, None for the main graph.
    """

    def __init__(self, library, nodes, function=None, caller=None, returns=False):
        self.library = library
        self.function = function
        self.nodes = {node.name: node for node in nodes}
        self.caller = caller
        self.depth = caller[0].depth + 1 if caller else 0
        self._left = caller[0]._left if caller else [_MOST]  # shared by all
        self._arguments = [each.name for each in function.signature.input_arg] if function else []
        self._uses = collections.defaultdict(list)
        self._calls = {}
        for node in nodes:
            for number, name in enumerate(data_inputs(node)):
                one, output = self._plain(name)
                self._uses[one].append((output, node, number))
        self._returned = collections.defaultdict(list)
        for number, each in enumerate(function.signature.output_arg if returns else ()):
            one, output = self._plain(function.ret[each.name])
            self._returned[one].append((output, number))

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
            if function is not None and self._may_follow(name):
                self._left[0] -= 1
                caller = (self, node, first)
                returns = attribute not in _UNRETURNED
                scope = Scope(self.library, function.node_def, function, caller, returns)
            self._calls[key] = scope
        return self._calls[key]

    def _may_follow(self, function):
        """Whether a call is not one too many, and none of a function that is being called."""
        scope = self
        while scope.caller is not None:
            if scope.function.signature.name == function:
                return False
            scope = scope.caller[0]
        return self.depth < _DEEPEST and self._left[0] > 0

    def output(self, name, number):
        """An output of a node in the form of this scope: see :meth:`uses`."""
        return number if self.caller is None else name

    def returned(self, name, output=None):
        """[(caller's scope, name of the call, its output)] of where an output of a node goes back.

        Args:
            name: see :meth:`uses`.
            output: see :meth:`uses`.
        """
        found = []
        for one, number in self._returned.get(name, ()):
            if output is None or one == output:
                scope, call, _ = self.caller
                of_function = (self.function.signature.output_arg[number].name, 0)
                own = ("output", number) if call.op in _CALLS else of_function
                found.append((scope, call.name, scope.output(own, number)))
        return found

    def calls(self, node):
        """(attribute that names a function or None, first input handed over) of a node's calls."""
        return _CALLS.get(node.op, [(None, 0)] if node.op in self.library else [])

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
    return Scope(library, graph_def.node)


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
        waiting.extend(where.returned(one, number))
        for node, place in where.uses(one, number):
            calls = where.calls(node)
            for attribute, first in calls:
                inner = where.called(node, attribute, first)
                argument = inner.argument(place - first) if inner and place >= first else None
                if argument is not None:
                    waiting.append((inner, argument, None))
            if not calls:
                found.append(Use(where, node, place))
            if node.op in _CARRIERS and place in (_CARRIERS[node.op] or (place,)):
                waiting.append((where, node.name, _carried(where, node.op, place)))
    return found


def _carried(scope, op, place):
    """Which output of a carrier has what came in as one of its inputs, None for any."""
    if op == "IdentityN":
        return scope.output(("output", place), place)
    return scope.output(*_OUTPUTS[op]) if op in _OUTPUTS else None


def nodes_of(graph, ops):
    """(scope, NodeDef) of these ops in the main graph, and in functions that it calls itself."""
    has = {
        name
        for name, function in graph.library.items()
        if any(node.op in ops for node in function.node_def)
    }
    for node in list(graph.nodes.values()):
        if node.op in ops:
            yield graph, node
        for attribute, first in graph.calls(node):
            name = node.attr[attribute].func.name if attribute else node.op
            scope = graph.called(node, attribute, first) if name in has else None
            for inner in scope.nodes.values() if scope else ():
                if inner.op in ops:
                    yield scope, inner


def origin(scope, name):
    """(scope, NodeDef) that a tensor comes from, past what only hands it on; or (scope, None)."""
    for _ in range(1000):
        scope, node = scope.source(name)
        if node is None or node.op not in ("Identity", "ReadVariableOp", "Cast", "StopGradient"):
            return scope, node
        inputs = data_inputs(node)
        if not inputs:
            break
        name = inputs[0]
    return scope, None
