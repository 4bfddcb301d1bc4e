"""The verdict on a cell whose steps all went well: ``same``, ``drift`` or ``differs``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_tfroundtrip.judge import contract as contracts
from pytest_tfroundtrip.judge.bench import Bench, Judgement, matched
from pytest_tfroundtrip.judge.tolerances import EXACT
from pytest_tfroundtrip.vocabulary import PARTS, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_tfroundtrip.agent.wire import Tensor
    from pytest_tfroundtrip.catalogue.apis import Api
    from pytest_tfroundtrip.cells import Tolerances
    from pytest_tfroundtrip.judge.records import Observed, Record


def judge_inference(
    record: Record, observed: Observed, api: Api, tolerances: Tolerances
) -> Judgement:
    """Hold what a loader gave against the artifact's record.

    Every way of calling the loaded model (its signature, its restored ``__call__``, Keras'
    ``predict_on_batch``) is held against the outputs that the saving process computed; then the
    variables, bit by bit, because restoring computes nothing; then the contract. Missing outputs,
    other shapes and other values are ``differs``. Where only names or dtypes of outputs, or parts
    of the contract changed, it is ``drift``: an output that came back under another name is
    recognised by its values.

    Of a model that gives other values each time, only names, dtypes and ranks of outputs are
    compared; of one that nobody knows how to call, the contract and the variables.

    What the loader cannot show is not held against it but named in ``not_compared``: parts that
    are not in its ``shows``, parts that it showed nothing of for this artifact (the empty
    collections of a TF2 SavedModel in a Session; reference variables in TF2), and a restored
    ``__call__`` that a TF2 loader did not call though the record says there is one.

    Args:
        record: of the artifact, see :func:`~pytest_tfroundtrip.judge.records.read_record`.
        observed: of the load, see :func:`~pytest_tfroundtrip.judge.records.read_observed`.
        api: the loader.
        tolerances: what the user asked for.
    """
    bench = Bench(tolerances, rounding=record.rounding)
    bench.structure(record, observed)
    for call in observed.calls:
        saved, loaded = [], []
        for example, outputs in zip(record.examples, observed.outputs, strict=False):
            if call in outputs:
                saved.append(example.outputs)
                loaded.append(outputs[call])
        if record.unsteady:
            bench.forms(f"call {call!r}", saved, loaded)
        else:
            bench.outputs(f"call {call!r}", saved, loaded)
    if record.callable and api.generation == "TF2" and "call" not in observed.calls:
        bench.missed.append("restored __call__")
    contract = contracts.changes(record.contract, observed.contract, api.shows, record.signature)
    bench.missed[:0] = contract.not_compared
    bench.variables(
        record.variables,
        observed.variables if "variables" in api.shows else None,
        shows_references=api.generation == "TF1",
    )
    for change in contract.changes:
        bench.found(Verdict.DRIFT, change.sentence)
    return replace(bench.judgement(), changes=contract.changes)


def judge_fine_tuning(record: Record, observed: Observed, tolerances: Tolerances) -> Judgement:
    """Hold a loaded model's training step against the same step in the saving process.

    One step of gradient descent on the first example, see ``agent/training.py``: every variable
    that was trained then has to have the same value now, and so have the outputs. Numbers may be
    as far apart as outputs may: a gradient is computed.
    """
    bench = Bench(tolerances)
    trained, seen = record.trained, observed.variables
    if trained is None or not trained.variables:
        bench.found(Verdict.DIFFERS, "the record holds no training step: nothing to compare with")
        return bench.judgement()
    for name in sorted(trained.variables):
        if seen is None or name not in seen.values:
            bench.found(Verdict.DIFFERS, f"variable {name!r} was not trained: it is not there")
        else:
            bench.values(
                f"variable {name!r} after a step", trained.variables[name], seen.values[name]
            )
    for call in observed.calls:
        outputs = observed.outputs[0].get(call, {}) if observed.outputs else {}
        bench.outputs(f"after a step by {call!r}", [trained.outputs], [outputs])
    return bench.judgement()


def judge_creation(record: Record, tolerances: Tolerances) -> Judgement:
    """Hold a fresh artifact against itself and, where the model brings one, against its oracle.

    The saving process' outputs are compared with ``expected`` (values; whether an oracle in NumPy
    has TensorFlow's dtypes is no matter), and the contract that was written with what was fed and
    computed: the signature must be there, with these inputs and outputs, of these dtypes and ranks.
    Without an oracle "values" are named as not compared.
    """
    bench = Bench(tolerances)
    if not any(example.outputs for example in record.examples):
        bench.found(Verdict.DIFFERS, "the saving process recorded no outputs: nothing to compare")
    judged = [example for example in record.examples if example.expected is not None]
    if judged:
        bench.oracle(
            [example.expected or {} for example in judged], [example.outputs for example in judged]
        )
    else:
        bench.missed.append("values (the model has no expected())")
    for change in [*_own_names(record), *_own_contract(record, bench.missed)]:
        bench.found(Verdict.DRIFT, change)
    return bench.judgement()


def judge_resave(old: Record, new: Record, tolerances: Tolerances) -> Judgement:
    """Hold the contract of what was loaded and saved again against that of the first file.

    And every variable must be stored in the new file, under whatever name: TensorFlow leaves some
    out without a word. Nothing is computed in between: what comes out is for those to tell who read
    the result, and named as not compared.
    """
    bench = Bench(tolerances)
    shows = set(PARTS)
    contract = contracts.changes(old.contract, new.contract, shows, old.signature)
    bench.missed[:0] = [*contract.not_compared, "values"]
    for change in contract.changes:
        bench.found(Verdict.DRIFT, change.sentence, change.part)
    if old.variables is not None and new.resaved is not None:
        stored = {name: [tensor] for name, tensor in new.resaved.items()}
        saved = {name: [tensor] for name, tensor in old.variables.values.items()}
        there = matched(saved, stored, lambda _: EXACT)
        for name in sorted(set(saved) - set(there)):
            bench.found(Verdict.DIFFERS, f"variable {name!r} is not in what was saved again")
    return replace(bench.judgement(shown_at_most=1000), changes=contract.changes)


def _own_names(record: Record) -> list[str]:
    """Which inputs and outputs the saver wrote under other names than the model's."""
    where = f"signature {record.signature!r}: "
    return [
        f"{where}{what} {own!r} of the model was written as {written!r}"
        for what, names in (("input", record.renamed_inputs), ("output", record.renamed_outputs))
        for own, written in sorted(names.items())
    ]


def _own_contract(record: Record, missed: list[str]) -> list[str]:
    """What the written contract says otherwise than the values that were fed and computed."""
    signatures = record.contract.signatures if record.contract else None
    if signatures is None or record.signature is None:
        missed.append("contract")
        return []
    written = signatures.get(record.signature)
    if written is None:
        keys = ", ".join(repr(key) for key in sorted(signatures)) or "none"
        return [f"signature {record.signature!r} is missing in what was written; there are: {keys}"]
    told: dict[str, None] = {}  # each sentence once, in order
    for example in record.examples:
        for what, specs, tensors in (
            ("input", written.inputs, example.inputs),
            ("output", written.outputs, example.outputs),
        ):
            for change in _spec_changes(record.signature, what, specs or {}, tensors):
                told[change] = None
    return list(told)


def _spec_changes(
    key: str, what: str, specs: Mapping[str, contracts.Spec], tensors: Mapping[str, Tensor]
) -> list[str]:
    where = f"signature {key!r}: {what}"
    used = "fed" if what == "input" else "computed"
    sentences = [f"{where} {name!r} was not {used}" for name in sorted(set(specs) - set(tensors))]
    for name, tensor in sorted(tensors.items()):
        spec = specs.get(name)
        if spec is None:
            sentences.append(f"{where} {name!r} is missing in what was written")
            continue
        if spec.dtype not in (None, tensor.dtype):
            sentences.append(
                f"{where} {name!r} is written as {spec.dtype}, {used} was {tensor.dtype}"
            )
        if spec.rank not in (None, tensor.value.ndim):
            sentences.append(
                f"{where} {name!r} is written with rank {spec.rank},"
                f" {used} was rank {tensor.value.ndim}"
            )
    return sentences
