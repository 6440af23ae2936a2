"""`reports/index.html`: every report of a folder with its period and counts by status."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from audit_lib.disclosure import html_text
from audit_lib.run.run import STATUS_WORDS

_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,Arial,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "font-variant-numeric:tabular-nums}table{border-collapse:collapse}th,td{padding:.4rem 1.2rem .4rem 0;text-align:left;"
    "border-bottom:1px solid #8886}td.n{text-align:right}a{color:#0a5c93}@media(prefers-color-scheme:dark){a{color:#7cbcf0}}"
)


def write_index(folder: Path) -> Path:
    """List every report under `folder`, newest period first; earlier revisions are left out."""
    reports = [found for sub in sorted(folder.iterdir()) if (found := _report(sub))]
    reports.sort(key=lambda report: report["start"], reverse=True)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Period", *STATUS_WORDS.values(), "Made"))
    rows = "".join(_row(report) for report in reports)
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\"><meta name=\"viewport\" content=\"width=device-width\">"
        f"<title>Privacy audits</title><style>{_STYLE}</style></head><body><main><h1>Privacy audits</h1>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></main></body></html>\n"
    )
    descriptor, name = tempfile.mkstemp(prefix=".index-", suffix=".html", dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(page)
    Path(name).replace(folder / "index.html")
    return folder / "index.html"


def _report(folder: Path) -> dict[str, Any] | None:
    manifest, findings = folder / "manifest.json", folder / "findings.json"
    if re.search(r"^\.|\.rev-\d+$", folder.name) or not (manifest.is_file() and findings.is_file()):
        return None
    told = json.loads(manifest.read_text("utf-8"))
    period = json.loads(findings.read_text("utf-8"))["period"]
    return {"name": folder.name, "start": period["start"], "counts": told["content"]["findings"], "made": told["made_at"][:10]}


def _row(report: dict[str, Any]) -> str:
    counts = "".join(f'<td class="n">{int(report["counts"].get(status, 0)):,}</td>' for status in STATUS_WORDS)
    name = html_text(report["name"])
    return f'<tr><td><a href="{name}/report.html">{name}</a></td>{counts}<td>{html_text(report["made"])}</td></tr>'
