"""Who reads which SavedModel, in sentences: the answer of a run over people's folders."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pytest_tfroundtrip.catalogue.order import runtime_order
from pytest_tfroundtrip.report.lines import NAMED, named, runtimes
from pytest_tfroundtrip.report.places import asked
from pytest_tfroundtrip.vocabulary import Operation, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_tfroundtrip.report.rows import Row


class Read(NamedTuple):
    """The models that come back the same by each load API, by some of them, and by none."""

    each: tuple[str, ...]
    some: tuple[str, ...]
    none: tuple[str, ...]


_HOW = ("by each load API", "by some", "by none")


def sentences(rows: Sequence[Row]) -> Iterator[str]:
    """Who reads which model, release by release; those that read the same ones are one sentence.

    A load API that the documents exclude for a model does not count.

    Args:
        rows: of folders that say something, of any operation; what was saved again is left out.
    """
    loads = [row for row in rows if row.operation is Operation.INFERENCE and not row.resave_runtime]
    loads = loads or list(rows)
    models = sorted({row.model for row in loads})
    alike: dict[Read, list[str]] = defaultdict(list)
    for runtime in sorted({row.load_runtime for row in loads}, key=runtime_order):
        alike[_read([row for row in loads if row.load_runtime == runtime])].append(runtime)
    yield from _in_numbers(models, alike) if len(models) > NAMED else _by_name(alike)
    if alone := _of_itself(loads):
        verb = "was" if len(alone) == 1 else "were"
        yield f"{named(alone)} {verb} compared with nothing but itself."


def _by_name(alike: Mapping[Read, Sequence[str]]) -> Iterator[str]:
    for read, names in alike.items():
        parts = [(group, how) for group, how in zip(read, _HOW, strict=True) if group]
        (first, how), *more = parts
        verb = "comes" if len(first) == 1 else "come"
        said = f"Under {runtimes(names)} {named(first)} {verb} back the same {how}"
        yield "; ".join([said, *(f"{named(group)} {how}" for group, how in more)]) + "."


def _in_numbers(models: Sequence[str], alike: Mapping[Read, Sequence[str]]) -> Iterator[str]:
    counts = [
        f"{len(read.each)}, {len(read.some)} and {len(read.none)} under {runtimes(names)}"
        for read, names in alike.items()
    ]
    yield (
        f"Of {len(models)} models come back the same by each load API, by some and by none:"
        f" {'; '.join(counts)}."
    )
    for read, names in alike.items():
        for group, how in ((read.none, "none"), (read.each, "each")):
            if 0 < len(group) <= NAMED:
                yield f"By {how} under {runtimes(names)}: {named(group)}."


def _of_itself(rows: Sequence[Row]) -> list[str]:
    """Models that only the loader and the release were asked about that said what they give."""
    others: dict[str, bool] = defaultdict(bool)
    for row in rows:
        reader = (row.load, row.load_runtime)
        others[row.model] |= reader != (row.reference_load, row.reference_runtime)
    return sorted(model for model, other in others.items() if not other)


def _read(rows: Sequence[Row]) -> Read:
    """Of the rows of a release."""
    verdicts: dict[str, dict[str, list[Verdict | None]]] = defaultdict(lambda: defaultdict(list))
    for row in [row for row in rows if asked(row)] or rows:
        verdicts[row.model][row.load].append(row.verdict)
    groups: tuple[list[str], list[str], list[str]] = ([], [], [])
    for model, by_loader in sorted(verdicts.items()):
        same = [all(one is Verdict.SAME for one in told) for told in by_loader.values()]
        groups[0 if all(same) else 1 if any(same) else 2].append(model)
    return Read(*map(tuple, groups))
