"""What is foretold of a meta graph, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.prediction.predict import Subject
from pytest_tfroundtrip.prediction.reach import reaches
from pytest_tfroundtrip.savedmodel.page import Foretold
from pytest_tfroundtrip.vocabulary import Foreseen, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.prediction.reach import Reach, Span
    from pytest_tfroundtrip.savedmodel.model import MetaGraph, SavedModel

_NAMED = 2  # reasons of a span


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
