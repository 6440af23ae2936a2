"""Writes and reads the core segment of TC strings in plain Python, field by field as the specification lists them.

Independent of the adapter's SQL: whole strings, one bit at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
FIELDS = (
    ("version", 6), ("created", 36), ("last_updated", 36), ("cmp_id", 12), ("cmp_version", 12), ("consent_screen", 6),
    ("language_1", 6), ("language_2", 6), ("vendor_list_version", 12), ("policy_version", 6), ("is_service_specific", 1),
    ("use_non_standard_texts", 1), ("special_features", 12), ("purposes", 24), ("legitimate_interests", 24),
    ("purpose_one_treatment", 1), ("country_1", 6), ("country_2", 6), ("max_vendor", 16), ("is_range", 1),
)  # fmt: skip


def deciseconds(text: str) -> int:
    """Tenths of a second since 1970, of an ISO instant."""
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 10)


def first_bits(numbers: Iterable[int], width: int) -> int:
    """A field in which bit n, counted from 1, stands for number n."""
    return sum(1 << (width - number) for number in set(numbers))


def write(
    updated: str, given: Iterable[int], *, policy: int = 4, one_treatment: int = 0, version: int = 2, vendors: int = 20
) -> str:
    """A core segment, created when it was updated, in French, with as many vendors."""
    values = {
        "version": version, "created": deciseconds(updated), "last_updated": deciseconds(updated), "cmp_id": 300, "cmp_version": 2,
        "consent_screen": 1, "language_1": ord("F") - 65, "language_2": ord("R") - 65, "vendor_list_version": 230,
        "policy_version": policy, "is_service_specific": 1, "purposes": first_bits(given, 24),
        "legitimate_interests": first_bits([2, 7], 24), "purpose_one_treatment": one_treatment, "country_1": ord("D") - 65,
        "country_2": ord("E") - 65, "max_vendor": vendors,
    }  # fmt: skip
    bits = "".join(format(values.get(name, 0), f"0{width}b") for name, width in FIELDS) + "10" * (vendors // 2)
    bits += "0" * (12 + -(len(bits) + 12) % 24)
    return "".join(ALPHABET[int(bits[start : start + 6], 2)] for start in range(0, len(bits), 6))


def read(string: str) -> dict[str, int]:
    """Every field of the core segment."""
    bits = "".join(format(ALPHABET.index(letter), "06b") for letter in string.split(".", maxsplit=1)[0])
    values, start = {}, 0
    for name, width in FIELDS:
        values[name] = int(bits[start : start + width], 2)
        start += width
    return values


def purposes(string: str) -> dict[int, bool]:
    """Purpose → consent."""
    bits = format(read(string)["purposes"], "024b")
    return {number: bits[number - 1] == "1" for number in range(1, 25)}
