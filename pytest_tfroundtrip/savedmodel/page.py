"""A SavedModel as lines for people."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.savedmodel.model import TensorKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_tfroundtrip.savedmodel.model import (
        Fault,
        Function,
        MetaGraph,
        Op,
        SavedModel,
        Shape,
        Signature,
        Tensor,
        Variable,
    )

_FEW = 30  # variables are listed unless all are asked for
_THOUSAND = 1000
_INDENT = "  "
_HELD = "\0"  # a blank at which no line is broken


@dataclass(frozen=True)
class Foretold:
    """What is foretold of a meta graph, in words."""

    readers: Sequence[tuple[str, str, str]]  # loader, releases, what is on either side of them
    untrained: Sequence[str]  # loaders that do not train it, with why
    whole: bool = True  # False: nobody reads it before its files are mended


def page(
    name: str,
    model: SavedModel,
    foretold: Sequence[Foretold],
    *,
    width: int,
    everything: bool,
) -> Iterator[str]:
    """All that is known of a SavedModel.

    Args:
        name: what it is called here.
        model: the SavedModel.
        foretold: of each of its meta graphs.
        width: how long a line of words may be; names are never cut.
        everything: list all variables.
    """
    yield name
    for label, text in _of_folder(model):
        yield from _labelled(label, text, width)
    for graph, told in zip(model.meta_graphs, foretold, strict=True):
        yield ""
        yield from _of_graph(graph, width=width, everything=everything)
        yield from _of_readers(told, width)
    if model.faults:
        yield ""
        yield "looks wrong"
        for fault in model.faults:
            yield from of_fault(fault, width)


def of_fault(fault: Fault, width: int) -> Iterator[str]:
    """What is wrong, and what to do."""
    note = "" if fault.stops else " TensorFlow may load it all the same."
    yield from paragraph(f"{fault.id}: {fault.sentence}{note}", width, _INDENT)
    yield from paragraph(fault.remedy, width, _INDENT * 2)


def printable(line: str) -> str:
    """The line without what would move a terminal's cursor: names in a file may be anything."""
    if line.isprintable():
        return line
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in line
    )


def sized(number: int) -> str:
    """Bytes, in the unit that people read: ``812 B``, ``1.2 kB``, ``98.4 MB``."""
    if number < _THOUSAND:
        return f"{number} B"
    size = float(number)
    for unit in ("kB", "MB", "GB"):
        size /= _THOUSAND
        if size < _THOUSAND:
            return f"{size:.1f} {unit}"
    return f"{size / _THOUSAND:.1f} TB"


def shaped(shape: Shape) -> str:
    """``[?, 3]``; ``[...]`` where the rank is not known."""
    if shape is None:
        return "[...]"
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def _of_folder(model: SavedModel) -> Iterator[tuple[str, str]]:
    held = [f"saved_model.{model.format} {sized(model.graph_size)}"]
    if (checkpoint := model.checkpoint) is not None:
        shards = count(len(checkpoint.shards), "shard")
        held.append(f"values {sized(checkpoint.size)} in {shards}")
    yield "size", f"{sized(model.size)}: {', '.join(held)}"
    beside = {
        "keras_metadata.pb": model.keras_metadata,
        "tfhub_module.pb": model.hub_module,
        f"fingerprint {model.fingerprint}": model.fingerprint is not None,
        "warm-up requests of TensorFlow Serving": model.warmup_requests is not None,
        "a record of pytest-tfroundtrip": model.record,
    }
    if found := [name for name, there in beside.items() if there]:
        yield "with", ", ".join(found)


def _of_graph(graph: MetaGraph, *, width: int, everything: bool) -> Iterator[str]:
    stamp = graph.stamp
    yield f"meta graph {', '.join(stamp.tags) or '(no tags)'}"
    release = f"TensorFlow {stamp.tensorflow}" if stamp.tensorflow else "nobody knows which release"
    git = f" ({stamp.tensorflow_git})" if stamp.tensorflow_git else ""
    yield from _labelled("writer", f"{release}{git}, by {' or '.join(graph.savers)}", width)
    if graph.producer:
        least = f", min_consumer {graph.min_consumer}" if graph.min_consumer else ""
        yield from _labelled("graph", f"producer {graph.producer}{least}", width)
    if graph.keras is not None:
        root = graph.keras.root or "not the root"
        yield from _labelled("Keras", f"{root}; {', '.join(graph.keras.identifiers)}", width)
    yield from _of_calls(graph, width)
    yield from _of_variables(graph.variables, width=width, everything=everything)
    if graph.assets:
        sizes = (
            f"{asset.filename} {'(missing)' if asset.size is None else sized(asset.size)}"
            for asset in graph.assets
        )
        yield from _labelled("assets", ", ".join(sizes), width)
    if graph.tables:
        tables = ", ".join(f"{table.name} ({table.op})" for table in graph.tables)
        yield from _labelled("tables", tables, width)
    if graph.initializers:
        yield from _labelled("runs first", ", ".join(graph.initializers), width)
    if graph.devices:
        yield from _labelled("pinned to", ", ".join(graph.devices), width)
    yield from _of_ops(graph, width)


def _of_calls(graph: MetaGraph, width: int) -> Iterator[str]:
    """The signatures; functions of the object in a line, or whole where nothing else is called."""
    for signature in graph.callable_signatures:
        yield from _of_signature(signature)
    if not graph.callable_signatures:
        for function in graph.restored:
            yield from _of_function(function)
    elif graph.restored:
        yield from _labelled("functions", ", ".join(each.name for each in graph.restored), width)


def _of_signature(signature: Signature) -> Iterator[str]:
    method = f"  {signature.method_name}" if signature.method_name else ""
    yield f"{_INDENT}signature {signature.key}{method}"
    rows = [
        (way, name, tensor.dtype, _form(tensor), ", ".join(tensor.tensors))
        for way, tensors in (("in", signature.inputs), ("out", signature.outputs))
        for name, tensor in tensors.items()
    ]
    yield from _table(rows, _INDENT * 2)


def _of_function(function: Function) -> Iterator[str]:
    """A function of the restored object, which only who loads that can call."""
    settings = "".join(f"  {name}={value}" for name, value in function.settings.items())
    yield f"{_INDENT}function {function.name}{settings}"
    rows = [("in", name, tensor.dtype, _form(tensor)) for name, tensor in function.inputs.items()]
    yield from _table(rows, _INDENT * 2)


def _form(tensor: Tensor) -> str:
    if tensor.kind is TensorKind.DENSE:
        return shaped(tensor.shape)
    return f"{shaped(tensor.shape)} {tensor.type or tensor.kind}"


def _of_variables(variables: Sequence[Variable], *, width: int, everything: bool) -> Iterator[str]:
    if not variables:
        yield from _labelled("variables", "none", width)
        return
    yield from _labelled("variables", str(len(variables)), width)
    listed = variables if everything else variables[:_FEW]
    yield from _table(
        [
            (
                variable.name,
                variable.dtype,
                shaped(variable.shape),
                str(variable.kind),
                {True: "trainable", False: "not trainable", None: ""}[variable.trainable],
                variable.label if variable.label and variable.label != variable.name else "",
            )
            for variable in listed
        ],
        _INDENT * 2,
    )
    if more := len(variables) - len(listed):
        yield f"{_INDENT * 2}... and {more} more: --all lists them"


def _of_ops(graph: MetaGraph, width: int) -> Iterator[str]:
    functions = f", {count(graph.functions, 'function')}" if graph.functions else ""
    kinds = count(len(graph.ops), "op")
    yield from _labelled("ops", f"{kinds}, {count(graph.nodes, 'node')}{functions}", width)
    by_count = sorted(graph.ops, key=lambda op: (-op.count, op.name))
    yield from paragraph(", ".join(map(_op, by_count)), width, _INDENT * 2)
    used = {op.name for op in graph.ops}
    if unused := [name for name in graph.listed if name not in used]:
        yield from _labelled("listed", f"but not used: {', '.join(unused)}", width)
    if graph.listed and (unlisted := sorted(used.difference(graph.listed))):
        yield from _labelled("not listed", f"but used: {', '.join(unlisted)}", width)


def _of_readers(told: Foretold, width: int) -> Iterator[str]:
    """Who reads it: a line for each loader, with why no more releases do."""
    until = "" if told.whole else ", once what looks wrong is mended: nobody reads it as it is"
    yield from _labelled("read by", f"as far as the file tells{until}", width)
    columns = [max(len(row[column]) for row in told.readers) for column in (0, 1)]
    for loader, releases, why in told.readers:
        first = f"{_INDENT * 2}{loader.ljust(columns[0])}  {releases.ljust(columns[1])}  "
        if why:
            yield from paragraph(why, width, first, " " * len(first))
        else:
            yield first.rstrip()
    if told.untrained:
        yield from _labelled("untrained", f"by {', '.join(told.untrained)}", width)


def _op(op: Op) -> str:
    return f"{op.name}{_HELD}{op.count}" if op.count > 1 else op.name


def count(number: int, word: str) -> str:
    """``1 shard``, ``3 shards``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    first = f"{_INDENT}{label:<10} "
    yield from paragraph(text, width, first, " " * len(first))


def paragraph(text: str, width: int, first: str, rest: str | None = None) -> Iterable[str]:
    """The text in lines, ``first`` before the first, ``rest`` (or the same) before the others."""
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_HELD, " ") for line in lines]


def _table(rows: Sequence[Sequence[str]], indent: str) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{indent}{'  '.join(cells)}".rstrip()
