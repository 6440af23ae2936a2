"""Reads a text: what its words alone tell, and the one query in it."""

from __future__ import annotations

import re
from itertools import zip_longest

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, SqlglotError, TokenError

from audit_lib.portable_sql.problems import Problems
from audit_lib.portable_sql.words import BEFORE_BRACKET, FUNCTIONS

_REFUSED_WORDS = {
    "isnull": "write `is null`",
    "notnull": "write `is not null`",
    "nulls": "order by columns that cannot be NULL instead of saying where NULLs go",
}
_WORD = re.compile(r"[A-Za-z_]\w*\Z")


def check_words(sql: str, problems: Problems) -> bool:
    """Check the words of `sql`; False when it cannot even be cut into words."""
    try:
        tokens = sqlglot.tokenize(sql)
    except TokenError as error:
        line = re.search(r"line:? ?(\d+)", str(error))
        problems.at(int(line[1]) if line else 1, "a quotation or comment is not closed, or a character has no meaning")
        return False
    for before, token, after in zip_longest([None, *tokens[:-1]], tokens, tokens[1:]):
        if token is not None:
            _check_word(token, after, problems)
            _check_from(before, token, problems)
    return True


def _check_from(before: Token | None, token: Token, problems: Problems) -> None:
    """DuckDB takes a query that begins with `from`; the others do not."""
    if token.token_type == TokenType.FROM and (before is None or before.text.lower() in ("(", "all")):
        problems.at(token.line, "a query begins with `select` or `with`")


def _check_word(token: Token, after: Token | None, problems: Problems) -> None:
    word = token.text.lower()
    if token.token_type == TokenType.STRING:
        if "\\" in token.text:
            problems.at(token.line, "a backslash in a word means something else on Spark; leave it out")
        return
    if token.token_type == TokenType.NUMBER:
        _check_number(token, after, problems)
    elif token.token_type == TokenType.SEMICOLON:
        problems.at(token.line, "a text is one query without a semicolon")
    elif token.token_type == TokenType.HINT:
        problems.at(token.line, "hints are not part of the subset")
    elif token.token_type == TokenType.DCOLON:
        problems.at(token.line, "`::` is not part of the subset; the only cast is `cast(null as integer)`")
    elif token.text == "==":
        problems.at(token.line, "write `=` for equality")
    elif word in _REFUSED_WORDS:
        problems.at(token.line, f"`{word}` is not part of the subset; {_REFUSED_WORDS[word]}")
    elif _is_call(token, after) and word not in FUNCTIONS | BEFORE_BRACKET:
        problems.at(
            token.line, f"`{word}(…)` is not part of the subset; its functions are {', '.join(sorted(FUNCTIONS))}"
        )


def _is_call(token: Token, after: Token | None) -> bool:
    is_word = token.token_type != TokenType.IDENTIFIER and _WORD.match(token.text) is not None
    return is_word and after is not None and after.token_type == TokenType.L_PAREN


def _check_number(token: Token, after: Token | None, problems: Problems) -> None:
    runs_on = after is not None and after.start == token.end + 1 and (after.text[0].isalpha() or after.text[0] == "_")
    if not (token.text.isascii() and token.text.isdigit()) or runs_on:
        problems.at(token.line, "numbers are whole, written in digits only")


def parse(sql: str, problems: Problems) -> exp.Expr | None:
    """The query in `sql`; None, with a problem recorded, when there is none or it cannot be read."""
    try:
        statements = [s for s in sqlglot.parse(sql) if s is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        problems.at(int(first.get("line") or 1), f"cannot be read: {first.get('description') or 'not SQL'}".rstrip("."))
        return None
    except (SqlglotError, RecursionError):
        problems.at(1, "cannot be read: nested too deeply or not SQL")
        return None
    if len(statements) != 1:
        problems.at(1, f"a text is one query; here are {len(statements)}")
        return None
    if not isinstance(statements[0], exp.Select | exp.SetOperation | exp.Subquery):
        problems.on(statements[0], "a text is one query: `select …` or `with … select …`")
        return None
    return statements[0]
