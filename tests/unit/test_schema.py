"""What a data file of savers and loaders may say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from extension import LOADER, SAVER

from pytest_tfroundtrip.catalogue.schema import KEYS, read_apis
from pytest_tfroundtrip.errors import UsageProblem

ADDING = Path(__file__).parents[2] / "docs" / "adding.md"


def complaint(tmp_path: Path, text: str) -> str:
    file = tmp_path / "acme.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblem) as raised:
        read_apis(file)
    assert str(file) in str(raised.value)
    return str(raised.value)


def without(entry: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != key}


def test_what_is_in_form_is_read_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    variant = {"variants": {"fast": {"says": "faster", "releases": ">=2.3"}}}
    file.write_text(json.dumps({"savers": {"acme": {**SAVER, **variant}}}), encoding="utf-8")
    assert read_apis(file) == {"savers": {"acme": {**SAVER, **variant}}, "loaders": {}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no data file of savers and loaders can be read there: Expecting"),
        ("[]", "an object with the tables savers and loaders was expected"),
        ('{"savers": []}', "an object with the tables savers and loaders was expected"),
        ("{}", "there is neither a saver nor a loader in it"),
        ('{"saver": {}}', "unknown key 'saver'. Did you mean 'savers'?"),
        ('{"savers": {"a": {}, "a": {}}}', "'a' stands there twice"),
        ('{"savers": {"a": 1}}', "saver 'a': a table was expected, not 1"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str, says: str) -> None:
    assert says in complaint(tmp_path, text)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageProblem, match=r"acme\.json: no data file .* can be read there"):
        read_apis(file)


@pytest.mark.parametrize("key", ["calls", "generation", "releases", "writes"])
def test_what_a_saver_lacks_is_named(tmp_path: Path, key: str) -> None:
    text = json.dumps({"savers": {"acme": without(SAVER, key)}})
    assert f"saver 'acme' lacks {key}" in complaint(tmp_path, text)


@pytest.mark.parametrize("key", ["calls", "generation", "releases", "reads", "operations"])
def test_what_a_loader_lacks_is_named(tmp_path: Path, key: str) -> None:
    text = json.dumps({"loaders": {"acme": without(LOADER, key)}})
    assert f"loader 'acme' lacks {key}" in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"defualt": True}, "unknown key 'defualt'. Did you mean 'default'?"),
        ({"reads": ["saved_model"]}, "unknown key 'reads'"),
        ({"generation": "TF3"}, "generation is 'TF3'; one of TF1, TF2, keras was expected"),
        ({"writes": "onnx"}, "writes is 'onnx'; one of saved_model, meta_graph, graph_def"),
        ({"releases": "==2.15"}, "releases is '==2.15'; a text like"),
        ({"releases": ">=2.15.1"}, "releases is '>=2.15.1'; a text like"),
        ({"hub": "0.12"}, "hub is '0.12'; a text like"),
        ({"default": "yes"}, "default is 'yes'; true or false was expected"),
        ({"keras": [True]}, "keras is [True]; a list of Keras' major versions"),
        ({"keras": "2"}, "keras is '2'; a list of Keras' major versions"),
        ({"needs": "tf.Module"}, "needs is 'tf.Module'; a list of symbols was expected"),
        ({"behaviors": ["v3"]}, "behaviors is ['v3']; a list of v1, v2 was expected"),
        ({"behaviors": [["v1"]]}, "behaviors is [['v1']]; a list of v1, v2 was expected"),
        ({"calls": " "}, "calls is ' '; the symbol that people call was expected"),
        ({"variants": {}}, "variants is {}; a table of tables was expected"),
        ({"variants": {"fast": 1}}, "variant 'fast': a table was expected"),
        ({"variants": {"a.b": {}}}, "variant 'a.b': a name has lower-case letters"),
        ({"variants": {"a": {"default": True}}}, "variant 'a' has the unknown key 'default'"),
        ({"variants": {"a": {"needs": ["tf"]}}}, "variant 'a' has the unknown key 'needs'"),
    ],
)
def test_what_a_saver_cannot_be_is_named(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    said = complaint(tmp_path, json.dumps({"savers": {"acme": {**SAVER, **more}}}))
    assert says in said
    assert "saver 'acme'" in said


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"operations": ["creation"]}, "operations is ['creation']; a list of inference"),
        ({"shows": ["weights"]}, "shows is ['weights']; a list of tags, signature_keys"),
        ({"reads": []}, "reads is []; a list of saved_model, meta_graph, graph_def"),
        ({"batched": True}, "unknown key 'batched'"),
    ],
)
def test_what_a_loader_cannot_be_is_named(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    said = complaint(tmp_path, json.dumps({"loaders": {"acme": {**LOADER, **more}}}))
    assert says in said
    assert "loader 'acme'" in said


@pytest.mark.parametrize("name", ["all", "Acme", "acme.export", "acme export", "2x", "", "acme\n"])
def test_a_name_has_to_fit_into_ids_and_options(tmp_path: Path, name: str) -> None:
    said = complaint(tmp_path, json.dumps({"savers": {name: SAVER}}))
    assert f"saver {name!r}: a name has lower-case letters, digits and underscores only" in said


def test_every_key_is_explained() -> None:
    table = ADDING.read_text(encoding="utf-8").partition("## The data file")[2]
    explained = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE))
    whose = {("savers", "loaders"): "both", ("savers",): "saver", ("loaders",): "loader"}
    assert explained == {name: whose[key.kinds] for name, key in KEYS.items()}
