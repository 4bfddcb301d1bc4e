"""``docs/options.md``: everything that can be said to this project, from where the code has it."""

from __future__ import annotations

import argparse
import inspect
import sys
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip import baseline_file, limits, settings
from pytest_tfroundtrip.__main__ import COMMANDS
from pytest_tfroundtrip.catalogue import runtime
from pytest_tfroundtrip.catalogue.apis import APIS_FILE, Api, apis
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.schema import read_apis
from pytest_tfroundtrip.help import CELL_WORDS
from pytest_tfroundtrip.marks import KEYWORDS
from pytest_tfroundtrip.options import OPTIONS, VARIABLES, Option
from pytest_tfroundtrip.prose import prose_with_code
from pytest_tfroundtrip.roundtrip import Example, RoundTrip
from pytest_tfroundtrip.vocabulary import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_HEAD = """\
# Options, marks and commands

All that can be said, each with its default. This page is made from the
code that reads them: write there, then make it again with
`python -m pytest_tfroundtrip.options_page > docs/options.md`.
"""

_OPTIONS = """\
## Options of pytest

`--tf-roundtrip` turns round trips on, as `tf_roundtrip = true` in pytest's ini file does. Without
it a marked test is skipped, and the other options are an error on the command line.

Each has three names: `--tf-save-runtimes` on the command line, `tf_save_runtimes` in pytest's ini
file, `save_runtimes` in the table `[tool.tf_roundtrip]` of the rootdir's `pyproject.toml`. The
command line comes first, then the ini file, then the table. NAMES have commas or blanks between
them; in the table a list does as well.
"""

_RUNTIMES = """\
## Runtimes

`{grammar}`: a release from {oldest} to {newest}, then what differs from it, in this order.

| suffix | is | goes with |
| --- | --- | --- |
| `+v1` | `tf.compat.v1.disable_v2_behavior()`: graphs and sessions | TensorFlow 2 |
| `+v2` | `tf.compat.v1.enable_v2_behavior()`: eager | 1.15, which is graph mode by itself |
| `+tf_keras` | Keras 2 in place of Keras 3: `TF_USE_LEGACY_KERAS=1` | {keras_3} and later |
| `+hubX.Y` | another series of tensorflow-hub | what has such a release of it |
"""

_OWN = """\
### Runtimes of your own

A table `[tool.tf_roundtrip.runtime.NAME]` of `pyproject.toml`; NAME is then a runtime like
others, and takes `+v1`, `+v2` and `+tf_keras` as well. An example is in the
[README](../README.md#what-to-choose).
"""

_MARK = """\
## Marks

`@pytest.mark.tf_roundtrip("path.py:Class")` on a test that takes the fixture `roundtrip`: the
file is looked for beside the test's, then in the rootdir. What the mark says holds for its test,
and the command line narrows it. With `saved_model="DIR"` in place of the class, see [SavedModels
that are there already](folders.md).
"""

_CELL_MARK = """\
Each test of a cell has the mark `tf_cell` too, put on by the plugin, for `-m`; see
[choosing cells](matrix.md#choosing-cells). Its values are strings: `{words}`.
"""

_FIXTURES = """\
## Fixtures

`roundtrip` is the cell of a marked test, which is judged before the test's body runs:
"""

_EXAMPLE = """\
`roundtrip.examples` has for each batch {parts}: arrays by the model's own names.

`tf_case` is of this project's own tests of TensorFlow's sentences
(`pytest_tfroundtrip.statements`).
"""

_COMMANDS = """\
## Commands

`python -m pytest_tfroundtrip COMMAND`, or `pytest-tfroundtrip COMMAND`. Exit codes, where a
command says nothing else: 0 done; 1 it failed, or something is broken; 2 asked for wrongly; 130
interrupted.
"""

#: Where an option is explained.
_MORE = {
    "runtimes": "#runtimes",
    "savers": "#savers",
    "loaders": "#loaders",
    "operations": "matrix.md#operations",
    "diff_saves": "../README.md#what-to-choose",
    "model": "folders.md",
    "examples": "folders.md#what-it-is-fed-with",
    "expect": "matrix.md#what-pytest-says",
    "provider": "../README.md#in-containers",
    "untrusted": "sandbox.md",
    "trusted": "folders.md#models-that-you-do-not-trust",
    "baseline": "ci.md#what-is-broken-and-stays-so",
    "report": "reports.md",
    "jobs": "limits.md#what-it-takes",
    "store": "ci.md#in-parts",
    "rtol": "matrix.md#how-far-apart-is-the-same",
    "atol": "matrix.md#how-far-apart-is-the-same",
}
#: Of the fixture: an attribute whose field has no text of its own.
_ATTRIBUTES = {
    "cell": "The cell: its `id`, `save` (with `model`, `saver`, `runtime`), `loader`,"
    " `load_runtime`, `operation`."
}


def page() -> str:
    """The page as Markdown."""
    return "\n".join([_HEAD, *_options(), *_apis(), *_tables(), *_marks(), *_commands()])


def _options() -> Iterator[str]:
    yield _OPTIONS
    yield from _table(
        ("option", "says", "default"),
        ((f"`{_typed(option)}`", _told(option), _default(option)) for option in OPTIONS),
    )
    yield "## Variables of the environment\n"
    yield from _table(
        ("variable", "says"), ((f"`{each.name}`", _text(each.help)) for each in VARIABLES)
    )
    yield (
        "Of others' variables these are heeded: `DOCKER_HOST`, `DOCKER_CONTEXT` and"
        " `CONTAINER_HOST` say where a container engine is; those of uv (`UV_...`) hold for the"
        " environments that it makes; `PYENV_ROOT`, `TFHUB_CACHE_DIR` and `KAGGLEHUB_CACHE` say"
        " where others keep interpreters and models.\n"
    )
    known = releases()
    oldest, *_, newest = known
    keras_3 = next(name for name, release in known.items() if release.keras_major == 3)  # noqa: PLR2004
    yield _RUNTIMES.format(grammar=runtime.GRAMMAR, oldest=oldest, newest=newest, keras_3=keras_3)


def _typed(option: Option) -> str:
    return f"{option.flag}={option.metavar}" if option.metavar else option.flag


def _told(option: Option) -> str:
    more = _MORE.get(option.name)
    return _text(option.help.partition(" (default: ")[0]) + (f": [more]({more})" if more else "")


def _default(option: Option) -> str:
    told = {
        "runtimes": settings.DEFAULT_RUNTIMES,
        "save_runtimes": ("those of `--tf-runtimes`",),
        "load_runtimes": ("those of `--tf-runtimes`",),
        "resave_runtimes": ("those of `--tf-runtimes`",),
        "savers": [api.name for api in apis().savers.values() if api.default],
        "loaders": [api.name for api in apis().loaders.values() if api.default],
        "operations": settings.DEFAULT_OPERATIONS,
        "expect": ("round_trip",),
        "provider": (settings.PROVIDERS[0],),
    }.get(option.name)
    if told:
        return ", ".join(each if " " in each else f"`{each}`" for each in map(str, told))
    return _text(option.help.partition(" (default: ")[2].rstrip(")"))


def _apis() -> Iterator[str]:
    known = apis()
    for title, those, more in (
        ("Savers", known.savers, "writes"),
        ("Loaders", known.loaders, "operations"),
    ):
        yield f"## {title}\n"
        plain = (api for api in those.values() if api.variant is None)
        rows = ((f"`{api.name}`", *_api(api, more)) for api in plain)
        yield from _table(("name", "calls", "there in", more), rows)
        raw = read_apis(APIS_FILE)[title.lower()]
        variants = (api for api in those.values() if api.variant is not None)
        yield from _table(
            ("variant", "is"),
            ((f"`{api.name}`", _variant(api, raw[api.name.partition(".")[0]])) for api in variants),
        )
    yield (
        "`all` is every one, with its variants. What others add, and how: [adding.md](adding.md).\n"
    )


def _api(api: Api, more: str) -> tuple[str, str, str]:
    there = [f"TensorFlow `{api.releases}`"]
    there += [f"Keras {major}" for major in sorted(api.keras)]
    there += [f"tensorflow-hub `{api.hub}`"] if api.hub else []
    done = [operation for operation in Operation if operation in api.operations]
    last = [api.writes] if more == "writes" else done
    return f"`{api.calls}`", ", ".join(there), ", ".join(f"`{each}`" for each in last)


def _variant(api: Api, raw: Mapping[str, Any]) -> str:
    """What a variant is, and where it is there if that is not where the API is."""
    variant = raw["variants"][api.variant]
    releases_of_it = variant.get("releases", raw["releases"])
    where = "" if releases_of_it == raw["releases"] else f" (TensorFlow `{releases_of_it}`)"
    return _text(variant["says"]) + where


def _tables() -> Iterator[str]:
    yield _OWN
    yield from _keys(runtime.KEYS)
    yield (
        "## Limits of containers\n\nThe table `[tool.tf_roundtrip.sandbox]`, see"
        " [sandbox.md](sandbox.md).\n"
    )
    yield from _keys(limits.KEYS)
    yield (
        "## Baselines\n\nAn entry `[[accept]]` of the file of `--tf-baseline`, see"
        " [ci.md](ci.md#what-is-broken-and-stays-so).\n"
    )
    yield from _keys(baseline_file.KEYS)


def _keys(keys: Mapping[str, str]) -> Iterator[str]:
    return _table(("key", "says"), ((f"`{key}`", _text(says)) for key, says in keys.items()))


def _marks() -> Iterator[str]:
    yield _MARK
    options = {option.name: option for option in OPTIONS}
    yield from _table(
        ("keyword", "says"),
        (
            (f"`{name}`", _text(says) if says else f"as `{options[name].flag}`")
            for name, says in KEYWORDS.items()
        ),
    )
    yield _CELL_MARK.format(words="`, `".join(CELL_WORDS))
    yield _FIXTURES
    known = {each.name for each in fields(RoundTrip)} - set(_ATTRIBUTES) - {"observation"}
    if known:
        msg = f"fields of RoundTrip without a text: {known}"
        raise LookupError(msg)
    parts = [name for name, value in vars(RoundTrip).items() if _is_shown(name, value)]
    said = {name: inspect.getdoc(getattr(RoundTrip, name)) or "" for name in parts}
    yield from _table(
        ("attribute", "is"),
        (
            (f"`{name}`", _text(" ".join(text.partition("\n\n")[0].replace("``", "`").split())))
            for name, text in {**_ATTRIBUTES, **said}.items()
        ),
    )
    names = [f"`{each.name}`" for each in fields(Example)]
    yield _EXAMPLE.format(parts=f"{', '.join(names[:-1])} and {names[-1]}")


def _is_shown(name: str, value: object) -> bool:
    return not name.startswith("_") and (isinstance(value, property) or hasattr(value, "attrname"))


def _commands() -> Iterator[str]:
    yield _COMMANDS
    for name in COMMANDS:
        command = import_module(f"pytest_tfroundtrip.commands.{name}")
        parser = argparse.ArgumentParser(prog=command.NAME, add_help=False)
        command.add_arguments(parser)
        yield f"### {command.NAME}\n"
        yield _described(command.__doc__ or "", command.NAME) + "\n"
        yield from _arguments(parser)


def _described(text: str, name: str) -> str:
    """A module's text as Markdown: it begins with the command's name, which the heading has."""
    told = text.replace("``", "`").strip().removeprefix(f"`{name}`: ")
    paragraphs = ["\n".join(part.splitlines()) for part in told.split("\n\n")]
    return "\n\n".join([paragraphs[0][:1].upper() + paragraphs[0][1:], *paragraphs[1:]])


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    actions = parser._actions  # noqa: SLF001 - argparse has no public way to list them
    rows = [_argument(each) for each in actions if each.help != argparse.SUPPRESS]
    chosen = [each for each in actions if isinstance(each, argparse._SubParsersAction)]  # noqa: SLF001
    plain = [row for row in rows if row]
    if plain:
        yield from _table(("argument", "says"), plain)
    for each in chosen:
        yield from _table(
            ("action", "does", "takes"),
            (
                (f"`{name}`", _text(page.description or ""), _taken(page, plain))
                for name, page in each.choices.items()
            ),
        )


def _taken(page: argparse.ArgumentParser, beside: Iterable[tuple[str, str]]) -> str:
    """What an action takes that is not told for the whole command already."""
    known = {name for name, _ in beside}
    found = [_argument(each) for each in page._actions if each.help != argparse.SUPPRESS]  # noqa: SLF001
    return "; ".join(
        name if name == "`RUNTIME ...`" else f"{name}: {says}"
        for name, says in filter(None, found)
        if name not in known and "--help" not in name
    )


def _argument(action: argparse.Action) -> tuple[str, str] | None:
    if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
        return None
    says = _text(" ".join(str(action.help or "").split()))
    choices = [str(each) for each in action.choices or ()]
    if choices:
        says += ("" if not says else ": ") + ", ".join(f"`{each}`" for each in choices)
    if isinstance(action.default, str) and action.default != argparse.SUPPRESS and choices:
        says += f" (default: `{action.default}`)"
    value = action.metavar if isinstance(action.metavar, str) else ""
    if not action.option_strings:
        name = value or ("ACTION" if choices else action.dest.upper())
        return f"`{name}{' ...' if action.nargs in ('*', '+') else ''}`", says
    flag = ", ".join(action.option_strings)
    if value and action.nargs != 0:
        flag += f"={value}"
    elif action.nargs != 0 and choices:
        flag += "=WORD"
    return f"`{flag}`", says + (": needed" if action.required else "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row(row)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "|" + "|".join(f" {cell}".rstrip() + " " for cell in cells) + "|"


def _text(text: str) -> str:
    return prose_with_code(text)


if __name__ == "__main__":
    sys.stdout.write(page())
