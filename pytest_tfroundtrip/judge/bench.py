"""Where two sides are held against each other: findings are collected, a verdict comes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_tfroundtrip.judge.differences import compare
from pytest_tfroundtrip.judge.explain import explain, sentence, tensor_text
from pytest_tfroundtrip.judge.places import moved_rows
from pytest_tfroundtrip.judge.tolerances import EXACT, Limit, limit_of
from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.vocabulary import Part, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_tfroundtrip.agent.wire import Tensor
    from pytest_tfroundtrip.cells import Tolerances
    from pytest_tfroundtrip.judge.differences import Difference
    from pytest_tfroundtrip.judge.records import Observed, Record, Variables

FINDINGS_SHOWN = 5  # in full; a wrong weight shows in every output of every example


@dataclass(frozen=True)
class Judgement:
    """The verdict, and for people why. ``message`` is empty for ``same``.

    The errors are the largest over all numbers compared, those within tolerance too; None where
    there was no number. ``not_compared`` names what a ``same`` does not speak for, in the words of
    ``shows`` in ``apis.json``: ("tags", "method_name"). ``changes`` is what ``message`` says, by
    the part that changed, whole and in the order in which it was found; of a load or resave what
    changed in the contract alone.
    """

    verdict: Verdict
    message: str = ""
    max_abs_error: float | None = None
    max_rel_error: float | None = None
    not_compared: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


#: So many times what the last bit of the inputs does to an output, two releases' kernels may be
#: apart that round at every step in between. The limit of float32 is 84 units in the last place,
#: which for a model that amplifies nothing is the same; measured on basic-pitch 0.4.0 (a spectrum
#: of float32 and its logarithm): 2.4e-5 by the last bit, up to 1.3e-3 between 1.15, 2.8 and 2.21.
ROUNDING = 100


@dataclass
class Bench:
    """Collects findings while two sides are held against each other."""

    tolerances: Tolerances
    findings: list[tuple[Verdict, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)  # the same, not wrapped, by part
    missed: list[str] = field(default_factory=list)
    abs_errors: list[float] = field(default_factory=list)
    rel_errors: list[float] = field(default_factory=list)
    tensors: int = 0
    elements: int = 0
    rounding: Mapping[str, float] = field(default_factory=dict)  # by output, see Record.rounding

    def found(self, verdict: Verdict, text: str, part: Part = Part.VALUE) -> None:
        """Note that something differs, in a sentence."""
        self.findings.append((verdict, sentence(text)))
        self.changes.append(Change(part, text))

    def judgement(self, shown_at_most: int = FINDINGS_SHOWN) -> Judgement:
        """The verdict on what was found."""
        # Numbers first: they are why it is `differs`, and must not be cut off.
        ordered = sorted(self.findings, key=lambda finding: finding[0] is not Verdict.DIFFERS)
        shown = [text for _, text in ordered[:shown_at_most]]
        if len(ordered) > shown_at_most:
            shown.append(f"... and {len(ordered) - shown_at_most} more findings")
        if self.tensors and not self.elements:
            self.missed.append("values (every output is empty)")
        return Judgement(
            ordered[0][0] if ordered else Verdict.SAME,
            "\n".join(shown),
            max(self.abs_errors, default=None),
            max(self.rel_errors, default=None),
            tuple(dict.fromkeys(self.missed)),
        )

    def structure(self, record: Record, observed: Observed) -> None:
        """Whether every example was called in every way, and there was anything to compare."""
        if record.uncalled:
            self.missed.append(f"values (not called: {record.uncalled})")
        elif not any(example.outputs for example in record.examples):
            self.found(Verdict.DIFFERS, "the record holds no outputs: nothing to compare with")
        elif not observed.calls:
            self.found(Verdict.DIFFERS, "the loaded model was not called: nothing to compare")
        for index, example in enumerate(record.examples):
            outputs = observed.outputs[index] if index < len(observed.outputs) else {}
            for call in observed.calls:
                if example.outputs and call not in outputs:
                    self.found(Verdict.DIFFERS, f"call {call!r}, example {index}: gave no outputs")
        for index in range(len(record.examples), len(observed.outputs)):
            self.found(Verdict.DIFFERS, f"example {index} was called, but is not in the record")

    def outputs(
        self,
        where: str,
        saved: list[Mapping[str, Tensor]],
        loaded: list[Mapping[str, Tensor]],
    ) -> None:
        """Compare one call's outputs over all examples that gave some."""
        renamed = _renamed(saved, loaded, self.tolerances)
        for old, new in renamed.items():
            self.found(
                Verdict.DRIFT,
                f"{where}: output {old!r} became {new!r}, its values are equal",
                Part.OUTPUT,
            )
        drifts: dict[str, Part] = {}  # the same in every example: each once, in order
        for index, (one, given) in enumerate(zip(saved, loaded, strict=True)):
            other = self._put_back(f"{where}, example {index}", one, given)
            new_names = set(other) - set(one) - set(renamed.values())
            complete = True
            for name in sorted(one):
                what = f"{where}, example {index}, output {name!r}"
                match = other.get(renamed.get(name, name))
                if match is None:
                    complete = False
                    said = f"{what} is missing{_instead(new_names)}"
                    self.found(Verdict.DIFFERS, said, Part.OUTPUT)
                elif self.values(
                    what, one[name], match, rounding=self.rounding.get(name, 0.0)
                ) and (one[name].dtype != match.dtype):
                    drifts[
                        f"{where}: output {name!r} was {one[name].dtype} and is {match.dtype}, its"
                        " values are equal"
                    ] = Part.DTYPE
            if new_names and complete:
                drifts[f"{where}: there are new outputs: {_names(new_names)}"] = Part.OUTPUT
        for drift, part in drifts.items():
            self.found(Verdict.DRIFT, drift, part)

    def _put_back(
        self, what: str, saved: Mapping[str, Tensor], loaded: Mapping[str, Tensor]
    ) -> Mapping[str, Tensor]:
        """The outputs with rows put back that changed places, which is a finding of its own."""
        moved = moved_rows(saved, loaded, lambda one, two: _limit(one, two, self.tolerances))
        if moved is None:
            return loaded
        self.found(
            Verdict.DIFFERS,
            f"{what}: {moved.rows} rows changed places among those whose {moved.score!r} is the"
            f" same, in {_names(moved.names)}; nothing else differs in them",
        )
        return moved.back

    def forms(
        self,
        where: str,
        saved: list[Mapping[str, Tensor]],
        loaded: list[Mapping[str, Tensor]],
    ) -> None:
        """Compare names, dtypes and ranks of outputs whose values are others each time."""
        self.missed.append("values (the model gives others each time it is called)")
        for index, (one, other) in enumerate(zip(saved, loaded, strict=True)):
            for name in sorted(set(one) | set(other)):
                what = f"{where}, example {index}, output {name!r}"
                if name not in other:
                    self.found(Verdict.DIFFERS, f"{what} is missing", Part.OUTPUT)
                elif name not in one:
                    self.found(Verdict.DRIFT, f"{what} is new", Part.OUTPUT)
                elif one[name].dtype != other[name].dtype:
                    said = f"{what} was {one[name].dtype} and is {other[name].dtype}"
                    self.found(Verdict.DRIFT, said, Part.DTYPE)
                elif one[name].value.ndim != other[name].value.ndim:
                    said = f"{what} was of rank {one[name].value.ndim} and is of rank"
                    self.found(Verdict.DRIFT, f"{said} {other[name].value.ndim}", Part.RANK)

    def oracle(
        self, expected: list[Mapping[str, Tensor]], outputs: list[Mapping[str, Tensor]]
    ) -> None:
        """Compare what the saving process computed with the model's own oracle."""
        sides = ("expected", "computed")
        for index, (one, other) in enumerate(zip(expected, outputs, strict=True)):
            for name in sorted(set(one) | set(other)):
                what = f"the saving process, example {index}, output {name!r}"
                if name not in other:
                    self.found(Verdict.DIFFERS, f"{what} was not computed, but expected() gives it")
                elif name not in one:
                    self.missed.append(f"output {name!r} (expected() does not give it)")
                else:
                    self.values(what, one[name], other[name], sides=sides)

    def variables(
        self, saved: Variables | None, loaded: Variables | None, *, shows_references: bool
    ) -> None:
        """Compare variables by the key they were recorded by; restored bits are the same bits."""
        if saved is None or (not saved.names and loaded is None):
            return
        # No collection, no attribute: the loader holds them where nobody can look.
        if loaded is None or (saved.names and not loaded.names) or saved.key != loaded.key:
            self.missed.append("variables")
            return
        gone = [name for name in saved.names if name not in loaded.names]
        new = [name for name in loaded.names if name not in saved.names]
        renamed = matched(
            {name: [saved.values[name]] for name in gone if name in saved.values},
            {name: [loaded.values[name]] for name in new if name in loaded.values},
            lambda _: EXACT,
        )
        for old, other in renamed.items():
            self.found(Verdict.DRIFT, f"variable {old!r} became {other!r}, its value is equal")
        for name in saved.names:
            match = renamed.get(name, name)
            if match not in loaded.names:
                # load_v1_in_v2 keeps reference variables inside the graph (TF2 has no object for
                # them): an Estimator's global_step under v1 behavior is one among resources.
                if name in saved.references and not shows_references:
                    self.missed.append(f"variable {name!r}")
                else:
                    self.found(Verdict.DIFFERS, f"variable {name!r} is missing")
            elif name not in saved.values or match not in loaded.values or name in saved.renewed:
                why = " (loading sets it anew each time)" if name in saved.renewed else ""
                self.missed.append(f"value of variable {name!r}{why}")
            else:
                one, other_value = saved.values[name], loaded.values[match]
                alike = self.values(f"variable {name!r}", one, other_value, exact=True)
                if alike and one.dtype != other_value.dtype:
                    self.found(
                        Verdict.DRIFT,
                        f"variable {name!r} was {one.dtype} and is {other_value.dtype},"
                        " its value is equal",
                    )
        more = sorted(set(new) - set(renamed.values()))
        if more:
            self.found(Verdict.DRIFT, f"there are new variables: {_names(more)}")

    def values(
        self,
        what: str,
        saved: Tensor,
        loaded: Tensor,
        *,
        exact: bool = False,
        sides: tuple[str, str] = ("saved", "loaded"),
        rounding: float = 0.0,
    ) -> bool:
        """Compare two tensors' shapes and values; False where it found a difference.

        A difference that is no larger than what ``rounding`` makes likely is told as such, see
        ``ROUNDING``; it is one all the same.
        """
        if saved.value.shape != loaded.value.shape:
            self.found(
                Verdict.DIFFERS,
                f"{what}: {sides[0]} was {tensor_text(saved)}, {sides[1]} {tensor_text(loaded)}",
            )
            return False
        limit = EXACT if exact else _limit(saved, loaded, self.tolerances)
        difference = compare(saved, loaded, limit)
        self._errors(difference)
        if not exact:
            self.tensors += 1
            self.elements += difference.elements
        if difference.equal:
            return True
        text = explain(what, difference, (saved.dtype, loaded.dtype), limit, sides)
        if 0 < (difference.max_abs_error or 0.0) <= ROUNDING * rounding:
            text += (
                "\n  rounding: the last bit of the inputs alone moved this output by"
                f" {rounding:.3g} where it was recorded"
            )
        self.findings.append((Verdict.DIFFERS, text))
        self.changes.append(Change(Part.VALUE, text))
        return False

    def _errors(self, difference: Difference) -> None:
        if difference.max_abs_error is not None:
            self.abs_errors.append(difference.max_abs_error)
        if difference.max_rel_error is not None:
            self.rel_errors.append(difference.max_rel_error)


def _limit(saved: Tensor, loaded: Tensor, tolerances: Tolerances) -> Limit:
    return limit_of(saved.dtype, tolerances).coarser(limit_of(loaded.dtype, tolerances))


def _renamed(
    saved: Sequence[Mapping[str, Tensor]],
    loaded: Sequence[Mapping[str, Tensor]],
    tolerances: Tolerances,
) -> dict[str, str]:
    """Which missing output came back under which new name, by its values in every example."""
    if not saved:
        return {}
    old_names, new_names = set.intersection(*map(set, saved)), set.intersection(*map(set, loaded))
    gone = {name: [outputs[name] for outputs in saved] for name in sorted(old_names - new_names)}
    new = {name: [outputs[name] for outputs in loaded] for name in sorted(new_names - old_names)}
    return matched(gone, new, lambda tensor: limit_of(tensor.dtype, tolerances))


def matched(
    gone: Mapping[str, Sequence[Tensor]],
    new: Mapping[str, Sequence[Tensor]],
    limit: Callable[[Tensor], Limit],
) -> dict[str, str]:
    """Pair names whose tensors are equal in dtype, shape and values, each name once."""
    free = dict(new)
    pairs = {}
    for old, tensors in gone.items():
        for name, others in free.items():
            if all(
                one.dtype == other.dtype
                and one.value.shape == other.value.shape
                and compare(one, other, limit(one)).equal
                for one, other in zip(tensors, others, strict=True)
            ):
                pairs[old] = name
                del free[name]
                break
    return pairs


def _instead(names: set[str]) -> str:
    return f"; there is {_names(names)}, with other values" if names else ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))
