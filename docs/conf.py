"""The documents as a site: ``nox -s docs``.

The source folder is the project's root, so that a link which works on a code host (to a page, to
the README, to a file of the code) works in the site as well: files that are no pages are copied
into it. Nothing is fetched, neither to build it nor to read it.
"""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ROOT = Path(__file__).parents[1]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = _PROJECT["name"]
version = release = _PROJECT["version"]
author = _PROJECT["authors"][0]["name"]
project_copyright = author

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "docs/*.md",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "images/README.md",
    "bench/README.md",
    "tests/example_plugin/README.md",
]
# Not looked into: what is made here is large.
exclude_patterns = ["build", "dist", ".*", "**/__pycache__", "**/.*"]
nitpicky = True

myst_heading_anchors = 3  # as code hosts name them
highlight_language = "none"

html_theme = "furo"
html_title = f"{project} {version}"
html_extra_path = ["site"]  # index.html, which leads to the first page
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
