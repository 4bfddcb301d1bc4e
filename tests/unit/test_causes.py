from __future__ import annotations

import json
import re
import string
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from known_cells import known_cell

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.causes import Cause, applying, causes, diagnose, possible
from pytest_tfroundtrip.index import any_matches
from pytest_tfroundtrip.observation import FileFault, Observation, from_json
from pytest_tfroundtrip.savedmodel.faults import fault, messages_of
from pytest_tfroundtrip.vocabulary import Operation, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_tfroundtrip.catalogue.apis import Api
    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.selectors import Selector

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
DEBUG_NAME = (
    "NodeDef mentions attr 'debug_name' not in Op<name=VarHandleOp; signature= ->"
    ' resource:resource; attr=container:string,default="">; NodeDef: {{node w}}'
)
MESSAGES = tomllib.loads(
    Path(__file__).with_name("data").joinpath("messages.toml").read_text(encoding="utf-8")
)
COPY_ON_READ = "Op type not registered 'DisableCopyOnRead' in binary running on host. Make sure"

#: Releases on both sides of every boundary that causes.toml knows, and their behaviors.
RUNTIMES = [
    *("1.15", "1.15+v2", "2.0", "2.1", "2.1+v1", "2.3", "2.3+v1", "2.4", "2.5", "2.5+v1", "2.8"),
    *("2.9", "2.10", "2.12", "2.15", "2.15+v1", "2.16+tf_keras", "2.21", "2.21+v1"),
]


def _ids(known: tuple[Cause, ...]) -> set[str]:
    return {cause.id for cause in known}


# The data


@pytest.mark.parametrize("cause", causes(), ids=lambda cause: cause.id)
def test_a_cause_says_why_and_what_to_do(cause: Cause) -> None:
    assert cause.messages
    assert cause.sentence.endswith(".")
    assert cause.remedy.endswith(".")
    assert cause.range
    assert cause.thread.startswith("https://")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", cause.id)


@pytest.mark.parametrize("cause", causes(), ids=lambda cause: cause.id)
def test_every_name_in_a_sentence_has_a_default(cause: Cause) -> None:
    texts = cause.sentence + cause.remedy
    named = {name for _, name, _, _ in string.Formatter().parse(texts) if name}
    assert named <= set(cause.defaults or {})
    assert "{" not in cause.says().replace("{...}", "")
    assert cause.advises()


@pytest.mark.parametrize("cause", causes(), ids=lambda cause: cause.id)
def test_code_of_a_remedy_is_what_a_test_runs(cause: Cause) -> None:
    assert bool(cause.code()) == bool(cause.tried)
    assert all((ROOT / file).is_file() for file in cause.tried)
    assert "`" not in "".join(cause.code())
    assert len(cause.code()) * 2 == cause.remedy.count("`")


def test_every_scene_is_of_a_cause_and_every_remedy_that_one_tries_has_a_scene() -> None:
    scenes = set()
    for file in (ROOT / "tests" / "remedies").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        scenes |= set(re.findall(r'^@scene\("([^"]+)"', text, re.MULTILINE))
    tried = {cause.id for cause in causes() if "tests/integration/test_remedies.py" in cause.tried}
    assert len(scenes) > 50
    assert tried <= scenes <= {cause.id for cause in causes()}


@pytest.mark.parametrize("cause", causes(), ids=lambda cause: cause.id)
def test_threads_are_public_addresses_each_once(cause: Cause) -> None:
    threads = (cause.thread, *cause.reports)
    assert all(each.startswith("https://") for each in threads)
    assert len(set(threads)) == len(threads)


def _cells_of(selector: Selector, operation: Operation) -> Iterator[Cell]:
    """The cells that a selector may speak of: of the APIs that it names, else of the usual ones."""
    savers = _named(selector.save, apis().savers)
    loaders = _named(selector.load, apis().loaders)
    resaves = operation is Operation.RESAVE
    for saver, saved, variables in product(savers, RUNTIMES, (True, False)):
        if operation is Operation.CREATION:
            yield known_cell(f"{saver}@{saved}", variables=variables)
            continue
        resaver = apis().resaver.name
        for loader, loaded in product([resaver] if resaves else loaders, RUNTIMES):
            spelling = f"{saver}@{saved} -> {loader}@{loaded}"
            cell = known_cell(spelling, variables=variables, operation=operation)
            again = replace(cell.save, resaved=cell.load_runtime)
            yield replace(cell, save=again) if selector.resaved else cell


def _named(names: Iterable[str], among: Mapping[str, Api]) -> list[str]:
    chosen = [name for name, api in among.items() if {name, api.base} & set(names)]
    return chosen or [name for name, api in among.items() if api.default]


@pytest.mark.parametrize(
    "cause", [cause for cause in causes() if cause.applies], ids=lambda cause: cause.id
)
def test_every_selector_of_a_cause_speaks_of_some_cell(cause: Cause) -> None:
    told = {word for selector in cause.applies for word in selector.operation}
    operation = Operation(min(told)) if told else Operation.INFERENCE
    for selector in cause.applies + cause.spares:
        assert any(any_matches((selector,), cell) for cell in _cells_of(selector, operation)), (
            selector
        )


# Where they are known to strike


@pytest.mark.parametrize(
    ("spelling", "known"),
    [
        # the boundaries of DisableCopyOnRead
        ("tf_module@2.12 -> tf2_load@2.9", {"disable-copy-on-read"}),
        ("tf_module@2.11 -> tf2_load@2.9", set()),
        ("tf_module@2.12 -> tf2_load@2.10", set()),
        ("builder@2.12 -> tf1_load@1.15", set()),
        # those of debug_name, which only the main graph has
        ("builder@2.15 -> tf1_load@2.4", {"debug-name-attr"}),
        ("builder@2.14 -> tf1_load@2.4", set()),
        ("builder@2.15 -> tf1_load@2.5", set()),
        ("builder.resource@2.21+v1 -> tf1_load@1.15", {"debug-name-attr"}),
        ("builder.ref@2.21 -> tf1_load@1.15", set()),
        ("tf_module@2.15 -> tf1_load@2.4", {"debug-name-attr", "disable-copy-on-read"}),
        ("tf_module@2.15 -> tf1_load@2.5", {"disable-copy-on-read"}),
        ("tf_module@2.15 -> tf2_load@2.4", {"disable-copy-on-read"}),
        ("builder@2.15 -> keras_load@2.3", {"debug-name-attr"}),
        ("builder@2.15 -> keras_load@2.4", set()),  # it finds no layers first
        # Keras' metadata
        ("keras@2.6 -> keras_load@2.5", {"keras-metadata-json"}),
        ("keras@2.5 -> keras_load@2.4", set()),
        ("keras@2.6 -> keras_load@2.6", set()),
        ("keras@2.15 -> keras_load@2.5", {"disable-copy-on-read"}),
        ("keras@2.15 -> keras_load@2.4", {"keras-metadata-json"}),
        ("keras@2.15 -> keras_load@2.9", {"disable-copy-on-read"}),
        ("keras@2.5 -> keras_load@1.15", {"keras-functional-unknown"}),
        # Keras 3
        ("keras@2.21", {"keras3-saves-no-savedmodel"}),
        ("keras@2.21+tf_keras", set()),
        ("keras@2.15 -> keras_load@2.16", {"keras3-loads-no-savedmodel"}),
        ("keras@2.15 -> keras_load@2.16+tf_keras", set()),
        # reference variables in graph mode
        ("builder@1.15 -> tf2_load@2.21+v1", {"uninitialized-ref-in-graph-mode"}),
        ("builder@1.15 -> tf2_load@2.4+v1", set()),
        ("builder@1.15 -> tf2_load@2.21", set()),
        ("builder@1.15+v2 -> tf2_load@2.21+v1", set()),
        ("builder.resource@1.15 -> tf2_load@2.21+v1", set()),
        ("builder.ref@2.21 -> tf2_load@2.21+v1", {"uninitialized-ref-in-graph-mode"}),
        ("builder@2.21+v1 -> tf2_load@2.21+v1", set()),
        ("estimator@1.15 -> tf2_load@1.15", {"uninitialized-ref-in-graph-mode"}),
        ("estimator@1.15 -> tf2_load@2.3+v1", set()),
        ("estimator@1.15 -> tf1_load@1.15", set()),
    ],
)
def test_where_a_cause_strikes_a_model_with_variables(spelling: str, known: set[str]) -> None:
    assert _ids(applying(known_cell(spelling))) == known


@pytest.mark.parametrize(
    ("spelling", "known"),
    [
        ("tf_module@2.21 -> tf2_load@1.15", set()),
        ("builder@2.21 -> tf1_load@1.15", set()),
        ("estimator@2.15 -> tf1_load@1.15", {"debug-name-attr"}),  # its own global_step
        ("estimator@2.15+v1 -> tf1_load@1.15", set()),  # which is a reference variable there
        ("estimator@1.15 -> tf2_load@1.15", set()),  # and nobody reads it
        ("keras@2.15 -> keras_load@1.15", {"keras-metadata-json"}),
        ("keras@2.21", {"keras3-saves-no-savedmodel"}),
    ],
)
def test_where_a_cause_strikes_a_model_without_variables(spelling: str, known: set[str]) -> None:
    assert _ids(applying(known_cell(spelling, variables=False))) == known


def test_a_model_that_does_not_say_may_have_variables_or_not() -> None:
    cell = known_cell("keras@2.15 -> keras_load@2.5", variables=None)
    assert applying(cell) == ()
    assert _ids(possible(cell)) == {"disable-copy-on-read", "keras-metadata-json"}


def test_what_strikes_with_and_without_variables_needs_no_word_of_the_model() -> None:
    cell = known_cell("keras@2.15 -> keras_load@2.4", variables=None)
    assert _ids(applying(cell)) == {"keras-metadata-json"}


def test_what_is_possible_is_what_applies_where_the_model_says_so() -> None:
    cell = known_cell("keras@2.15 -> keras_load@2.5", variables=False)
    assert possible(cell) == applying(cell)


# Recognising them


@pytest.mark.parametrize("entry", MESSAGES["message"], ids=lambda entry: entry["cause"])
def test_every_wording_is_recognised(entry: Mapping[str, str]) -> None:
    seen = Observation(
        Verdict(entry.get("verdict", Verdict.REFUSED)),
        Stage(entry["stage"]) if "stage" in entry else None,
        message=entry["text"],
    )
    cell = known_cell(entry.get("cell", "builder@2.21 -> tf1_load@2.15"))
    found = diagnose(seen, cell)
    assert found is not None
    assert found.cause.id == entry["cause"]


def _refused(message: str, traceback: str = "") -> Observation:
    return Observation(Verdict.REFUSED, message=message, traceback=traceback)


CELL = known_cell("builder@2.21 -> tf1_load@2.15")


def test_the_message_fills_in_the_names() -> None:
    found = diagnose(_refused("Op type not registered 'BrandNewOp' in binary"), CELL)
    assert found is not None
    assert "the op BrandNewOp" in found.sentence
    assert "{" not in found.sentence + found.remedy


def test_a_reason_that_stands_only_in_the_traceback_is_found() -> None:
    found = diagnose(_refused("in user code: something", f"NotFoundError: {COPY_ON_READ}"), CELL)
    assert found is not None
    assert found.cause.id == "disable-copy-on-read"


def test_what_the_message_says_comes_before_the_traceback() -> None:
    found = diagnose(_refused(DEBUG_NAME, COPY_ON_READ), CELL)
    assert found is not None
    assert found.cause.id == "debug-name-attr"


def test_a_cause_that_strikes_the_cell_comes_before_a_general_one() -> None:
    both = f"No module named 'pkg_resources'; {DEBUG_NAME}; {COPY_ON_READ}"
    here = known_cell("tf_module@2.12 -> tf2_load@2.9")
    found = diagnose(_refused(both), here)
    assert found is not None
    assert found.cause.id == "disable-copy-on-read"


def test_the_exceptions_class_is_no_evidence() -> None:
    told = Observation(Verdict.REFUSED, exception="DisableCopyOnReadError", message="no")
    assert diagnose(told, CELL) is None


@pytest.mark.parametrize("verdict", [Verdict.SAME, Verdict.DIFFERS, Verdict.CRASHED])
def test_another_verdict_has_another_cause(verdict: Verdict) -> None:
    assert diagnose(Observation(verdict, message=COPY_ON_READ), CELL) is None


def test_another_stage_has_another_cause() -> None:
    told = Observation(Verdict.REFUSED, Stage.CALL, message="list index out of range")
    assert diagnose(told, CELL) is None


def test_a_load_without_artifact_names_the_environment_that_could_not_save() -> None:
    text = "this __dict__ descriptor does not support '_DictWrapper' objects"
    told = Observation(Verdict.UNSAVED, Stage.SAVE, message=text)
    found = diagnose(told, known_cell("tf_module@2.12 -> tf2_load@2.12"))
    assert found is not None
    assert found.cause.id == "wrapt-dict-wrapper"


def test_a_load_without_artifact_names_why_the_save_failed() -> None:
    told = Observation(
        Verdict.UNSAVED, Stage.SAVE, message="The `save_format` argument is deprecated in Keras 3."
    )
    found = diagnose(told, known_cell("keras@2.21 -> tf1_load@2.21"))
    assert found is not None
    assert found.cause.id == "keras3-saves-no-savedmodel"


@pytest.mark.parametrize("verdict", [Verdict.ENV_ERROR, Verdict.REFUSED])
def test_a_broken_environment_may_show_late(verdict: Verdict) -> None:
    found = diagnose(Observation(verdict, message="No module named 'pkg_resources'"), CELL)
    assert found is not None
    assert "setuptools<81" in found.remedy


@pytest.mark.parametrize(
    "message",
    [
        "signature 'serving_default': output 'y' became 'output_1'",
        "signature 'serving_default': input 'x' is missing\n... output 'output_1' is new",
    ],
)
def test_names_that_keras_gave_anew_are_a_drift(message: str) -> None:
    told = Observation(Verdict.DRIFT, Stage.COMPARE, message=message)
    found = diagnose(told, known_cell("keras@1.15 -> keras_load@1.15"))
    assert found is not None
    assert found.cause.id == "keras-names-lost"
    assert "such as output_1" in found.sentence


def test_what_nobody_knows_has_no_cause() -> None:
    assert diagnose(_refused("the dog ate it"), CELL) is None


def test_what_the_loader_noted_explains_numbers() -> None:
    cell = known_cell("tf_module@2.15 -> tfsm_layer@2.21", operation=Operation.FINE_TUNING)
    note = "trained by the signature, which is the model in inference mode; the step that was"
    seen = Observation(
        Verdict.DIFFERS, Stage.COMPARE, message="variable 'w' after a step", notes=(note,)
    )
    diagnosis = diagnose(seen, cell)
    assert diagnosis is not None
    assert diagnosis.cause.id == "trained-in-inference-mode"
    assert "through its signature" in diagnosis.sentence
    assert diagnose(replace(seen, verdict=Verdict.SAME), cell) is None


def _of_files(entry: str, path: str, **found: object) -> FileFault:
    it = fault(entry, path, **found)
    return FileFault(it.id, it.sentence, it.remedy, it.stops, messages_of(it))


LEFT_OUT = _of_files("variables-left-out", "/m/variables", count="2 variables")
SHARD = _of_files(
    "shard-missing", "/m/variables/variables.data-00000-of-00001", count="one shard", expected=8
)
ATTRIBUTE = "NodeDef mentions attr 'exponential_avg_factor' not in Op<name=FusedBatchNormV3;"


@pytest.mark.parametrize(
    "message",
    [
        "/m/variables/variables.data-00000-of-00001; No such file or directory",
        "The passed save_path is not a valid checkpoint: /m/variables/variables",
        "Graph execution error:\n\nRead less bytes than requested\n\t [[{{node RestoreV2}}]]",
        "the dog ate it",
    ],
)
def test_files_that_stop_tensorflow_are_the_cause_of_what_is_said_of_them(message: str) -> None:
    seen = replace(_refused(message, COPY_ON_READ), faults=(SHARD,))
    found = diagnose(seen, CELL)
    assert found is not None
    assert (found.cause.id, found.sentence, found.remedy) == (
        "shard-missing",
        SHARD.sentence,
        SHARD.remedy,
    )


def test_a_folder_that_is_not_there_is_no_file_that_the_graph_reads() -> None:
    """What a session of 1.15 says of ``variables/``, seen on a folder cloned without it."""
    left_out = _of_files("variables-left-out", "/m/variables", count="21 variables")
    seen = _refused("/m/variables; No such file or directory")
    found = diagnose(replace(seen, faults=(left_out,)), CELL)
    assert found is not None
    assert found.cause.id == "variables-left-out"
    elsewhere = diagnose(seen, CELL)
    assert elsewhere is not None
    assert elsewhere.cause.id == "file-left-behind"


def test_what_would_strike_whole_files_too_is_told_first_and_the_files_besides() -> None:
    found = diagnose(replace(_refused(ATTRIBUTE), faults=(SHARD,)), CELL)
    assert found is not None
    assert found.cause.id == "attr-not-in-op"
    assert "exponential_avg_factor" in found.sentence
    assert SHARD.sentence in found.sentence
    assert SHARD.remedy in found.remedy
    assert found.remedy != SHARD.remedy


OTHERS = _of_files("variable-not-stored", "/m/variables/variables.index", names="w")


@pytest.mark.parametrize(
    "message",
    [
        "Original error:\n\nKey w/.ATTRIBUTES/VARIABLE_VALUE not found in checkpoint\n\t [[node",
        "Some objects had attributes which were not restored: \n    <tf.Variable 'w:0'",
    ],
)
def test_files_that_may_do_are_the_cause_where_tensorflow_speaks_of_them(message: str) -> None:
    found = diagnose(replace(_refused(message), faults=(OTHERS,)), CELL)
    assert found is not None
    assert (found.cause.id, found.remedy) == ("variable-not-stored", OTHERS.remedy)
    assert diagnose(_refused(message), CELL) is None


def test_what_tf1_says_where_a_value_is_missing_is_no_saver_of_the_users() -> None:
    seen = replace(_refused("No variables to save"), stage=Stage.LOAD)
    found = diagnose(replace(seen, faults=(OTHERS,)), CELL)
    assert found is not None
    assert found.cause.id == "variable-not-stored"
    assert diagnose(seen, CELL) is None


def test_files_that_may_do_are_no_cause_of_anything_else() -> None:
    assert diagnose(replace(_refused("the dog ate it"), faults=(OTHERS,)), CELL) is None
    found = diagnose(replace(_refused(ATTRIBUTE), faults=(OTHERS,)), CELL)
    assert found is not None
    assert OTHERS.sentence not in found.sentence


def test_an_asset_that_is_missing_is_not_at_the_writers_path() -> None:
    asset = _of_files("asset-missing", "/m/assets/vocab")
    said = "{} No such file or directory\n\t [[node text_file_init/InitializeTableFromTextFileV2]]"
    own, elsewhere = (
        diagnose(replace(_refused(said.format(file)), faults=(asset,)), CELL)
        for file in ("/m/assets/vocab;", "/home/ann/vocab;")
    )
    assert own is not None
    assert elsewhere is not None
    assert (own.cause.id, elsewhere.cause.id) == ("asset-missing", "asset-at-the-writer-s-path")


@pytest.mark.parametrize("verdict", [Verdict.SAME, Verdict.DIFFERS, Verdict.ENV_ERROR])
def test_files_are_no_cause_of_what_loaded(verdict: Verdict) -> None:
    assert diagnose(Observation(verdict, message="x", faults=(SHARD,)), CELL) is None


def test_faults_come_over_a_socket_as_they_are() -> None:
    seen = Observation(Verdict.REFUSED, message="x", faults=(SHARD, OTHERS))
    assert from_json(json.loads(json.dumps(seen.to_json()))) == seen
