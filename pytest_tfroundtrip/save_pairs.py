"""Pairs of saves of one model: what changes for a reader where a writer moves to another.

Each two of the writers in a row are a pair.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pytest_tfroundtrip.cells import Save
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.report.rows import file_of
from pytest_tfroundtrip.report.save_pairs import SavePair, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_tfroundtrip.cells import Model, Tolerances
    from pytest_tfroundtrip.collected import Collected
    from pytest_tfroundtrip.engine.engine import Engine
    from pytest_tfroundtrip.writers import Writer

NOT_SAVED = "it is not among this run's saves (--tf-savers, --tf-save-runtimes)"

#: An artifact's folder, or why there is none.
Found: TypeAlias = "Path | str"


def side_of(writer: Writer) -> Side:
    """A writer as it stands in a report."""
    return Side(writer.saver.name, writer.runtime.name)


def compared(
    model: Model, old: tuple[Side, Found], new: tuple[Side, Found], tolerances: Tolerances
) -> SavePair:
    """The row of a pair.

    Args:
        model: what was saved.
        old: the save that readers know, and its artifact.
        new: the save that they are to read instead.
        tolerances: how far apart values may be.
    """
    from pytest_tfroundtrip.judge import (  # noqa: PLC0415  imports numpy
        ArtifactDamaged,
        Judgement,
        judge_saves,
        read_record,
    )

    judgement: Judgement | None = None
    message = "; ".join(f"{side}: {found}" for side, found in (old, new) if isinstance(found, str))
    if isinstance(old[1], Path) and isinstance(new[1], Path):
        try:
            judgement = judge_saves(read_record(old[1]), read_record(new[1]), tolerances)
        except ArtifactDamaged as error:
            message = str(error)
    (one, _), (other, _) = old, new
    return SavePair(
        id=f"{model.slug}-{one.save}_{one.save_runtime}-becomes-{other.save}_{other.save_runtime}",
        model=model.name,
        old=one,
        new=other,
        verdict=judgement.verdict if judgement else None,
        message=message,
        changes=judgement.changes if judgement else (),
        not_compared=judgement.not_compared if judgement else (),
        max_abs_error=judgement.max_abs_error if judgement else None,
        max_rel_error=judgement.max_rel_error if judgement else None,
        file=file_of(model),
    )


def of_run(
    writers: Sequence[Writer], engine: Engine, collected: Collected, tolerances: Tolerances
) -> Iterator[SavePair]:
    """The pairs of a run that is over: for every model of it, each two writers in a row.

    Nothing is saved for them: what the run did not save is told in the pair's message. A model that
    neither of the two saves in this run is not spoken of.

    Args:
        writers: two or more.
        engine: of the run.
        collected: what the run was about: why a save that it leaves out is left out.
        tolerances: how far apart values may be.
    """
    left_out = {row.cell.save.key: row.message for row in collected.untested.values()}
    for model, seed in _models(engine.plan.saves.values()):
        found: dict[Writer, Found | None] = {}
        for writer in writers:
            save = Save(model, writer.saver, writer.runtime, seed)
            found[writer] = engine.artifact(save) or left_out.get(save.key)
        for old, new in pairwise(writers):
            if found[old] or found[new]:
                one, other = ((side_of(each), found[each] or NOT_SAVED) for each in (old, new))
                yield compared(model, one, other, tolerances)


def _models(saves: Iterable[Save]) -> list[tuple[Model, int]]:
    """The models that are saved, each with the seed of its first save."""
    models: dict[tuple[Path, str], tuple[Model, int]] = {}
    for save in saves:
        if not isinstance(model := save.model, Folder):
            models.setdefault((model.file, model.name), (model, save.seed))
    return list(models.values())
