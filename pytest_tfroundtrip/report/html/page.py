"""The page: one file with all that it needs, so that it can be mailed, kept and read anywhere.

What stands in it was written by others (models' names, TensorFlow's messages, paths), and a report
may come from a pull request. So the template engine escapes everything, the rows travel as JSON in
a block that is no script, and the page's own policy allows no script, style or request but those
that are hashed here.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pytest_tfroundtrip.catalogue.order import runtime_order
from pytest_tfroundtrip.report.html import sections
from pytest_tfroundtrip.report.html.data import encoded
from pytest_tfroundtrip.report.html.picture import MANY_PLACES, picture
from pytest_tfroundtrip.report.html.text import bounded, visible
from pytest_tfroundtrip.report.lines import count
from pytest_tfroundtrip.report.rows import disambiguate, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
    from pytest_tfroundtrip.report.save_pairs import SavePair
    from pytest_tfroundtrip.report.statements import StatementRow

# In this order they are one script.
_SCRIPTS = ("elements", "data", "choice", "picture", "cells", "page")
_WEB = re.compile(r"https?://[^\s]+")


def page(
    rows: Iterable[Row],
    infos: Iterable[RuntimeInfo] = (),
    *,
    started: datetime,
    seconds: float,
    tool: str,
    conflicts: Sequence[Mapping[str, Any]] = (),
    statements: Sequence[StatementRow] = (),
    save_pairs: Sequence[SavePair] = (),
    sources: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The page.

    Args:
        rows: one per cell, in any order.
        infos: what was run under.
        started: when, with a time zone.
        seconds: how long the run took; of merged reports all together.
        tool: version of pytest-tfroundtrip that ran it.
        conflicts: the cells on which merged reports do not agree, as in the merged report.
        statements: the documents' sentences that were tried.
        save_pairs: the pairs of saves that were asked for.
        sources: the reports that were merged, as in the merged report; none of a run's own.
    """
    ordered = in_order(disambiguate(rows))
    head, style, script = _asset("head.js"), _asset("style.css"), _script()
    names, tried = sections.sentences(statements)
    html = _environment().get_template("page.html.j2")
    return html.render(
        policy=_policy(scripts=(head, script), style=style),
        head=Markup(head),  # noqa: S704  our own files
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data={**encoded(ordered), "manyPlaces": MANY_PLACES},
        summary=sections.summary(ordered, statements),
        picture=picture(ordered),
        failures=sections.failures(ordered),
        contradictions=sections.contradictions(ordered),
        contradicting=sum(row.contradiction for row in ordered),
        failing=sum(row.failed for row in ordered),
        conflicts=conflicts,
        statement_runtimes=names,
        sentences=tried,
        not_kept=sections.not_kept(statements),
        pairs=len(save_pairs),
        moves=sections.moves(save_pairs),
        notes=list(sections.notes(ordered)),
        infos=sorted(infos, key=lambda info: runtime_order(info.name)),
        sources=sources,
        started=started,
        seconds=seconds,
        tool=tool,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    environment.filters["bounded"] = bounded
    environment.filters["duration"] = duration
    environment.globals["count"] = count
    environment.tests["web"] = is_web
    return environment


def is_web(address: str | None) -> bool:
    """Whether a link may lead there: a report could say ``javascript:``."""
    return bool(address and _WEB.fullmatch(address))


def duration(seconds: float) -> str:
    """``0.4 s``, ``34 s``, ``12 min``, ``3 h 5 min``."""
    if not math.isfinite(seconds):  # a report can say anything
        return f"{seconds} s"
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    if seconds < 90:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _shown(value: Any) -> Any:
    """Whatever the template shows, with what cannot be seen as escapes."""
    return value if value is None or isinstance(value, Markup) else visible(str(value))


@cache
def _asset(name: str) -> str:
    folder = files(__package__)
    return folder.joinpath(name).read_text(encoding="utf-8")


def _script() -> str:
    """The page's script: plain files in one scope."""
    parts = [_asset(f"js/{name}.js") for name in _SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"


def _policy(scripts: Sequence[str], style: str) -> str:
    """Nothing is fetched from anywhere, nothing runs but what is hashed here."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {_hash(style)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
