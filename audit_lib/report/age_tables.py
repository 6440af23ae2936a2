"""What notebooks show of the signals that a holder is under 13: the list of accounts, what reviews made of them, how well texts are read."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from audit_lib.age_quality import Quality, quality
from audit_lib.conclude import percent
from audit_lib.report import words
from audit_lib.report.words import Shown
from audit_lib.run import Run

ONLY_A_REASON = "A signal is a reason to look, never a decision about a person: a review decides. No text is shown, and none is kept."
MADE = (
    "Invented sentences with labels, more than half of them false alarms (`audit_lib/age_patterns/labelled.csv`). Sets named “held out” were "
    "written without sight of the patterns and tried after these were finished; the others helped to make them and flatter them."
)


def under_13_list(run: Run, limit: int = 20) -> Shown:
    """The open accounts with a score of one or more, the highest first, with their reasons."""
    frame = run.under_13_list(limit=limit)
    shown = frame.rename(columns={name: name.replace("_", " ") for name in frame.columns})
    for column in shown.columns:
        if shown[column].dtype == bool:
            shown[column] = shown[column].map({True: "yes", False: "no"})
    return words.together([words.table(shown, "No open account shows a signal."), words.paragraphs(ONLY_A_REASON)])


def signal_outcomes(run: Run) -> Shown:
    """What reviews decided of the accounts that showed each kind of signal: the weights can be held against it."""
    frame = run.signal_outcomes()
    shown = frame.rename(columns={name: name.replace("_", " ") for name in frame.columns})
    for column in [name for name in shown.columns if "share" in name]:
        shown[column] = ["" if pd.isna(value) else value for value in shown[column]]
    return words.table(shown, "No signal was noticed.")


def statement_quality() -> Shown:
    """Precision and recall of finding statements of age in texts, over all sentences with labels and per language."""
    rows = [_row(part) for part in quality()]
    return words.together([words.table(pd.DataFrame(rows)), words.paragraphs(MADE, ONLY_A_REASON)])


def _row(part: Quality) -> dict[str, object]:
    return {
        "language": part.language,
        "sentences": part.set,
        "statements": part.statements,
        "false alarms": part.false_alarms,
        "found": part.found,
        "wrongly found": part.wrongly_found,
        "precision": _share(part.precision),
        "recall": _share(part.recall),
    }


def _share(share: Fraction | None) -> str:
    return "" if share is None else percent(share)
