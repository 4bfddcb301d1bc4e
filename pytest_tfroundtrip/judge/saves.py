"""One save of a model held against another: what changes for a reader when a writer moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_tfroundtrip.judge import contract as contracts
from pytest_tfroundtrip.judge.bench import Bench, Judgement
from pytest_tfroundtrip.vocabulary import PARTS, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_tfroundtrip.agent.wire import Tensor
    from pytest_tfroundtrip.cells import Tolerances
    from pytest_tfroundtrip.judge.records import Record


def judge_saves(old: Record, new: Record, tolerances: Tolerances) -> Judgement:
    """Hold one save of a model against another: what a reader of the old one meets in the new one.

    The contracts are compared whole, tags and method names too, then what both saving processes
    computed from the same examples. Where the signature that is called has another key, the two are
    compared all the same. A shape that a batch dimension changed is told by the contract (its
    rank); values are compared without it.
    """
    bench = Bench(tolerances)
    shows = set(PARTS)
    change = contracts.changes(old.contract, new.contract, shows, old.signature)
    found, missed = list(change.changes), change.not_compared
    moved = _moved(old, new)
    if moved is not None:
        called = contracts.changes(*moved, shows, new.signature)
        found += called.changes
        of_called = set(PARTS[2:])
        if of_called <= set(missed):
            # No key is in both: what could not be compared for that, the two that are called show.
            missed = tuple(part for part in missed if part not in of_called)
        missed += tuple(part for part in called.not_compared if part != "tags")
    bench.missed += missed
    for each in found:
        bench.found(Verdict.DRIFT, each.sentence, each.part)
    pairs = list(zip(old.examples, new.examples, strict=False))
    bench.outputs(
        "what was computed",
        [one.outputs for one, _ in pairs],
        [_in_shapes_of(one.outputs, other.outputs) for one, other in pairs],
    )
    return replace(bench.judgement(shown_at_most=1000), changes=tuple(bench.changes))


def _moved(old: Record, new: Record) -> tuple[contracts.Contract, contracts.Contract] | None:
    """The signatures that are called, under one key, where they have two keys."""
    before, after = old.contract, new.contract
    if old.signature == new.signature or old.signature is None or new.signature is None:
        return None
    if before is None or after is None or not before.signatures or not after.signatures:
        return None
    if old.signature not in before.signatures or new.signature not in after.signatures:
        return None
    return (
        contracts.Contract(None, {new.signature: before.signatures[old.signature]}),
        contracts.Contract(None, {new.signature: after.signatures[new.signature]}),
    )


def _in_shapes_of(old: Mapping[str, Tensor], new: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The new tensors in the shapes of the old ones of their name, or of the only one."""
    shaped = {}
    for name, tensor in new.items():
        like = old.get(name) or (next(iter(old.values())) if len(old) == len(new) == 1 else None)
        if like is not None and like.value.size == tensor.value.size:
            tensor = tensor._replace(value=tensor.value.reshape(like.value.shape))  # noqa: PLW2901
        shaped[name] = tensor
    return shaped
