"""A table in the making: its rows as plain columns, and beside each row which exceptions were planted in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from audit_lib.sample.world import NA, Flags, Ints, Words

TRUTH = "_truth_"
NOTE = "_note"


@dataclass
class Frame:
    """Rows of one export table. `truth` maps a measure to the planted reason per row (None: no exception)."""

    table: str
    columns: dict[str, Any]
    truth: dict[str, Words] = field(default_factory=dict)
    notes: Words | None = None
    needs: Words | None = None

    def frame(self) -> pd.DataFrame:
        """All of it as one pandas frame, truth and notes in columns that are never exported."""
        data = dict(self.columns)
        size = len(next(iter(data.values())))
        for measure, reasons in self.truth.items():
            data[TRUTH + measure] = reasons
        data[NOTE] = np.full(size, "", dtype=object) if self.notes is None else self.notes
        return pd.DataFrame({name: _column(values) for name, values in data.items()})


def _column(values: Any) -> Any:
    """Words as categories: a million of them then cost as little as whole numbers."""
    if isinstance(values, np.ndarray) and values.dtype == object:
        return pd.Categorical(values)
    return values


def join(frames: list[pd.DataFrame], numbers: set[str]) -> pd.DataFrame:
    """Frames of one table one below the other; `numbers` are the columns whose gaps become NA instead of None."""
    names = list(dict.fromkeys(name for f in frames for name in f.columns))
    parts = []
    for frame in frames:
        lacking = {n: (NA if n in numbers else None) for n in names if n not in frame.columns}
        whole = {n: frame[n].fillna(NA) for n in frame.columns if n in numbers}
        whole_frame = frame.assign(**lacking).assign(**whole)[names]
        parts.append(whole_frame.astype({n: "int64" for n in names if n in numbers}))
    if len(parts) == 1:
        return parts[0]
    words = [n for n in names if n not in numbers]
    return pd.concat([p.astype(dict.fromkeys(words, "object")) for p in parts], ignore_index=True)


def number_rows(frame: pd.DataFrame, order: list[str], base: int) -> pd.DataFrame:
    """Sort by `order` (stable) and give each row its number, from `base` + 1."""
    frame = frame.sort_values(order, kind="stable", ignore_index=True)
    frame["_no"] = np.arange(base + 1, base + 1 + len(frame))
    return frame


def choose(condition: Flags, yes: Any, no: Any) -> Words:
    """Words by a condition; `yes` and `no` are columns, a word, or None for missing."""
    words = np.full(len(condition), None, dtype=object)
    words[condition] = yes[condition] if isinstance(yes, np.ndarray) else yes
    words[~condition] = no[~condition] if isinstance(no, np.ndarray) else no
    return words


def no_words(size: int) -> Words:
    """A column of words, all missing."""
    return np.full(size, None, dtype=object)


def no_numbers(size: int) -> Ints:
    """A column of whole numbers, all missing."""
    return np.full(size, NA, dtype=np.int64)
