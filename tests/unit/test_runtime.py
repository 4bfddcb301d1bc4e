"""How runtimes are spelled, and what follows from a spelling."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, parse_runtime
from pytest_tfroundtrip.errors import UnknownRuntime, UsageProblem
from pytest_tfroundtrip.vocabulary import Behavior

ROOT = Path("/project")


def own(name: str = "prod", **table: Any) -> dict[str, OwnRuntime]:
    return {name: OwnRuntime.parse(name, {"tensorflow": "2.15.0", **table}, ROOT)}


@pytest.mark.parametrize(
    ("name", "behavior", "keras", "environment", "process"),
    [
        ("1.15", "v1", 2, "1.15", "1.15"),
        ("1.15+v2", "v2", 2, "1.15", "1.15"),
        ("2.15", "v2", 2, "2.15", "2.15"),
        ("2.21", "v2", 3, "2.21", "2.21"),
        ("2.21+v1", "v1", 3, "2.21", "2.21"),
        ("2.21+tf_keras", "v2", 2, "2.21", "2.21+tf_keras"),
        ("2.21+v1+tf_keras", "v1", 2, "2.21", "2.21+tf_keras"),
        ("1.15+hub0.6", "v1", 2, "1.15+hub0.6", "1.15+hub0.6"),
        ("2.21+v1+tf_keras+hub0.15", "v1", 2, "2.21+hub0.15", "2.21+tf_keras+hub0.15"),
    ],
)
def test_a_name_says_it_all(
    name: str, behavior: str, keras: int, environment: str, process: str
) -> None:
    runtime = parse_runtime(name)
    assert (runtime.name, str(runtime)) == (name, name)
    assert runtime.effective_behavior is Behavior(behavior)
    assert runtime.keras == keras
    assert (runtime.environment, runtime.process) == (environment, process)
    legacy = runtime.process_env.get("TF_USE_LEGACY_KERAS")
    assert legacy == ("1" if "tf_keras" in name else None)


def test_runtimes_are_values() -> None:
    assert parse_runtime("2.21+v1") == parse_runtime("2.21+v1")
    assert len({parse_runtime("2.21"), parse_runtime("2.21"), parse_runtime("2.21+v1")}) == 2


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("2.51", "Did you mean 2.21?"),
        ("1.14", "Did you mean 1.15?"),
        ("2.22+v1", "Did you mean 2.21+v1?"),
        ("3.0", "Did you mean 2.21?"),
        ("2.15.1", "2.15.1 is the release 2.15: say 2.15."),
        ("2.15.1+v1", "say 2.15+v1."),
        ("2.15.0", "The release 2.15 is TensorFlow 2.15.1 here"),
        ("latest", "Releases: 1.15 to 2.21"),
        ("2.21+tf_keras+v1", "it is spelled 2.21+v1+tf_keras"),
        ("1.15+hub0.6+v2", "it is spelled 1.15+v2+hub0.6"),
        ("2.21+v3", "no suffix +v3"),
        ("2.21+tfkeras", "Did you mean +tf_keras?"),
        ("2.21+v1+v2", "+v2 excludes another suffix of its kind"),
        ("2.21+", "no suffix +"),
        ("2.15+tf_keras", "has Keras 2 anyway"),
        ("1.15+v1", "has the behavior v1 by itself: say 1.15"),
        ("2.15+v2+hub0.12", "say 2.15+hub0.12"),
        ("1.15+hub0.12", "tensorflow-hub 0.12.0 is what it has anyway: say 1.15"),
        ("2.15+hub0.12.0", "no suffix +hub0.12.0"),
        ("", "unknown runtime ''"),
    ],
)
def test_what_is_no_runtime_is_told_with_what_was_meant(name: str, says: str) -> None:
    with pytest.raises(UnknownRuntime) as caught:
        parse_runtime(name)
    assert says in str(caught.value)


def test_an_own_runtime_is_named_like_a_release() -> None:
    table = own(python="envs/prod/bin/python", imports=["ops"], env={"B": "2", "A": "1"})
    runtime = parse_runtime("prod+v1", table)
    assert runtime.own is table["prod"]
    assert (runtime.environment, str(runtime.version)) == ("prod", "2.15.0")
    assert runtime.effective_behavior is Behavior.V1
    assert runtime.own.python == "/project/envs/prod/bin/python"
    assert runtime.process_env["A"] == "1"
    with pytest.raises(UnknownRuntime, match=r"Did you mean prod\?.*Your own: prod"):
        parse_runtime("prodd", table)


def test_an_own_runtime_may_be_newer_than_the_catalogue() -> None:
    table = {"next": OwnRuntime.parse("next", {"tensorflow": "2.23.0", "python": "py"}, ROOT)}
    runtime = parse_runtime("next+tf_keras", table)
    assert (runtime.release.name, runtime.release.keras_major) == ("2.23", 3)


def test_a_command_is_looked_up_on_path_and_a_path_is_relative_to_the_project() -> None:
    assert own(python="python3.11")["prod"].python == "python3.11"
    assert own(python="/opt/bin/python")["prod"].python == "/opt/bin/python"


def test_hub_of_an_own_runtime_goes_into_its_requirements() -> None:
    with pytest.raises(UnknownRuntime, match=r"tensorflow-hub==0\.6\.\* into its requirements"):
        parse_runtime("prod+hub0.6", own())


@pytest.mark.parametrize(
    ("name", "table", "says"),
    [
        ("prod", {"python": "p"}, "tensorflow is missing"),
        ("prod", {"tensorflow": "2.15"}, "a full version such as \"2.15.1\", not '2.15'"),
        ("prod", {"tensorflow": 2.15}, "a full version"),
        ("prod", {"tensorflow": "2.15.1", "pyhton": "p"}, "Did you mean 'python'?"),
        ("prod", {"tensorflow": "2.15.1", "python": "p", "image": "i"}, "exclude each other"),
        ("prod", {"tensorflow": "2.15.1", "python": 3.11}, "python has to be a string"),
        ("prod", {"tensorflow": "2.15.1", "imports": "ops"}, "imports has to be a list"),
        ("prod", {"tensorflow": "2.15.1", "env": {"A": 1}}, "env has to be a table of strings"),
        ("prod", "2.15.1", "a runtime is a table"),
        ("2.15", {"tensorflow": "2.15.1"}, "the name reads as a runtime of the catalogue"),
        ("2.99", {"tensorflow": "2.15.1"}, "the name reads as a runtime of the catalogue"),
        ("a+v1", {"tensorflow": "2.15.1"}, "the name reads as a runtime of the catalogue"),
        ("all", {"tensorflow": "2.15.1"}, "the name reads as a runtime of the catalogue"),
        ("my env", {"tensorflow": "2.15.1"}, "letters, digits, - and _"),
    ],
)
def test_a_wrong_table_is_named(name: str, table: Any, says: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        OwnRuntime.parse(name, table, ROOT)
    assert says in str(caught.value)
    assert f"[tool.tf_roundtrip.runtime.{name}]" in str(caught.value)


def test_tensorflows_chatter_is_left_out_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert parse_runtime("2.15").process_env["TF_CPP_MIN_LOG_LEVEL"] == "1"
    monkeypatch.setenv("TF_ROUNDTRIP_LOG_LEVEL", "0")
    assert parse_runtime("2.15").process_env["TF_CPP_MIN_LOG_LEVEL"] == "0"
    monkeypatch.setenv("TF_ROUNDTRIP_LOG_LEVEL", "loud")
    assert parse_runtime("2.15").process_env["TF_CPP_MIN_LOG_LEVEL"] == "1"


def test_collection_pays_for_no_heavy_import() -> None:
    program = (
        "import sys; import pytest_tfroundtrip.catalogue.runtime;"
        "print(*sorted({'numpy', 'uv', 'asyncio', 'subprocess'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
