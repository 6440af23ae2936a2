"""What building a report gave: where it is, what is missing from it, how the findings stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Hole:
    """A chapter that could not be made, and why, in one sentence."""

    notebook: str
    title: str
    why: str

    def __str__(self) -> str:
        return f"{self.title}: {self.why}"


@dataclass(frozen=True)
class ReportResult:
    """A finished report folder."""

    folder: Path
    report: Path
    """`report.html` in the folder."""
    holes: tuple[Hole, ...]
    """Empty when every chapter was made."""
    results: Mapping[str, Any]
    """The object of `findings.json`."""
    earlier: Path | None = None
    """Where the report that stood here before was moved to."""
