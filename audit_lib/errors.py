"""Two kinds of error: what the user can mend (a sentence and an exit code) and what we did wrong (a traceback).

Messages never hold a value from a row of an export: names of files, tables, columns and criteria only.
"""

from __future__ import annotations

from collections.abc import Sequence


class AuditError(Exception):
    """Something the user can mend. Shown as its sentence, without a traceback."""

    exit_code = 2

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in a notebook: the sentence. The cell still fails."""
        return [f"{type(self).__name__}: {self}"]


class DefinitionError(AuditError):
    """A command line, criteria file, contract or measure folder that does not say what it must (exit code 2)."""

    exit_code = 2


class InputRefused(AuditError):
    """An export that cannot be read with certainty, refused whole (exit code 4)."""

    exit_code = 4


class NotebookFailed(Exception):
    """A notebook of ours that did not run to its end (exit code 1)."""


def raise_problems(problems: Sequence[str], what: str, kind: type[AuditError] = DefinitionError) -> None:
    """Raise `kind` once, naming every problem found, or do nothing when there is none."""
    if not problems:
        return
    head = f"{what}: {len(problems)} problem{'s' if len(problems) > 1 else ''}"
    raise kind("\n".join([head, *(f"  - {p}" for p in problems)]))
