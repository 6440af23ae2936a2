"""The page: one file, no request to anywhere, readable without scripts, on paper and by ear."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import mistune
import vl_convert
from markupsafe import Markup
from mistune.renderers.html import HTMLRenderer

from audit_lib import evidence
from audit_lib.charts.figure import VL_VERSION
from audit_lib.report import sections, words
from audit_lib.report.areas import AREAS, INPUTS, OVERVIEW, Chapter
from audit_lib.report.result import Hole
from audit_lib.run import Run

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Made:
    """A chapter as it came out: its markup, or why it could not be made."""

    chapter: Chapter
    body: str = ""
    hole: Hole | None = None


def render(run: Run, chapters: Sequence[Made], arguments: dict[str, Any], made_at: datetime, remarks: str) -> str:
    """The whole page. `made_at` bears its time zone; `remarks` is Markdown, empty where nobody has written any."""
    made = {one.chapter: one for one in chapters}
    holes = [one.hole for one in chapters if one.hole]
    bundle, boot = vega_bundle(), (HERE / "boot.js").read_text("utf-8")
    drawn = any('class="chart"' in one.body for one in chapters)
    content = {
        "csp": content_policy([bundle, boot] if drawn else [boot]),
        "css": Markup((HERE / "report.css").read_text("utf-8")),
        "bundle": Markup(bundle) if drawn else "",
        "boot": Markup(boot),
        "run": run,
        "facts": facts(run, made_at),
        "state": words.state_words(run.period, run.catalogue.zone.key),
        "span": words.span_words(run.period),
        "controller": controller(run),
        "verdict": Markup(sections.verdict(run, [f"{hole.title}: {hole.why}" for hole in holes]).html),
        "overview": made[OVERVIEW],
        "areas": [made[chapter] for chapter in AREAS],
        "inputs": made[INPUTS],
        "coverage": Markup(_region("Coverage of the policy", sections.coverage(run).html)),
        "evidence": Markup(sections.evidence(run, arguments)),
        "remarks": Markup(safe_markdown(remarks)) if remarks.strip() else "",
    }
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["markup"] = Markup
    return environment.get_template("report.html.j2").render(content)


def _region(name: str, markup: str) -> str:
    return markup.replace("<table", f'<div class="wide" role="region" tabindex="0" aria-label="{name}"><table', 1).replace("</table>", "</table></div>", 1)


def controller(run: Run) -> str:
    """The controller as the policy names it."""
    return next((d.controller for d in run.catalogue.documents if d.controller), "controller not named")


def facts(run: Run, made_at: datetime) -> dict[str, str]:
    """The title block: what was audited, against what, when, by which version, on how many rows."""
    inputs = run.inputs()
    documents = "; ".join(f"{d.title}, version {d.version}" for d in run.catalogue.documents)
    texts = "searched for statements of age" if run.with_texts else "not read"
    return {
        "Held against": documents,
        "Compared with": str(run.compare_to) if run.compare_to else "no other period",
        "Edition": "for the data protection officer: exact counts, pseudonyms" + ("" if run.pseudonyms else " replaced by identifiers as exported"),
        "Rows read": f"{int(inputs['rows'].sum()):,} in {len(inputs):,} files; texts {texts}",
        "Made": f"{words.day_words(made_at.date())}, {made_at:%H:%M %Z}, by version {evidence.suite_version()}",
    }


@functools.cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that cannot end its element."""
    bundle: str = vl_convert.javascript_bundle(vl_version=VL_VERSION)  # type: ignore[call-arg]
    return bundle.replace("</script", "<\\/script")


def content_policy(scripts: Sequence[str]) -> str:
    """The page's content security policy: only these scripts run, nothing is loaded from anywhere."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src 'none'; "
        f"base-uri 'none'; form-action 'none'; script-src {hashes}"
    )


class _Harmless(HTMLRenderer):
    """Remarks load and run nothing: a picture is printed as its words."""

    def sanitize_url(self, url: str) -> str:
        """An address that would run something leads back to the findings."""
        safe = super().sanitize_url(url)
        return "#main" if safe == "#harmful-link" else safe

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return str(mistune.escape(text))


def safe_markdown(text: str) -> str:
    """Markdown that somebody wrote by hand, as markup: raw HTML is printed as text, pictures as their words."""
    markup = str(mistune.create_markdown(renderer=_Harmless(escape=True))(text))
    for level in (4, 3, 2, 1):
        markup = markup.replace(f"<h{level}>", f"<h{level + 2}>").replace(f"</h{level}>", f"</h{level + 2}>")
    return markup
