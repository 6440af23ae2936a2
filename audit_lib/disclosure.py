"""What may be shown: pseudonyms instead of identifiers, no small numbers in public, no cell that a program would run.

A pseudonym is an HMAC-SHA-256 of the identifier under a key that stays with the auditor: the same identifier always
gets the same pseudonym, and without the key nobody can go back by trying identifiers one after the other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from audit_lib.errors import DefinitionError

KEY_VARIABLE = "PRIVACY_AUDIT_KEY"
KEY_FILE_VARIABLE = "PRIVACY_AUDIT_KEY_FILE"
SHORTEST_KEY = 16
"""Characters of a key given as text, or bytes of one given as hexadecimal digits."""
SMALL = 5
"""Counts from 1 to one less than this are not printed in the public edition."""

_PREFIX = {
    "account": "acc",
    "device": "dev",
    "recipient": "rcp",
    "record": "rec",
    "request": "req",
    "consent_event": "con",
}


class Pseudonyms:
    """Turns identifiers into pseudonyms under one key.

    >>> Pseudonyms(b"an example key of some length").of("account", "a1")
    'acc-ibxru62n26vg'
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < SHORTEST_KEY:
            raise DefinitionError(
                f"The key for pseudonyms is too short: give {KEY_VARIABLE} at least {SHORTEST_KEY} characters."
            )
        self._key = key

    def of(self, space: str, identifier: str) -> str:
        """The pseudonym of an identifier of a space (`account`, `device`, `recipient` …): `acc-` and 12 characters.

        The space is part of what is hashed: an account and a device with the same identifier differ. Twelve base32
        characters are 60 bits: among 100 million identifiers of a space two share a pseudonym with a chance of 0.5 %.
        """
        message = f"{space}\0{identifier}".encode()
        digest = hmac.new(self._key, message, hashlib.sha256).digest()
        return f"{_PREFIX.get(space, space[:3])}-{base64.b32encode(digest)[:12].decode().lower()}"

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for another purpose than pseudonyms: from it the auditor's key cannot be found."""
        return hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "Pseudonyms(key not shown)"


def load_pseudonyms(reports: Path | None = None, environment: Mapping[str, str] | None = None) -> Pseudonyms:
    """The auditor's pseudonyms: the key from `PRIVACY_AUDIT_KEY`, else from the key file, made at the first use.

    The file is named by `PRIVACY_AUDIT_KEY_FILE`, else it is `privacy-audit/key` in the user's data folder. It may not
    lie in the folder `reports`, which is handed on. Raises DefinitionError with the remedy.
    """
    environment = os.environ if environment is None else environment
    if text := environment.get(KEY_VARIABLE, "").strip():
        return Pseudonyms(_key_bytes(text))
    path = key_file(environment)
    if reports is not None and path.resolve().is_relative_to(reports.resolve()):
        raise DefinitionError(
            f"The key file {path} lies in the reports folder, which is handed on; name another place in {KEY_FILE_VARIABLE}."
        )
    return Pseudonyms(_key_bytes(_read_or_make(path)))


def key_file(environment: Mapping[str, str]) -> Path:
    """Where the key file is, or would be made."""
    if named := environment.get(KEY_FILE_VARIABLE, "").strip():
        return Path(named).expanduser()
    if os.name == "nt" and (local := environment.get("LOCALAPPDATA")):
        return Path(local) / "privacy-audit" / "key"
    data = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "privacy-audit" / "key"


def _key_bytes(text: str) -> bytes:
    """A key written as hexadecimal digits stands for its bytes, any other text for itself."""
    if re.fullmatch(r"(?:[0-9a-fA-F]{2}){16,}", text):
        return bytes.fromhex(text)
    return text.encode()


def _read_or_make(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read(path)
        key = secrets.token_hex(32)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{key}\n")
        return key
    except OSError as error:
        raise DefinitionError(
            f"The key file {path} cannot be read or made ({error.strerror}); name another in {KEY_FILE_VARIABLE} "
            f"or give the key in {KEY_VARIABLE}."
        ) from None


def _read(path: Path) -> str:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise DefinitionError(f"The key file {path} can be read by others; run `chmod 600` on it.")
    try:
        return path.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise DefinitionError(f"The key file {path} does not hold text; remove it, and a new key is made.") from None


# small numbers -------------------------------------------------------------------------------------------------------


def is_small(count: int) -> bool:
    """Whether a number of persons or items is too small to print in public: 1 to 4. Nothing, 0, tells of nobody."""
    return 0 < count < SMALL


def suppress_count(count: int, whole: int) -> int | None:
    """`count` out of `whole`, or None where it, or what is left of the whole, is small."""
    return None if is_small(count) or is_small(whole - count) else count


def suppress_parts(parts: Mapping[str, int]) -> dict[str, int | None]:
    """The parts of a printed total without those that tell of few: None stands for "fewer than 5, or withheld".

    Every part from 1 to 4 is withheld. If what is withheld adds up to less than 5, or is a single part, the total would
    give it away, so the smallest remaining part above 0 is withheld too (the first of equal ones). Parts that are 0 are
    printed.
    """
    withheld = {name for name, count in parts.items() if is_small(count)}
    if not withheld:
        return dict(parts)
    others = sorted((n for n in parts if n not in withheld and parts[n]), key=lambda n: parts[n])
    while others and (len(withheld) < 2 or is_small(sum(parts[n] for n in withheld))):
        withheld.add(others.pop(0))
    return {name: None if name in withheld else count for name, count in parts.items()}


def shown(count: int | None) -> str:
    """A count as the public edition prints it."""
    return "withheld" if count is None else f"{count:,}"


# cells and pages -----------------------------------------------------------------------------------------------------

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_cell(value: object) -> object:
    """A value as it may stand in a CSV cell: text that a spreadsheet would run as a formula gets an apostrophe before it.

    Numbers stay numbers (−5 is not a formula); None stays empty. Source: OWASP, "CSV Injection".
    """
    if isinstance(value, str) and value.lstrip(" \ufeff").startswith(_FORMULA):
        return f"'{value}"
    return value


def html_text(value: object) -> str:
    """A value as text between tags or inside a quoted attribute; None is empty."""
    return "" if value is None else html.escape(str(value), quote=True)
