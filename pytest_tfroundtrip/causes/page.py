"""``docs/causes.md``: what breaks between two TensorFlows, for people who search for a message."""

from __future__ import annotations

from pytest_tfroundtrip.causes.catalogue import Cause, causes
from pytest_tfroundtrip.prose import prose_with_code

_HEAD = """\
# What breaks, why, and what to do

Every cause this project can name, in the order in which they are tried. This page is made from
`pytest_tfroundtrip/causes/causes.toml`: write there, then make it again with
`python -c "from pytest_tfroundtrip.causes.page import page; print(page(), end='')"`.

What stands in `backticks` under *What to do* was run by a test after the failure it is for,
and helped: that test stands below it. The rest are settings, commands of other tools, and advice.

*Known to strike* means that the reference tests expect it where it applies; the others are
recognised when they are seen.
"""


def page() -> str:
    """The page as Markdown."""
    return "\n".join([_HEAD, *map(_section, causes())])


def _section(cause: Cause) -> str:
    known = "known to strike" if cause.applies else "recognised when seen"
    lines = [
        f"## {cause.id}",
        "",
        prose_with_code(cause.says()),
        "",
        f"- **Where:** {prose_with_code(cause.range)} ({known}; verdict `{cause.verdict}`)",
        f"- **What to do:** {prose_with_code(cause.advises())}",
    ]
    if cause.tried:
        lines.append(f"- **Tried by:** {', '.join(cause.tried)}")
    threads = ", ".join(f"<{each}>" for each in (cause.thread, *cause.reports))
    return "\n".join([*lines, f"- **More:** {threads}", ""])
