"""What a release does not take of a graph: ops, attributes, dtypes, versions.

Where TensorFlow looks: the graph's own nodes when it is imported, all of them, run or not; the
nodes of a function when the function is made a graph. A session looks up the ops of every function
that the graph's nodes call, and the rest of it when the function is run; ``tf.saved_model.load``
makes a graph of every function, and none of the graph's own nodes where there are objects.

Sources: ``ValidateNodeDef`` and ``CheckOpDeprecation`` in ``core/framework`` (``node_def_util.cc``,
``op_def_util.cc``), ``CheckVersions`` in ``core/framework/versions.cc``,
``load_function_def_library`` in ``python/saved_model/function_deserialization.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.ops import IGNORED, op_table
from pytest_tfroundtrip.prediction.rules import Imports
from pytest_tfroundtrip.prediction.words import Foreseen, Reason
from pytest_tfroundtrip.savedmodel.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_tfroundtrip.catalogue.ops import KnownOp, Measured, OpTable
    from pytest_tfroundtrip.prediction.rules import Reader
    from pytest_tfroundtrip.savedmodel.model import MetaGraph, Use

_NO_DTYPE = "invalid"  # an attribute that was never set
#: Ends the names of libraries that register ops of their own: ``TFRA>``.
_VENDOR = ">"


def reasons(graph: MetaGraph, reader: Reader, release: str) -> Iterator[Reason]:
    """Why a release's reader fails with a graph; none where the release was not measured."""
    table = op_table()
    measured = table.releases.get(release)
    if measured is None:
        return
    functions_only = reader.imports is Imports.FUNCTIONS and graph.objects > 0
    if not functions_only:
        yield from _versions(graph, measured)
    for use in graph.uses:
        if functions_only:
            # Each function is made a graph of the reader's own version.
            if use.place is not Place.GRAPH:
                yield from _of_op(use, table, measured, measured.producer, Foreseen.WILL_FAIL)
                yield from _of_attributes(use, table, measured, Foreseen.WILL_FAIL, strips=False)
        elif use.place is Place.GRAPH:
            yield from _of_op(use, table, measured, graph.producer, Foreseen.WILL_FAIL)
            strips = reader.strips_defaults
            yield from _of_attributes(use, table, measured, Foreseen.WILL_FAIL, strips=strips)
        elif use.place is Place.CALLED:
            session = reader.imports is Imports.GRAPH
            yield from _of_op(
                use, table, measured, 0, Foreseen.WILL_FAIL if session else Foreseen.MAY_FAIL
            )
            yield from _of_attributes(use, table, measured, Foreseen.MAY_FAIL, strips=False)


def _versions(graph: MetaGraph, measured: Measured) -> Iterator[Reason]:
    reader = measured.producer
    if graph.min_consumer > reader or reader in graph.bad_consumers:
        yield Reason(
            Foreseen.WILL_FAIL,
            f"min_consumer {graph.min_consumer}",
            f"The graph asks for a reader of GraphDef version {graph.min_consumer} or later; this"
            f" one has {reader}.",
            "version",
        )
    if graph.producer < measured.min_producer:
        yield Reason(
            Foreseen.WILL_FAIL,
            f"producer {graph.producer}",
            f"The graph is of GraphDef version {graph.producer}; this reader takes none below"
            f" {measured.min_producer}.",
            "version",
        )


def _of_op(
    use: Use, table: OpTable, measured: Measured, producer: int, foreseen: Foreseen
) -> Iterator[Reason]:
    """Whether the release has the op; ``producer`` is the version of the graph that it is in."""
    known = table.op(use.op)
    if known is None:
        addon = use.op.partition(_VENDOR)[0] if _VENDOR in use.op else ""
        whose = f"the add-on {addon}" if addon else "an add-on"
        yield Reason(
            foreseen,
            f"op {use.op} of {whose}",
            f"No TensorFlow from {next(iter(table.releases))} on has the op {use.op}: it is of"
            f" {whose}, which has to be imported before the model is loaded.",
            "op",
        )
    elif measured.name not in known.releases:
        yield Reason(
            foreseen,
            f"op {use.op}",
            f"TensorFlow {measured.name} does not have the op {use.op}.",
            "op",
        )
    else:
        for version, releases in known.deprecated.items():
            if measured.name in releases and producer >= version:
                yield Reason(
                    foreseen,
                    f"op {use.op}, which was removed",
                    f"The op {use.op} was removed from graphs of GraphDef version {version} and"
                    f" later; this one is of {producer}.",
                    "op",
                )


def _of_attributes(
    use: Use, table: OpTable, measured: Measured, foreseen: Foreseen, *, strips: bool
) -> Iterator[Reason]:
    known = table.op(use.op)
    if known is None or measured.name not in known.releases:
        return
    if measured.unknown_attributes != IGNORED:
        for attribute in use.attributes:
            if measured.name not in known.having(attribute.name) and not (
                strips and attribute.default is True
            ):
                yield Reason(
                    foreseen,
                    f"attribute {attribute.name} of {use.op}",
                    f"TensorFlow {measured.name} does not know the attribute {attribute.name} of"
                    f" the op {use.op}.",
                    "attribute",
                )
    for name, value in use.values:
        if why := _not_allowed(known, name, value, table, measured):
            yield Reason(foreseen, f"{name} {value} of {use.op}", why, "value")


def _not_allowed(
    known: KnownOp, attribute: str, value: str, table: OpTable, measured: Measured
) -> str | None:
    """Why an attribute may not have a value; None where it may, or is no attribute of the op."""
    release = measured.name
    if release not in known.having(attribute):
        return None
    is_dtype = known.is_dtype(attribute, release) and value != _NO_DTYPE
    if is_dtype and release not in table.dtypes.get(value, ()):
        return f"TensorFlow {release} does not have the dtype {value}."
    allowed = known.allowed(attribute).get(release)
    if allowed is not None and value not in allowed:
        return f"In TensorFlow {release} {attribute} of the op {known.name} may not be {value}."
    return None
