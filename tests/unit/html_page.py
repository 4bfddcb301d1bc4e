"""A page taken apart, as a browser's parser would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

EMPTY = {"meta", "link", "br", "img", "input", "use", "path", "hr", "base"}


@dataclass
class Page(HTMLParser):
    """Its elements, its scripts and styles, and its text by section."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    sections: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._section = ""
        self.feed(self.html)
        self.close()
        assert self._open == [], "elements that are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "section":
            self._section = dict(attrs).get("id") or ""
            self.sections[self._section] = ""
        if tag in ("script", "style"):
            (self.scripts if tag == "script" else self.styles).append("")
        self._say(" ")
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._say(" ")
        if tag == "section":
            self._section = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts[-1] += data
        elif self._open and self._open[-1] == "style":
            self.styles[-1] += data
        else:
            self._say(data)

    def _say(self, text: str) -> None:
        self.text += text
        if self._section:
            self.sections[self._section] += text

    def said(self, section: str) -> str:
        """The text of a section, its white space as one blank."""
        return " ".join(self.sections[section].split())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script reads."""
        (place,) = [
            place for place, each in enumerate(self.of("script")) if each.get("id") == "data"
        ]
        data: dict[str, Any] = json.loads(self.scripts[place])
        return data

    def cells(self) -> list[dict[str, Any]]:
        """The cells as ``js/data.js`` decodes them."""
        data = self.data
        cells = []
        for place in range(data["count"]):
            cell: dict[str, Any] = {}
            for name, column in data["columns"].items():
                at = column["at"]
                cell[name] = column["values"][at[place] if at is not None else 0]
            cell["said"] = data["facts"][cell.pop("fact")]
            again = f"-resave_{cell['resave_runtime']}" if cell["resave_runtime"] else ""
            load = f"-to-{cell['load']}_{cell['load_runtime']}" if cell["load"] else ""
            tail = f"-{cell['save']}_{cell['save_runtime']}{again}{load}-{cell['operation']}"
            for name in ("id", "command"):
                cell[name] = cell[name].replace("\x00", tail, 1)
            cells.append(cell)
        return cells
