"""Plain words and safe markup: periods as sentences, escaped tables, things that display themselves in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from audit_lib.charts import chart_table
from audit_lib.disclosure import html_text
from audit_lib.vocabulary import Period


@dataclass(frozen=True)
class Shown:
    """Something that displays as markup in a notebook and the report, and as `text` anywhere else."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/html": self.html, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def day_words(day: date) -> str:
    """`30 September 2018`."""
    return f"{day.day} {day:%B %Y}"


def zone_words(zone: str) -> str:
    """`America/Los_Angeles` → `Los Angeles time`; UTC stays."""
    return "UTC" if zone in ("UTC", "Etc/UTC") else f"{zone.rsplit('/', 1)[-1].replace('_', ' ')} time"


def state_words(period: Period, zone: str) -> str:
    """`state at the end of 30 September 2018 (Los Angeles time)`."""
    return f"state at the end of {day_words(period.last_day)} ({zone_words(zone)})"


def span_words(period: Period) -> str:
    """`1 July to 30 September 2018`."""
    first, last = period.start, period.last_day
    if first.year != last.year:
        return f"{day_words(first)} to {day_words(last)}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_words(last)}" if first != last else day_words(last)
    return f"{first.day} {first:%B} to {day_words(last)}"


def paragraphs(*sentences: str) -> Shown:
    """Sentences, each a paragraph."""
    return Shown("".join(f"<p>{html_text(sentence)}</p>" for sentence in sentences), "\n".join(sentences))


def bullets(sentences: Iterable[str], none: str) -> Shown:
    """A list of sentences, or `none` as a sentence where it is empty."""
    sentences = list(dict.fromkeys(sentences))
    if not sentences:
        return paragraphs(none)
    return Shown(f"<ul>{''.join(f'<li>{html_text(s)}</li>' for s in sentences)}</ul>", "\n".join(f"- {s}" for s in sentences))


def table(frame: pd.DataFrame, none: str = "None.") -> Shown:
    """A frame as a table, escaped; `none` as a sentence where it has no rows."""
    if frame.empty:
        return paragraphs(none)
    text = frame.to_string(index=False, na_rep="", max_colwidth=80)
    return Shown(chart_table(frame), text)


def facts(pairs: Mapping[str, object]) -> str:
    """Names and values as a description list."""
    return f"<dl>{''.join(f'<div><dt>{html_text(k)}</dt><dd>{html_text(v)}</dd></div>' for k, v in pairs.items())}</dl>"


def together(parts: Sequence[Shown]) -> Shown:
    """Several shown things as one."""
    return Shown("".join(part.html for part in parts), "\n".join(part.text for part in parts))
