"""A report as GitHub-flavoured Markdown."""

from pytest_tfroundtrip.report.markdown.page import LIMIT, page

__all__ = ["LIMIT", "page"]
