"""What is foretold of a meta graph, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.prediction.predict import Subject
from pytest_tfroundtrip.prediction.reach import reaches
from pytest_tfroundtrip.savedmodel.page import Foretold
from pytest_tfroundtrip.vocabulary import Foreseen, Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_tfroundtrip.prediction.reach import Reach, Span
    from pytest_tfroundtrip.savedmodel.model import MetaGraph, SavedModel

_NAMED = 2  # reasons of a span
_READS_MOST = "tf2_load"  # whose reasons are told where nobody reads it


def foretold(model: SavedModel, graph: MetaGraph) -> Foretold:
    """What is foretold of a meta graph.

    It is of whole files, whatever is wrong with these: who mends them wants to know what for.
    """
    subject = Subject(model, graph)
    read = list(reaches(subject))
    readers = [(each.loader, _range(each), "; ".join(_limits(each))) for each in read]
    some = {reach.loader for reach in read if reach.oldest}
    trained = reaches(subject, Operation.FINE_TUNING) if graph.variables else ()
    untrained = [
        f"{reach.loader} ({_words(reach.spans[-1])})"
        for reach in trained
        if reach.oldest is None and reach.loader in some
    ]
    return Foretold(readers, untrained, whole=not any(fault.stops for fault in model.faults))


def in_short(
    model: SavedModel, graph: MetaGraph, loaders: Collection[str]
) -> tuple[dict[str, str], str]:
    """By which releases each of the loaders reads it, in words that :func:`explained` tells.

    And why none does, empty where one does.

    Whoever has to say ``tags=`` does: of several meta graphs a line says so.
    """
    found = list(reaches(Subject(model, graph, tags_named=True), among=loaders))
    nobody = all(reach.oldest is None for reach in found)
    asked = max(found, key=lambda reach: reach.loader == _READS_MOST, default=None)
    why = _words(asked.spans[-1]) if nobody and asked else ""
    return {reach.loader: shortest(reach) for reach in found}, why


_EXPLAINED = (
    "all: {oldest} to {newest}; 2.10+: 2.10 to {newest}; none: no release; with ? it may fail, or"
    " fails in between. As far as the files tell."
)


def explained() -> str:
    """What the words of :func:`in_short` mean."""
    every = list(releases())
    return _EXPLAINED.format(oldest=every[0], newest=every[-1])


def shortest(reach: Reach) -> str:
    """A range of releases as it stands in a table."""
    if reach.oldest is None or reach.newest is None:
        return "none"
    every = list(releases())
    if reach.newest == every[-1]:
        text = "all" if reach.oldest == every[0] else f"{reach.oldest}+"
    else:
        text = reach.oldest
        text += "" if reach.newest == reach.oldest else f"-{reach.newest}"
    within = reach.releases[reach.releases.index(reach.oldest) :]
    within = within[: within.index(reach.newest) + 1]
    unsure = any(span.foreseen is Foreseen.MAY_FAIL for span in reach.spans)
    return f"{text}?" if unsure or set(within) & set(reach.failing) else text


def as_data(model: SavedModel, graph: MetaGraph) -> dict[str, list[dict[str, Any]]]:
    """The same for machines, by operation."""
    subject = Subject(model, graph)
    return {
        str(operation): [
            {
                "loader": reach.loader,
                "oldest": reach.oldest,
                "newest": reach.newest,
                "spans": [
                    {
                        "oldest": span.oldest,
                        "newest": span.newest,
                        "foreseen": span.foreseen,
                        "reasons": [
                            {"id": each.id, "short": each.short, "sentence": each.sentence}
                            for each in span.reasons
                        ],
                    }
                    for span in reach.spans
                ],
            }
            for reach in reaches(subject, operation)
        ]
        for operation in (Operation.INFERENCE, Operation.FINE_TUNING)
    }


def _range(reach: Reach) -> str:
    if reach.oldest is None or reach.newest is None:
        return "none"
    return reach.oldest if reach.oldest == reach.newest else f"{reach.oldest} to {reach.newest}"


def _limits(reach: Reach) -> Iterator[str]:
    """Why not on either side, and where between; of several reasons on a side the nearest."""
    spans = _nearest(reach)
    for span in spans:
        if span.foreseen is None:
            continue
        may = "may fail: " if span.foreseen is Foreseen.MAY_FAIL else ""
        everywhere = (span.oldest, span.newest) == (reach.releases[0], reach.releases[-1])
        where = "" if everywhere else f"{_where(span, reach)}: "
        yield f"{where}{may}{_words(span)}"


def _nearest(reach: Reach) -> Sequence[Span]:
    spans = list(reach.spans)
    if reach.oldest is None:
        return spans
    while len(spans) > 1 and all(each.foreseen is Foreseen.WILL_FAIL for each in spans[:2]):
        spans.pop(0)
    while len(spans) > 1 and all(each.foreseen is Foreseen.WILL_FAIL for each in spans[-2:]):
        spans.pop()
    return spans


def _where(span: Span, reach: Reach) -> str:
    works = [each for each in reach.releases if each not in reach.failing]
    order = reach.releases.index
    if span.foreseen is Foreseen.WILL_FAIL and works:
        if order(span.newest) < order(works[0]):
            return f"{span.newest} and older"
        if order(span.oldest) > order(works[-1]):
            return f"{span.oldest} and newer"
    return span.oldest if span.oldest == span.newest else f"{span.oldest} to {span.newest}"


def _words(span: Span) -> str:
    shorts = list(dict.fromkeys(each.short for each in span.reasons))
    more = f" and {len(shorts) - _NAMED} more" if len(shorts) > _NAMED else ""
    return ", ".join(shorts[:_NAMED]) + more
