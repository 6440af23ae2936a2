"""Executed notebooks → chapters of the page: code folded away, figures with a still picture and a live one."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import mistune
import nbformat
from nbconvert import HTMLExporter

from audit_lib.charts import FIGURE_MIME, VEGALITE_MIME
from audit_lib.charts.figure import still

TEMPLATES = Path(__file__).parent / "templates"
LEFT_OUT = {"parameters", "injected-parameters", "notebook-only"}
"""Tags of cells that only a reader of the notebook needs."""

_markdown = mistune.create_markdown(escape=True, plugins=["table"])


def chapter(notebook: Path, anchor: str) -> str:
    """The body of a chapter. Headings start at the third level; every element id starts with `anchor`."""
    content = nbformat.read(notebook, 4)  # type: ignore[no-untyped-call]
    content.cells = [cell for cell in content.cells if not LEFT_OUT & set(cell.metadata.get("tags", []))]
    _drop_title(content)
    counter = _Counter(anchor)
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="audit",
        extra_template_basedirs=[str(TEMPLATES)],
        filters={"audit_figure": counter.figure, "chapter_markdown": chapter_markdown, "chapter_html": counter.regions},
    )
    body, _ = exporter.from_notebook_node(content)
    return str(body)


def _drop_title(content: Any) -> None:
    """The page prints the chapter's title itself."""
    first = content.cells[0]
    if first.cell_type == "markdown":
        first.source = re.sub(r"\A# .*\n+", "", first.source)


def chapter_markdown(source: str) -> str:
    """Markdown of a notebook as markup: raw HTML is printed as text, headings go one level down."""
    return _one_level_down(str(_markdown(source)))


def _one_level_down(markup: str) -> str:
    return re.sub(r"<(/?)h([1-5])>", lambda m: f"<{m[1]}h{int(m[2]) + 1}>", markup)


class _Counter:
    """Numbers the figures and tables of a chapter, so that ids and labels are unique and the same every time."""

    def __init__(self, anchor: str) -> None:
        self.anchor = anchor
        self.count = 0

    def _next(self) -> str:
        self.count += 1
        return f"{self.anchor}-{self.count}"

    def regions(self, markup: str) -> str:
        """Tables in a region that scrolls sideways on narrow screens."""

        def region(match: re.Match[str]) -> str:
            name = self._next()
            return f'<div class="wide" role="region" tabindex="0" aria-label="Table {name}">{match[0]}</div>'

        return re.sub(r"<table\b.*?</table>", region, markup, flags=re.DOTALL)

    def figure(self, data: dict[str, Any]) -> str:
        """A figure: title, still picture, specification for the live one, caption, table."""
        about, name = data[FIGURE_MIME], self._next()
        title = f'<p class="figure-title" id="{name}">{html.escape(about["title"])}</p>'
        table = self.regions(about["table"]) if about["table"] else ""
        folded = f"<details class='table'><summary>The figures as a table</summary>{table}</details>" if table else ""
        caption = f"<figcaption>{html.escape(about['caption'])}</figcaption>"
        if VEGALITE_MIME not in data:
            return f'<div class="no-figure"><p class="figure-title">{html.escape(about["title"])}</p><p>{html.escape(about["caption"])}</p></div>'
        spec = data[VEGALITE_MIME]
        words = html.escape(about["description"], quote=True)
        picture = _accessible(still(spec), words)
        script = f'<script type="{VEGALITE_MIME}">{json_for_script(spec)}</script>'
        return f'<figure class="drawn" aria-labelledby="{name}">{title}<div class="chart" data-alt="{words}">{picture}</div>{script}{caption}{folded}</figure>'


def _accessible(svg: str, words: str) -> str:
    """A drawing as one picture with words: the marks inside say nothing of their own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r' (role|aria-[a-z]+)="[^"]*"', "", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{words}"', 1)


def json_for_script(content: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
