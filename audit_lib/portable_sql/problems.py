"""Collects what is wrong with a text, with the line it stands on."""

from __future__ import annotations

from sqlglot import exp


def line_of(node: exp.Expr) -> int:
    """The first line (from 1) on which a word of `node` stands; that of its nearest ancestor if it has none of its own."""
    current: exp.Expr | None = node
    while current is not None:
        if lines := [n.meta["line"] for n in current.walk() if "line" in n.meta]:
            return int(min(lines))
        current = current.parent
    return 1


class Problems:
    """Problems found so far, each said once."""

    def __init__(self) -> None:
        self._found: set[tuple[int, str]] = set()

    def at(self, line: int, sentence: str) -> None:
        """Record a problem on a line."""
        self._found.add((line, sentence))

    def on(self, node: exp.Expr, sentence: str) -> None:
        """Record a problem with a part of the text."""
        self.at(line_of(node), sentence)

    def sentences(self) -> list[str]:
        """All problems in the order of the text: `line 3: …`."""
        return [f"line {line}: {sentence}" for line, sentence in sorted(self._found)]
