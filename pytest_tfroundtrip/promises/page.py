"""``docs/promises.md``: every sentence of the documents, and what was seen of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.promises.cases import cases
from pytest_tfroundtrip.promises.lookup import Statement, promises, statements
from pytest_tfroundtrip.promises.measured import measured
from pytest_tfroundtrip.prose import prose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEAD = """\
# What TensorFlow's documents say, and what TensorFlow does

Every sentence of TensorFlow's migration guide for SavedModel and of TensorFlow Hub's guides for
TF1 and TF2 that can be true or false, as it is printed (pages were read in several languages), with
what was seen when it was tried. This page is made from `statements.toml` and `measured.json` in
`pytest_tfroundtrip/promises`; `python -m pytest_tfroundtrip promises --help` says how.

A sentence is tried by **cells** (models saved by one API under one release, loaded by another under
another), by **cases** (functions that do what the sentence says), or both. *Kept* means that
TensorFlow does what the sentence says wherever it was tried, *contradicted* that it does not
somewhere, and it is said where and why; names in `code` after "contradicted by" are
[causes](causes.md).
"""


def page() -> str:
    """The page as Markdown."""
    kept = measured()
    lines = [_HEAD, *_runtimes(kept), *_summary(kept)]
    document = ""
    for statement in statements().values():
        if statement.document != document:
            document = statement.document
            lines += [f"## {document}", ""]
        lines += _section(statement, kept)
    return "\n".join(lines)


def verdict(statement: Statement, kept: Mapping[str, Any]) -> str:
    """One word on a sentence: kept, contradicted, untested or not seen."""
    if statement.untested:
        return "untested"
    seen = [each["verdict"] for _, under in _cases(statement, kept) for each in under.values()]
    words = [word for counts in _cells(statement, kept).values() for word in counts]
    against = [word for word in words if word not in ("kept", "denied", "unsaved", "absent")]
    if against or any(word != "kept" for word in seen):
        return "contradicted"
    return "kept" if seen or {"kept", "denied"} & set(words) else "not seen"


def _runtimes(kept: Mapping[str, Any]) -> Iterator[str]:
    yield f"Measured on {kept['date']} under:"
    yield ""
    yield "| runtime | TensorFlow | Keras | tensorflow-hub | Python |"
    yield "| --- | --- | --- | --- | --- |"
    for name, versions in kept["runtimes"].items():
        words = ("tensorflow", "keras", "tensorflow_hub", "python")
        yield f"| `{name}` | {' | '.join(versions[word] or '-' for word in words)} |"
    yield ""


def _summary(kept: Mapping[str, Any]) -> Iterator[str]:
    words = [verdict(statement, kept) for statement in statements().values()]
    told = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words)))
    yield f"{len(words)} sentences: {told}."
    yield ""


def _section(statement: Statement, kept: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {statement.id}: {verdict(statement, kept)}"
    yield ""
    yield f"> {_quoted(statement.quote)}"
    yield ""
    if statement.english != statement.quote:
        yield f"In English: {prose(statement.english)}"
        yield ""
    if statement.untested:
        yield f"Nothing is held against it: {statement.untested}."
        yield ""
        return
    for name, counts in _cells(statement, kept).items():
        of = "" if name == statement.id else f", of the sentence {name}"
        total = sum(counts.values())
        told = ", ".join(_told(word, number) for word, number in counts.items())
        yield f"- {total} cells{of}: {told}"
    for name, under in _cases(statement, kept):
        yield from _case(name, under)
    yield ""


def _quoted(text: str) -> str:
    """A quote: the documents' code has comments, which Markdown takes for headings."""
    return re.sub(r"^([#>+-])", r"\\\1", prose(text))


def _told(word: str, number: int) -> str:
    known = {
        "kept": f"{number} kept",
        "denied": f"{number} refused, as it says",
        "works": f"{number} work all the same",
        "unsaved": f"{number} had nothing to load",
        "absent": f"{number} have nothing to try",
    }
    return known.get(word, f"{number} contradicted by `{word}`")


def _case(name: str, under: Mapping[str, Any]) -> Iterator[str]:
    by_outcome: dict[tuple[str, str], list[str]] = {}
    for runtime, seen in under.items():
        by_outcome.setdefault((seen["verdict"], seen["said"]), []).append(runtime)
    for (word, said), where in by_outcome.items():
        runtimes = ", ".join(f"`{runtime}`" for runtime in where)
        yield f"- case `{name}`: {word} on {runtimes}{': ' + _code(said) if said else ''}"


def _code(said: str) -> str:
    """A message in Markdown: TensorFlow's own stands as code, our sentences as they are."""
    return (
        prose(said) if said.endswith(".") and "`" not in said else f"`{said.replace('`', chr(39))}`"
    )


def _cells(statement: Statement, kept: Mapping[str, Any]) -> dict[str, Mapping[str, int]]:
    """What cells have shown: of the sentence itself, and of those that try it as well."""
    by_entry = {entry.id: entry.statement.id for entry in promises()}
    names = [statement.id, *(by_entry[entry] for entry in statement.held_by)]
    return {name: kept["cells"][name] for name in dict.fromkeys(names) if name in kept["cells"]}


def _cases(
    statement: Statement, kept: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for case in cases().values():
        if statement in case.statements and case.id in kept["cases"]:
            yield case.id, kept["cases"][case.id]
