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
from pytest_tfroundtrip.prediction.words import Reason
from pytest_tfroundtrip.savedmodel.model import Place
from pytest_tfroundtrip.vocabulary import Foreseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.catalogue.ops import OpTable
    from pytest_tfroundtrip.prediction.rules import Reader
    from pytest_tfroundtrip.savedmodel.model import MetaGraph, Use

#: The kind of reason that goes where a runtime imports what registers the op.
ADD_ON = "add-on"
_NO_DTYPE = "invalid"  # an attribute that was never set
#: Ends the names of libraries that register ops of their own: ``TFRA>``.
_VENDOR = ">"


class _Found:
    """Reasons by release."""

    def __init__(self, table: OpTable) -> None:
        self.table = table
        self.by_release: dict[str, dict[Reason, None]] = {name: {} for name in table.releases}

    def add(
        self, releases: Iterable[str], foreseen: Foreseen, kind: str, short: str, sentence: str
    ) -> None:
        """A reason of some releases; ``{release}`` in its sentence is each."""
        for release in releases:
            said = sentence.replace("{release}", release)
            self.by_release[release][Reason(foreseen, short, said, kind)] = None


def reasons(graph: MetaGraph, reader: Reader) -> dict[str, tuple[Reason, ...]]:
    """Why readers of the measured releases fail with a graph, by release."""
    table = op_table()
    found = _Found(table)
    producers = {name: each.producer for name, each in table.releases.items()}
    functions_only = reader.imports is Imports.FUNCTIONS and graph.objects > 0
    will, may = Foreseen.WILL_FAIL, Foreseen.MAY_FAIL
    if not functions_only:
        _versions(graph, found)
    for use in graph.uses:
        if functions_only:
            # Each function is made a graph of the reader's own version.
            if use.place is not Place.GRAPH:
                _of_op(use, producers, will, found)
                _of_attributes(use, will, found, strips=False)
        elif use.place is Place.GRAPH:
            _of_op(use, dict.fromkeys(producers, graph.producer), will, found)
            _of_attributes(use, will, found, strips=reader.strips_defaults)
        elif use.place is Place.CALLED:
            session = reader.imports is Imports.GRAPH
            _of_op(use, {}, will if session else may, found)
            _of_attributes(use, may, found, strips=False)
    return {release: tuple(each) for release, each in found.by_release.items()}


def _versions(graph: MetaGraph, found: _Found) -> None:
    for name, reader in found.table.releases.items():
        if graph.min_consumer > reader.producer or reader.producer in graph.bad_consumers:
            found.add(
                [name],
                Foreseen.WILL_FAIL,
                "version",
                f"min_consumer {graph.min_consumer}"
                if graph.min_consumer > reader.producer
                else "bad_consumers",
                f"The graph excludes readers of GraphDef version {reader.producer}.",
            )
        if graph.producer < reader.min_producer:
            found.add(
                [name],
                Foreseen.WILL_FAIL,
                "version",
                f"producer {graph.producer}",
                f"The reader takes no graph of a GraphDef version below {reader.min_producer}.",
            )


def _of_op(use: Use, producers: Mapping[str, int], foreseen: Foreseen, found: _Found) -> None:
    """Whether releases have the op; ``producers`` are the versions of the graphs it comes in."""
    table, op = found.table, use.op
    known = table.op(op)
    if known is None:
        addon = op.partition(_VENDOR)[0] if _VENDOR in op else ""
        whose = f"the add-on {addon}" if addon else "an add-on"
        found.add(
            table.releases,
            foreseen,
            ADD_ON,
            f"op {op} of {whose}",
            f"No TensorFlow from {next(iter(table.releases))} on has the op {op}: it is of {whose},"
            " which has to be imported before the model is loaded.",
        )
        return
    missing = [name for name in table.releases if name not in known.releases]
    found.add(
        missing, foreseen, "op", f"op {op}", f"TensorFlow {{release}} does not have the op {op}."
    )
    for version, releases in known.deprecated.items():
        found.add(
            [name for name in releases if producers.get(name, 0) >= version],
            foreseen,
            "op",
            f"op {op}, which was removed",
            f"The op {op} was removed from graphs of GraphDef version {version} and later.",
        )


def _of_attributes(use: Use, foreseen: Foreseen, found: _Found, *, strips: bool) -> None:
    table = found.table
    known = table.op(use.op)
    if known is None:
        return
    refusing = [
        name
        for name, each in table.releases.items()
        if each.unknown_attributes != IGNORED and name in known.releases
    ]
    for attribute in use.attributes:
        name = attribute.name
        if strips and attribute.default is True:
            continue
        having = known.having(name)
        found.add(
            [release for release in refusing if release not in having],
            foreseen,
            "attribute",
            f"attribute {name} of {use.op}",
            f"TensorFlow {{release}} does not know the attribute {name} of the op {use.op}.",
        )
    for name, value in use.values:
        for definition, releases in known.attributes.get(name, {}).items():
            if definition.allowed and value not in definition.allowed:
                without, why = releases, f"{name} of the op {use.op} may not be {value}."
            elif definition.is_dtype and value != _NO_DTYPE:
                without, why = (
                    releases - table.dtypes.get(value, frozenset()),
                    f"there is no dtype {value}.",
                )
            else:
                continue
            found.add(
                without,
                foreseen,
                "value",
                f"{name} {value} of {use.op}",
                f"In TensorFlow {{release}} {why}",
            )
