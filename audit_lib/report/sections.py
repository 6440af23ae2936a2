"""The parts of the report that are not chapters: the verdict, what changed, coverage of the policy, evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from audit_lib.conclude import headline, percent
from audit_lib.disclosure import html_text
from audit_lib.report import areas, words
from audit_lib.report.words import Shown
from audit_lib.run import Run
from audit_lib.run.run import STATUS_WORDS
from audit_lib.vocabulary import Finding, Status

FEW = 30
"""Items below which a rate moves by chance."""
ORDER = (Status.NOT_SATISFIED, Status.NOT_ASSESSED, Status.SATISFIED, Status.NOT_APPLICABLE)


def verdict(run: Run, holes: Sequence[str] = ()) -> Shown:
    """The first screen: counts by status, what is not satisfied (worst first), what could not be assessed.

    Findings of one measure stand together under the worst of them. `holes` are sentences on chapters that could not be
    made.
    """
    counted = headline(run.finding_list)
    total = sum(counted.values())
    tiles = "".join(
        f'<div class="tile {status}"><dt>{STATUS_WORDS[status]}</dt><dd>{counted[status]:,}</dd></div>' for status in ORDER
    )
    said = warnings(run)
    page = f'<dl class="tiles">{tiles}</dl>{_holes(holes)}{_warned(said)}<div class="screen">{_not_satisfied(run)}{_not_assessed(run)}</div>'
    text = [", ".join(f"{counted[status]:,} {STATUS_WORDS[status]}" for status in ORDER) + f"; {total:,} criteria", *said]
    text += [f"- {group[0].sentence} [{areas.where_from(group[0].criterion)}]" for group in _bad(run)]
    return Shown(page, "\n".join(text))


def _holes(holes: Sequence[str]) -> str:
    if not holes:
        return ""
    return f'<div class="hole" role="alert"><p><strong>This report has a hole.</strong></p><ul>{"".join(f"<li>{html_text(h)}</li>" for h in holes)}</ul></div>'


def warnings(run: Run) -> list[str]:
    """What a reader must know of the exports before any figure: keys that have vanished, rows and extractions that came late."""
    late = [
        f"{table} was extracted more than 31 days after the end of the period: columns that a system overwrites show a later state."
        for table in run.late_extractions()
    ]
    return [*run.vanished_sentences(), *run.late_sentences(), *late]


def _warned(sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    return f'<div class="hole" role="note"><p><strong>Before the figures.</strong></p><ul>{"".join(f"<li>{html_text(s)}</li>" for s in sentences)}</ul></div>'


def _bad(run: Run) -> list[list[Finding]]:
    """The findings that are not satisfied, by measure, worst first."""
    groups: dict[str, list[Finding]] = {}
    for finding in run.finding_list:
        if finding.status is Status.NOT_SATISFIED:
            groups.setdefault(finding.measure or finding.criterion.id, []).append(finding)
    return list(groups.values())


def _not_satisfied(run: Run) -> str:
    groups = _bad(run)
    if not groups:
        return '<section><h3>Not satisfied</h3><p>No criterion that could be assessed is broken.</p></section>'
    by_area = areas.areas_of(run)
    items = "".join(_bad_item(group, areas.chapter_of(by_area[group[0].criterion.id])) for group in groups)
    return f'<section class="bad"><h3>Not satisfied, worst first</h3><ol class="findings">{items}</ol></section>'


def _bad_item(group: list[Finding], chapter: areas.Chapter) -> str:
    worst, rest = group[0], group[1:]
    more = ""
    if rest:
        lines = "".join(f"<li>{_line(finding)}</li>" for finding in rest)
        noun = "criterion" if len(rest) == 1 else "criteria"
        more = f"<details><summary>{len(rest)} more {noun} of this kind</summary><ul>{lines}</ul></details>"
    under = f'<a class="to" href="#{chapter.anchor}">{html_text(chapter.title)}</a>{more}'
    return f'<li>{_line(worst)} {under}</li>'


def _line(finding: Finding) -> str:
    source = html_text(areas.where_from(finding.criterion))
    return f'<a class="finding" href="#criterion-{html_text(finding.criterion.id)}">{html_text(finding.sentence)}</a> <span class="source">{source}</span>'


def _not_assessed(run: Run) -> str:
    open_ones = [f for f in run.finding_list if f.status is Status.NOT_ASSESSED]
    if not open_ones:
        return "<section><h3>Could not be assessed</h3><p>Nothing: every criterion was held against the logs.</p></section>"
    attest = [f for f in open_ones if f.measure is None]
    groups: dict[str, list[Finding]] = {}
    for finding in open_ones:
        if finding.measure is not None:
            groups.setdefault(finding.why, []).append(finding)
    parts = [_open_group(why, findings) for why, findings in groups.items()]
    if attest:
        parts.append(_open_group("no measure of the logs answers them yet, or none can: a person has to attest", attest))
    return f'<section class="open"><h3>Could not be assessed</h3><ul class="plain">{"".join(parts)}</ul></section>'


def _open_group(why: str, findings: Sequence[Finding]) -> str:
    lines = "".join(
        f'<li><a href="#criterion-{html_text(f.criterion.id)}">{html_text(f.criterion.sentence)}</a> '
        f'<span class="source">{html_text(areas.where_from(f.criterion))}</span></li>'
        for f in findings
    )
    noun = "criterion" if len(findings) == 1 else "criteria"
    return f"<li><details><summary><strong>{len(findings):,} {noun}</strong>: {html_text(why)}</summary><ul>{lines}</ul></details></li>"


# what changed --------------------------------------------------------------------------------------------------------


def changes(run: Run) -> Shown:
    """Figures beside those of the compared period, told as they were known at its end."""
    if run.compare_to is None:
        return words.paragraphs("No period to compare with was named (parameter compare_to).")
    compared = [f for f in run.finding_list if f.compared is not None and (f.counts.population or f.compared.population)]
    rows = [_change(run, finding) for finding in compared]
    frame = pd.DataFrame(rows)
    counted = Counter(frame["direction"]) if rows else Counter()
    said = ", ".join(f"{counted[word]:,} {word}" for word in _DIRECTIONS if word in counted)
    intro = f"Compared with {run.compare_to}, as it was known at its end: {said or 'nothing to compare'}."
    return words.together([words.paragraphs(intro), words.table(frame, "No criterion was measured in both periods.")])


_DIRECTIONS = ("worse", "better", "the same", "not comparable")


def _change(run: Run, finding: Finding) -> dict[str, Any]:
    before = finding.compared
    assert before is not None
    now_name, before_name = str(run.period), str(run.compare_to)
    return {
        "criterion": finding.criterion.sentence,
        f"items {before_name}": before.population,
        f"items {now_name}": finding.counts.population,
        f"exceptions {before_name}": before.exceptions,
        f"exceptions {now_name}": finding.counts.exceptions,
        f"rate {before_name}": "" if before.rate is None else percent(before.rate),
        f"rate {now_name}": "" if finding.counts.rate is None else percent(finding.counts.rate),
        "direction": _direction(finding),
        "why, as far as it can be told": _why(finding),
    }


def _direction(finding: Finding) -> str:
    now, before = finding.counts.rate, finding.compared.rate if finding.compared else None
    if now is None or before is None:
        return "not comparable"
    return "worse" if now > before else "better" if now < before else "the same"


def _why(finding: Finding) -> str:
    before = finding.compared
    assert before is not None
    if finding.compared_status not in (None, finding.status):
        changed = f"was {STATUS_WORDS[finding.compared_status]}"
    else:
        changed = ""
    few = "" if min(before.population, finding.counts.population) >= FEW else f"fewer than {FEW} items in one of them"
    return "; ".join(part for part in (changed, few) if part)


# coverage ------------------------------------------------------------------------------------------------------------


def coverage(run: Run) -> Shown:
    """Every clause of the policy: what could evidence it, what tests it, how it stands, what remains to be attested."""
    frame = run.clauses()
    if frame.empty:
        return words.paragraphs("The chosen documents list no clauses.")
    counted = frame["status"].value_counts()
    told = ", ".join(f"{counted[word]:,} {word}" for word in STATUS_WORDS.values() if word in counted)
    intro = words.paragraphs(f"{len(frame):,} clauses: {told}. A clause stands as its worst criterion does.")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Clause", "What it says", "Evidence", "Tested by", "Status", "A person attests"))
    keys = {text: status for status, text in STATUS_WORDS.items()}
    body = []
    for section, clauses in frame.groupby("section", sort=False):
        body.append(f'<tr class="section"><th scope="rowgroup" colspan="6">{html_text(section)}</th></tr>')
        body += [_clause(row, keys) for row in clauses.to_dict("records")]
    page = f"<table class='coverage'><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    text = "\n".join(f"{row['clause']}: {row['status']}" for row in frame.to_dict("records"))
    return words.together([intro, Shown(page, text)])


def _clause(row: dict[Any, Any], keys: dict[str, str]) -> str:
    status = f'<span class="status {keys[row["status"]]}">{html_text(row["status"])}</span>'
    measures = html_text(row["measures"].replace("_", " ")) or "–"
    cells = [html_text(row["clause"]), html_text(row["text"]), html_text(row["evidence"]), measures, status, html_text(row["remains"])]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


# evidence ------------------------------------------------------------------------------------------------------------


def evidence(run: Run, arguments: dict[str, Any]) -> str:
    """Inputs and texts with hashes, versions, parameters, and how to repeat the audit, as markup."""
    told = run.evidence()
    inputs = run.inputs()[["table", "file", "rows", "bytes", "sha256"]].rename(columns={"table": "export"})
    hashes = [{"kind": kind, "text": name, "sha256": value} for kind, texts in told["texts"].items() for name, value in texts.items()]
    scalars = [{"parameter": name, "value": str(value), "assumed": "yes" if name in told["parameters"]["assumed"] else ""} for name, value in told["parameters"]["scalars"].items()]
    versions = [{"what": name, "version": value} for name, value in {**told["versions"], "engine": told["engine"]}.items()]
    return "".join(
        [
            "<h3>How to repeat it</h3>",
            f"<pre><code>{html_text(command(arguments))}</code></pre>",
            f"<p>The code and definitions of this suite hash to <code>{html_text(told['code_sha256'])}</code>.</p>",
            "<h3>Exports</h3>",
            _wide("Exports with hashes", words.table(inputs).html),
            _folded("Parameters", scalars),
            _folded("Texts of measures, shared steps, reference tables and criteria", hashes),
            _folded("Versions", versions),
        ]
    )


def command(arguments: dict[str, Any]) -> str:
    """The command line that makes the same report again."""
    parts = ["privacy-audit run", str(arguments["data"]), f"--period {arguments['period']}"]
    parts += [f"--criteria {criterion}" for criterion in arguments["criteria"]]
    parts += [f"--compare-to {arguments['compare_to']}"] if arguments["compare_to"] else []
    return " ".join(parts + (["--with-texts"] if arguments["with_texts"] else []))


def _folded(name: str, rows: Iterable[dict[str, str]]) -> str:
    shown = words.table(pd.DataFrame(list(rows))).html
    return f"<details><summary>{html_text(name)}</summary>{_wide(name, shown)}</details>"


def _wide(name: str, markup: str) -> str:
    return f'<div class="wide" role="region" tabindex="0" aria-label="{html_text(name)}">{markup}</div>'
