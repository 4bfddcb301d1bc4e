"""A SavedModel's contract: what its callers rely on besides the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.vocabulary import PARTS, Part

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["PARTS", "Contract", "ContractChange", "Signature", "Spec", "changes"]


@dataclass(frozen=True)
class Spec:
    """One input or output of a signature; what is None is unknown."""

    dtype: str | None
    rank: int | None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Spec:
        """The spec of ``{"dtype": "float32", "shape": [null, 3]}``; a null shape is no rank."""
        shape, dtype = raw["shape"], raw["dtype"]
        # A reference says where a value lives, not what it is: loaders hand out the value.
        known = None if dtype is None else str(dtype).removesuffix("_ref")
        return cls(known, None if shape is None else len(shape))


@dataclass(frozen=True)
class Signature:
    """One signature; what is None is not shown."""

    method_name: str | None
    inputs: Mapping[str, Spec] | None
    outputs: Mapping[str, Spec] | None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Signature:
        """The signature of its JSON form."""
        return cls(raw.get("method_name"), _specs(raw.get("inputs")), _specs(raw.get("outputs")))


@dataclass(frozen=True)
class Contract:
    """Tags and signatures by key; what is None is not shown."""

    tags: frozenset[str] | None
    signatures: Mapping[str, Signature] | None

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> Contract | None:
        """The contract of its JSON form; KeyError, TypeError or the like where it is none."""
        if raw is None:
            return None
        tags, signatures = raw.get("tags"), raw.get("signatures")
        return cls(
            None if tags is None else frozenset(tags),
            None
            if signatures is None
            else {key: Signature.parse(entry) for key, entry in signatures.items()},
        )


@dataclass(frozen=True)
class ContractChange:
    """What changed, and the parts that could not be held against each other."""

    changes: tuple[Change, ...]
    not_compared: tuple[str, ...]


def changes(
    saved: Contract | None, loaded: Contract | None, shows: Collection[str], signature: str | None
) -> ContractChange:
    """Compare the contract of the artifact with what a loader shows of it.

    A part is not compared where the loader never shows it (``shows``), or where it showed nothing
    of it for this artifact (null). An unknown rank on the loader's side is a rank not shown. On
    the record's side it promises nothing of an output; of an input it promises that any rank will
    do, so a rank there is a change.

    Args:
        saved: the record's contract.
        loaded: the observed one.
        shows: the loader's ``shows``.
        signature: the signature that was called: the only one that is looked at where the loader
            doesn't show signature keys.
    """
    if saved is None:
        return ContractChange((), PARTS)
    found = _Found()
    if saved.tags is None or loaded is None or loaded.tags is None or "tags" not in shows:
        found.missed.add("tags")
    elif saved.tags != loaded.tags:
        found.change(Part.TAGS, f"tags were {_names(saved.tags)} and are {_names(loaded.tags)}")
    if saved.signatures is None or loaded is None or loaded.signatures is None:
        found.missed.update(PARTS[1:])
        return found.result()
    keys = set(saved.signatures)
    if "signature_keys" in shows:
        found.names(Part.SIGNATURE_KEY, "signature", keys, set(loaded.signatures))
    else:
        found.missed.add("signature_keys")
        keys = {signature} if signature is not None else set()
    for key in sorted(keys):
        if key in saved.signatures and key in loaded.signatures:
            found.signature(key, saved.signatures[key], loaded.signatures[key], shows)
    if not keys & set(saved.signatures) & set(loaded.signatures):
        found.missed.update(PARTS[2:])
    return found.result()


class _Found:
    """Collects while :func:`changes` walks through the two contracts."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.missed: set[str] = set()

    def result(self) -> ContractChange:
        order = (*PARTS, "input_dtypes", "output_dtypes", "input_ranks", "output_ranks")
        missed = tuple(part for part in order if part in self.missed)
        return ContractChange(tuple(self.changes), missed)

    def change(self, part: Part, text: str) -> None:
        self.changes.append(Change(part, text))

    def names(self, part: Part, what: str, saved: set[str], loaded: set[str]) -> None:
        gone, new = sorted(saved - loaded), sorted(loaded - saved)
        if len(gone) == len(new) == 1:
            self.change(part, f"{what} {gone[0]!r} became {new[0]!r}")
        else:
            for name in gone:
                self.change(part, f"{what} {name!r} is missing")
            for name in new:
                self.change(part, f"{what} {name!r} is new")

    def signature(
        self, key: str, saved: Signature, loaded: Signature, shows: Collection[str]
    ) -> None:
        where = f"signature {key!r}: "
        if saved.method_name is None or loaded.method_name is None or "method_name" not in shows:
            self.missed.add("method_name")
        elif saved.method_name != loaded.method_name:
            self.change(
                Part.METHOD_NAME,
                f"{where}method name was {saved.method_name!r} and is {loaded.method_name!r}",
            )
        for part, one, other in (
            (Part.INPUT, saved.inputs, loaded.inputs),
            (Part.OUTPUT, saved.outputs, loaded.outputs),
        ):
            if one is None or other is None or f"{part}s" not in shows:
                self.missed.add(f"{part}s")
            else:
                self.specs(part, f"{where}{part}", one, other)

    def specs(
        self, part: Part, what: str, saved: Mapping[str, Spec], loaded: Mapping[str, Spec]
    ) -> None:
        self.names(part, what, set(saved), set(loaded))
        for name in sorted(set(saved) & set(loaded)):
            one, other = saved[name], loaded[name]
            if one.dtype is None or other.dtype is None:
                self.missed.add(f"{part}_dtypes")
            elif one.dtype != other.dtype:
                self.change(Part.DTYPE, f"{what} {name!r} was {one.dtype} and is {other.dtype}")
            if one.rank == other.rank:
                continue
            if other.rank is None or (one.rank is None and part is Part.OUTPUT):
                self.missed.add(f"{part}_ranks")
            else:
                before = "any rank" if one.rank is None else f"rank {one.rank}"
                self.change(
                    Part.RANK, f"{what} {name!r} was of {before} and is of rank {other.rank}"
                )


def _specs(raw: Mapping[str, Any] | None) -> Mapping[str, Spec] | None:
    return None if raw is None else {name: Spec.parse(entry) for name, entry in raw.items()}


def _names(words: Collection[str]) -> str:
    return ", ".join(repr(word) for word in sorted(words)) or "none"
