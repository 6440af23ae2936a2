"""What the notebooks call: open the run, and show criteria, figures, completeness and limits, all escaped.

Nothing here computes a figure of its own or queries: everything comes from the run's observations and findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from audit_lib.charts import Deadline
from audit_lib.charts.cells import label
from audit_lib.conclude import percent
from audit_lib.disclosure import html_text
from audit_lib.report import areas, words
from audit_lib.report.age_tables import signal_outcomes, statement_quality, under_13_list
from audit_lib.report.consent_tables import opt_in, record_fields
from audit_lib.report.sections import changes, coverage, verdict
from audit_lib.report.waits import differences, nothing, readings, request_metrics, shine_the_light, waiting
from audit_lib.report.words import Shown
from audit_lib.run import Observed, Run, open_run
from audit_lib.run.run import STATUS_WORDS
from audit_lib.vocabulary import Kind

ENOUGH = 30
"""Tested items below which no interval is printed."""
MONTH_DAYS = 30
"""Where a deadline of one month is drawn on an axis of days: months have 28 to 31, the label says "month"."""


def open_for_notebook(
    data: str, *, period: str, criteria: Iterable[str] = (), compare_to: str = "", with_texts: bool = False
) -> Run:
    """`open_run` with the parameters of a notebook.

    A relative `data` that does not exist where the notebook runs is looked for in the folders above, so that a notebook
    opened in JupyterLab from the folder `notebooks` finds what papermill finds from the root of the repository. The
    same holds for criteria files.
    """
    chosen = [_found(criterion) if criterion.endswith(".toml") else criterion for criterion in criteria]
    return open_run(_found(data), period=period, criteria=chosen, compare_to=compare_to or None, with_texts=with_texts)


def _found(path: str) -> str:
    given = Path(path)
    if given.is_absolute() or given.exists():
        return path
    here = Path.cwd()
    return next((str(folder / given) for folder in here.parents if (folder / given).exists()), path)


def title(run: Run) -> Shown:
    """Whom and what the run is about: controller, documents, period."""
    zone = run.catalogue.zone.key
    controller = next((d.controller for d in run.catalogue.documents if d.controller), "not named")
    documents = "; ".join(f"{d.title} ({d.version})" for d in run.catalogue.documents)
    sentences = [f"Controller: {controller}.", f"Held against: {documents}.", f"Period: {words.span_words(run.period)}; {words.state_words(run.period, zone)}."]
    return words.paragraphs(*sentences)


# the question --------------------------------------------------------------------------------------------------------


def question(observed: Observed) -> Shown:
    """What a measure asks, what counts as an exception, and why it matters."""
    m = observed.measure
    judged = f"An exception: {m.exception}. " if m.kind in (Kind.FLOW, Kind.STOCK) else ""
    text = f"One item is one {m.item}. {judged}{m.why_it_matters}"
    return Shown(f"<p><strong>{html_text(m.question)}</strong> {html_text(text)}</p>", f"{m.question} {text}")


def criteria(run: Run, area: str) -> Shown:
    """The criteria of an area, quoted by section and law, each with what was found; those without a measure after them."""
    findings = areas.findings_in(run, area)
    measured = [f for f in findings if f.measure]
    if not findings:
        return words.paragraphs("No criterion of the chosen documents belongs to this chapter.")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Criterion", "Source", "Status", "Finding"))
    rows = "".join(_criterion_row(finding) for finding in measured)
    page = f"<table class='criteria'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if measured else ""
    text = "\n".join(f"{STATUS_WORDS[f.status]}: {f.criterion.sentence} [{areas.where_from(f.criterion)}] {f.sentence}" for f in measured)
    return words.together([Shown(page, text), _to_attest([f for f in findings if not f.measure])])


def _criterion_row(finding: Any) -> str:
    notes = "".join(f"<li>{html_text(note)}</li>" for note in finding.notes)
    return (
        f'<tr id="criterion-{html_text(finding.criterion.id)}"><td>{html_text(finding.criterion.sentence)}</td>'
        f"<td>{html_text(areas.where_from(finding.criterion))}</td>"
        f'<td><span class="status {finding.status}">{STATUS_WORDS[finding.status]}</span></td>'
        f"<td>{html_text(finding.sentence)}{f'<ul class=notes>{notes}</ul>' if notes else ''}</td></tr>"
    )


def _to_attest(findings: Sequence[Any]) -> Shown:
    if not findings:
        return Shown("", "")
    items = "".join(
        f'<li id="criterion-{html_text(f.criterion.id)}"><p>{html_text(f.criterion.sentence)} '
        f'<span class="source">{html_text(areas.where_from(f.criterion))}</span></p>'
        f'<p class="quiet">{html_text(f.criterion.attestation)}</p></li>'
        for f in findings
    )
    head = f"{len(findings):,} {'criterion' if len(findings) == 1 else 'criteria'} of this chapter could not be assessed from logs"
    page = f"<details class='attest'><summary>{head}</summary><ul class='plain'>{items}</ul></details>"
    return Shown(page, "\n".join([f"{head}:", *(f"- {f.criterion.sentence}" for f in findings)]))


# is the log complete -------------------------------------------------------------------------------------------------


def completeness(run: Run, area: str) -> Shown:
    """How complete the exports are that the measures of an area read: rows, faults, reach, silent days, extraction."""
    read = sorted({table for m in run.catalogue.measures.values() if m.area == area for table in m.reads})
    frame = _reach(run)
    frame = frame[frame["export"].isin(read)]
    silent = run.silent_days()
    notes = [f"{name!s} has no rows on {len(days):,} days of the period, though it is declared to have them every day." for name, days in silent.groupby("table") if name in read]
    late = [name for name in run.late_extractions() if name in read]
    notes += [f"{name} was extracted more than 31 days after the end of the period: columns that a system overwrites show a later state." for name in late]
    return words.together([words.table(frame, "The measures of this chapter read no export."), words.bullets(notes, "No day without rows, no late extraction.")])


def _reach(run: Run) -> pd.DataFrame:
    inputs = run.inputs().groupby("table")[["rows", "accepted", "quarantined"]].sum()
    declared = run.coverage().set_index("table_name")
    rows = []
    for name in declared.index:
        counts = inputs.loc[name].to_dict() if name in inputs.index else {"rows": None, "accepted": None, "quarantined": None}
        rows.append(
            {
                "export": name,
                **counts,
                "reaches back to": declared.loc[name, "covers_from_day"] or "not declared",
                "extracted on": declared.loc[name, "extracted_day"] or "not declared",
                "deleted rows kept": _yes(declared.loc[name, "keeps_deleted"]),
            }
        )
    return pd.DataFrame(rows)


def _yes(value: Any) -> str:
    return "not declared" if pd.isna(value) else "yes" if value else "no"


def reconciliation(run: Run) -> Shown:
    """Per file: rows in = accepted + quarantined + duplicate + superseded + left out."""
    frame = run.inputs()[["table", "file", "rows", "accepted", "quarantined", "duplicate", "superseded", "left_out"]]
    return words.table(frame.rename(columns={"table": "export", "left_out": "left out"}), "No export was read.")


def read_as(run: Run) -> Shown:
    """How every file is written: what was declared and what was found."""
    frame = run.inputs()[["table", "file", "records", "read_as", "adapter"]]
    shown = frame.rename(columns={"table": "export", "read_as": "read as"})
    return words.table(shown if shown["adapter"].any() else shown.drop(columns=["adapter"]), "No export was read.")


def left_out(run: Run) -> Shown:
    """Rows that adapters leave out, by reason."""
    return words.table(run.left_out().rename(columns={"table": "export"}), "No adapter leaves out a row.")


def balance(run: Run) -> Shown:
    """Whether the reconciliation adds up, in a sentence."""
    frame = run.inputs()
    parts = frame[["accepted", "quarantined", "duplicate", "superseded", "left_out"]].sum(axis=1)
    off = int((parts != frame["rows"]).sum())
    rows, accepted = int(frame["rows"].sum()), int(frame["accepted"].sum())
    adds_up = "every row is accounted for" if not off else f"in {off:,} files rows are not accounted for"
    return words.paragraphs(f"{rows:,} rows in {len(frame):,} files; {accepted:,} accepted; {adds_up}.")


def faults(run: Run) -> Shown:
    """What was wrong in the exports and what became of it."""
    frame = run.faults()
    for column in ("kind", "effect"):
        frame[column] = frame[column].map(label)
    return words.table(frame.rename(columns={"table": "export"}), "No faulty row or value.")


def rule_breaks(run: Run) -> Shown:
    """Rows that break a rule across columns or tables."""
    frame = run.rule_breaks()
    frame["rule"] = frame["rule"].map(label)
    return words.table(frame.rename(columns={"table": "export"}), "No row breaks a rule across columns or tables.")


def vanished(run: Run) -> Shown:
    """Keys that an earlier report knew and that are gone without a day of deletion, and data that came late, per export."""
    return words.together([_vanished(run), _late(run)])


def _late(run: Run) -> Shown:
    """What the exports say otherwise of the time that an earlier report covered."""
    frame = run.late()
    if frame.empty:
        return words.paragraphs("No earlier report was at hand to tell whether data came late.")
    told = [*run.late_sentences(), *run.overwritten_sentences()]
    differs = frame[["late", "changed", "gone", "overwritten"]].sum(axis=1) > 0
    shown = frame[differs][["table", "of", "counted", "late", "changed", "gone", "overwritten"]].rename(
        columns={"table": "export", "of": "known to the earlier report", "late": "came late", "changed": "changed after the fact"}
    )
    said = words.bullets(told, "No data came late since the earlier report, and none was changed after the fact.")
    return words.together([words.table(shown), said] if differs.any() else [said])


def _vanished(run: Run) -> Shown:
    frame = run.vanished()
    if frame.empty:
        return words.paragraphs("No earlier report with keys to compare with was at hand.")
    shown = frame[["table", "of", "vanished", "out_of_reach"]].rename(
        columns={"table": "export", "of": "known to the earlier report", "out_of_reach": "from before the export's reach"}
    )
    told = run.vanished_sentences()
    return words.together([words.table(shown), words.bullets(told, "No key has vanished since the earlier report.")])


def reach(run: Run) -> Shown:
    """How far each export reaches and what the exporter declares of it."""
    return words.table(_reach(run))


def silence(run: Run) -> Shown:
    """Days without a row, of exports declared to have rows every day."""
    frame = run.silent_days()
    frame["day"] = [str(day) for day in frame["day"]]
    return words.table(frame.rename(columns={"table": "export"}), "No export declared daily has a day without rows.")


# figures -------------------------------------------------------------------------------------------------------------


def figures(*observed: Observed) -> Shown:
    """The figures of measures: n, exceptions, untestable, rate, and the interval "if this period were a sample"."""
    return words.together([*(words.paragraphs(o.sentence()) for o in observed), words.table(pd.DataFrame([_figure(o) for o in observed]))])


def _figure(observed: Observed) -> dict[str, Any]:
    counts = observed.counts
    measured, judged = observed.observation.measured, observed.measure.kind in (Kind.FLOW, Kind.STOCK)
    return {
        "measure": observed.measure.title,
        "n": counts.population if measured else None,
        "exceptions": counts.exceptions if measured and judged else None,
        "could not be tested": counts.untestable if measured else None,
        "rate": percent(counts.rate) if judged and counts.rate is not None else "",
        "if this period were a sample": _interval(observed) if measured and judged else "",
        "persons": observed.observation.accounts_with_exception if measured and judged else None,
    }


def _interval(observed: Observed) -> str:
    if observed.counts.tested < ENOUGH or observed.interval is None:
        return f"fewer than {ENOUGH} tested"
    low, high = observed.interval
    return f"{low:.1%} to {high:.1%}".replace("%", " %")


def by_reason(observed: Observed) -> Shown:
    """Items by reason, with what each means."""
    frame = observed.reasons()
    frame = frame[frame["items"] > 0][["meaning", "items"]].rename(columns={"meaning": "reason"})
    return words.table(frame, nothing(observed))


def exceptions_by(observed: Observed, group: str) -> Shown:
    """Exceptions by the words of a group, most first; words without exceptions are summed up in one sentence."""
    if not observed.observation.measured:
        return words.paragraphs(nothing(observed))
    frame = observed.by(group)
    bad = frame[frame["exceptions"] > 0]
    named = observed.measure.groups[group]
    if bad.empty:
        return words.paragraphs(f"No exception, whatever the {named}.")
    shown = pd.DataFrame(
        {
            named: bad[group].map(label),
            "items": bad["population"],
            "exceptions": bad["exceptions"],
            "could not be tested": bad["untestable"],
            "share": bad["rate"],
        }
    )
    rest = len(frame) - len(bad)
    return words.together([words.table(shown), *([words.paragraphs(f"{rest:,} more without an exception.")] if rest else [])])


def amounts(observed: Observed) -> Shown:
    """The sums of a volume: persons, records, bytes."""
    sums = observed.observation.sums
    frame = pd.DataFrame([{"amount": observed.measure.sums[name], "sum": value} for name, value in sums.items()])
    return words.table(frame, nothing(observed))


# limits --------------------------------------------------------------------------------------------------------------


def limits(*observed: Observed) -> Shown:
    """What a reader must know before acting on the figures: caveats of the definitions and notes of this run."""
    sentences = [text for o in observed for text in (*o.measure.caveats, *map(_sentence, o.observation.notes))]
    return words.bullets(sentences, "None are known.")


def _sentence(note: str) -> str:
    return note if note.endswith(".") else f"{note[:1].upper()}{note[1:]}."


def grace(run: Run) -> list[Deadline]:
    """The grace after closing, for the chart of deletion; that of single kinds of data is left out."""
    days = run.catalogue.parameters.scalars["grace_days"]
    return [Deadline(int(days), f"grace: {days} days")]


def deadlines(run: Run, observed: Observed) -> list[Deadline]:
    """The times to answer that the laws of the observed requests set, for the chart of response times."""
    table = run.catalogue.reference.get("deadline")
    if table is None or not observed.observation.measured:
        return []
    present = {regime for regime, counts in observed.observation.groups.get("regime", {}).items() if counts.population}
    day = (run.period.last_day.toordinal()) - 719163
    rows = table.rows
    rows = rows[rows["regime"].isin(present) & (rows["first_day"] <= day) & (rows["last_day"] >= day)]
    laws: dict[tuple[int, str], set[str]] = {}
    for regime, amount, unit in rows[["regime", "amount", "unit"]].itertuples(index=False):
        if unit in ("day", "month") and not pd.isna(amount):
            laws.setdefault((int(amount), unit), set()).add(regime)
    found = [Deadline(n * (MONTH_DAYS if unit == "month" else 1), f"{n} {unit}{'s' if n > 1 else ''}: {', '.join(sorted(names))}") for (n, unit), names in laws.items()]
    return sorted(found, key=lambda deadline: (deadline.days, deadline.name))


__all__ = [
    "amounts",
    "balance",
    "by_reason",
    "changes",
    "completeness",
    "coverage",
    "criteria",
    "deadlines",
    "differences",
    "exceptions_by",
    "faults",
    "figures",
    "grace",
    "limits",
    "open_for_notebook",
    "opt_in",
    "question",
    "reach",
    "readings",
    "reconciliation",
    "record_fields",
    "request_metrics",
    "rule_breaks",
    "shine_the_light",
    "signal_outcomes",
    "silence",
    "statement_quality",
    "title",
    "under_13_list",
    "vanished",
    "verdict",
    "waiting",
]
