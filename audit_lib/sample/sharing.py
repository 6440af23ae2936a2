"""Recipients, the transfer tools agreed with them, and the transfers. Every transfer follows one of `ROUTES`.

Companies other than those of the Rakuten group are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from audit_lib.sample.frames import Frame, choose, no_words
from audit_lib.sample.world import (
    AS_OF,
    LOG_START,
    NA,
    Q3,
    Ints,
    Words,
    day,
    days_between,
    instant,
    pick,
)

PER_ACCOUNT = 0.30
EVER = "2030-12-31"

RECIPIENTS: tuple[tuple[Any, ...], ...] = (
    # id, name, type, country, registered, contract from, to, direct marketing
    ("RAK-JP", "Rakuten, Inc.", "group_company", "JP", "2016-12-24", None, None, 0),
    ("RAK-EU", "Rakuten Europe S.à r.l.", "group_company", "LU", "2016-12-24", None, None, 0),
    ("EBATES", "Ebates Inc.", "group_company", "US", "2016-12-24", None, None, 1),
    ("RAK-SG", "Rakuten Asia Pte. Ltd.", "group_company", "SG", "2016-12-24", None, None, 0),
    ("RAK-KR", "Rakuten group office Korea", "group_company", "KR", "2017-02-01", None, None, 0),
    ("NORTHWAY", "Northway Analytics Example, Inc.", "service_provider", "US", "2016-09-01", "2016-09-01", None, 0),
    ("BLUEPEAK", "Bluepeak Messaging Example, Inc.", "service_provider", "US", "2016-09-01", "2016-09-01", None, 0),
    ("CLOUDHARB", "Cloudharbor Hosting Example LLC", "service_provider", "US", "2014-03-01", "2014-03-01", None, 0),
    ("HELPLINE", "Helpline Desk Example, Inc.", "service_provider", "US", "2016-10-01", "2016-10-01", None, 0),
    ("MAILCHECK", "Mailcheck Verify Example, Inc.", "service_provider", "US", "2015-05-25", "2015-05-25", None, 0),
    ("KUMO", "Kumo Subtitles Example KK", "service_provider", "JP", "2015-01-15", "2015-01-15", None, 0),
    ("LIONCITY", "Lion City Storage Example Pte. Ltd.", "service_provider", "SG", "2015-01-15", "2015-01-15", None, 0),
    ("CHENNAI", "Chennai Moderation Example Pvt. Ltd.", "service_provider", "IN", "2017-11-01", "2017-11-01", None, 0),
    ("MANILA", "Manila Support Example Corp.", "service_provider", "PH", "2017-06-01", "2017-06-01", None, 0),
    ("ALPINE", "Alpine Pay Example AG", "service_provider", "CH", "2016-01-01", "2016-01-01", None, 0),
    ("HANOK", "Hanok Ad Network Example Co.", "advertiser", "KR", "2017-03-01", None, None, 1),
    ("ADLUMEN", "Adlumen Example, Inc.", "advertiser", "US", "2016-11-01", None, None, 1),
    ("MARQUEE", "Marquee Contests Example LLC", "business_partner", "US", "2018-02-01", None, None, 1),
    ("SEOULFAN", "Seoul Fan Events Example", "business_partner", "KR", "2018-03-15", None, None, 1),
    ("LUXCOURT", "Example court, Luxembourg", "authority", "LU", "2018-01-10", None, None, 0),
)

TOOLS: tuple[tuple[str, str, str, str, str | None], ...] = (
    ("RAK-JP", "bcr", "BCR-RAK-EU", "2016-12-24", None),
    ("RAK-EU", "bcr", "BCR-RAK-EU", "2016-12-24", None),
    ("EBATES", "bcr", "BCR-RAK-EU", "2016-12-24", None),
    ("RAK-SG", "bcr", "BCR-RAK-EU", "2016-12-24", EVER),
    ("RAK-KR", "bcr", "BCR-RAK-EU", "2017-02-01", None),
    ("NORTHWAY", "adequacy", "PRIVACY-SHIELD", "2016-10-10", None),
    ("BLUEPEAK", "scc", "SCC-2010-C2P", "2016-09-01", None),
    ("CLOUDHARB", "scc", "SCC-2010-C2P", "2014-03-01", None),
    ("CLOUDHARB", "adequacy", "PRIVACY-SHIELD", "2016-08-15", "2019-08-14"),
    ("HELPLINE", "adequacy", "PRIVACY-SHIELD", "2016-10-01", "2018-06-30"),
    ("MAILCHECK", "scc", "SCC-2010-C2P", "2015-05-25", "2018-05-24"),
    ("MAILCHECK", "scc", "SCC-2010-C2P", "2018-08-20", None),
    ("KUMO", "scc", "SCC-2010-C2P", "2015-01-15", None),
    ("LIONCITY", "scc", "SCC-2010-C2P", "2015-01-15", None),
    ("CHENNAI", "scc", "SCC-2010-C2P", "2017-11-01", None),
    ("MANILA", "scc", "SCC-2010-C2P", "2017-06-01", None),
    ("HANOK", "scc", "SCC-2004-C2C", "2017-03-01", None),
    ("ADLUMEN", "adequacy", "PRIVACY-SHIELD", "2016-11-01", None),
)


@dataclass(frozen=True)
class Route:
    """One kind of transfer: what goes where, under which tool, how often, and what is wrong with it, if anything."""

    recipient: str
    destination: str
    categories: tuple[str, ...]
    purpose: str
    tool: str | None
    weight: float
    first: str = "2018-01-01"
    last: str = "2018-09-30"
    undeclared: bool = False
    fault: str | None = None
    note: str = ""


ROUTES: tuple[Route, ...] = (
    Route("RAK-JP", "JP", ("registration", "usage"), "research", "bcr", 12, note="JP before adequacy, under BCR"),
    Route("RAK-EU", "LU", ("registration", "transaction"), "service_delivery", None, 6),
    Route("EBATES", "US", ("registration",), "marketing", "bcr", 5),
    Route("RAK-SG", "SG", ("registration", "usage", "profile"), "service_delivery", "bcr", 9),
    Route("RAK-KR", "KR", ("usage", "user_content"), "service_delivery", "bcr", 5),
    Route("NORTHWAY", "US", ("usage", "device"), "research", "adequacy", 11),
    Route("NORTHWAY", "US", ("usage",), "research", None, 2, note="no tool named; certified all the same"),
    Route("BLUEPEAK", "US", ("registration", "profile"), "marketing", "scc", 10),
    Route("CLOUDHARB", "US", ("usage", "user_content", "device"), "service_delivery", "scc", 9),
    Route("CLOUDHARB", "US", ("cookies", "device"), "service_delivery", "adequacy", 4),
    Route("HELPLINE", "US", ("support",), "service_delivery", "adequacy", 5, last="2018-06-30"),
    Route("MAILCHECK", "US", ("registration",), "security", "scc", 2, last="2018-05-24"),
    Route("MAILCHECK", "US", ("registration",), "security", "scc", 2, first="2018-08-20"),
    Route("KUMO", "JP", ("user_content",), "service_delivery", "scc", 5),
    Route("LIONCITY", "SG", ("user_content", "usage"), "service_delivery", "scc", 5),
    Route("HANOK", "KR", ("cookies", "device"), "advertising", "scc", 4),
    Route("ADLUMEN", "US", ("cookies", "device"), "advertising", "adequacy", 7),
    Route("MARQUEE", "US", ("registration",), "promotions", "derogation", 1, first="2018-03-01"),
    Route("MARQUEE", "US", ("profile",), "promotions", "consent", 1.5, first="2018-03-01"),
    Route("SEOULFAN", "KR", ("registration",), "promotions", "contract", 1, first="2018-04-01"),
    # Planted.
    Route("CHENNAI", "IN", ("user_content",), "service_delivery", "scc", 1.6, undeclared=True,
          note="destination IN is not in the policy; the tool is valid"),
    Route("MANILA", "PH", ("support",), "service_delivery", "scc", 1.3, first="2018-06-01", undeclared=True,
          note="destination PH is not in the policy; the tool is valid"),
    Route("ALPINE", "CH", ("payment", "transaction"), "service_delivery", "adequacy", 0.9, undeclared=True,
          note="destination CH is adequate but not in the policy"),
    Route("HELPLINE", "US", ("support",), "service_delivery", "adequacy", 2.2, first="2018-07-01",
          fault="lapsed_tool", note="certification ended on 2018-06-30"),
    Route("MAILCHECK", "US", ("registration",), "security", "scc", 1.5, first="2018-05-25", last="2018-08-19",
          fault="lapsed_tool", note="clauses ended on 2018-05-24, the new ones were signed on 2018-08-20"),
    Route("BLUEPEAK", "US", ("profile",), "marketing", "bcr", 0.6, fault="tool_not_for_recipient",
          note="names BCR for a service provider"),
    Route("NORTHWAY", "US", ("device",), "research", "scc", 0.5, fault="tool_not_for_recipient",
          note="names SCC; the recipient is only certified"),
    Route("SEOULFAN", "KR", ("registration",), "promotions", "none", 0.9, first="2018-04-01", fault="no_tool",
          note="names no tool and the recipient has none"),
    Route("MARQUEE", "US", ("registration",), "promotions", None, 0.5, first="2018-03-01", fault="no_tool",
          note="names no tool and the recipient has none"),
)  # fmt: skip
ORIGINS = {"LU": 3.0, "IE": 2.0, "DE": 2.0, "FR": 2.5, "GB": 2.0, "ES": 1.5, "IT": 1.0, "NL": 1.0, "PL": 0.5}
ELSEWHERE = {"US": 4.0, "SG": 2.0, "BR": 1.0, "MX": 1.0, "KR": 1.0}


def transfers(rng: np.random.Generator, accounts: int) -> Frame:
    """About 0.3 transfers per account, three quarters of them out of the EEA."""
    size = max(round(accounts * PER_ACCOUNT), len(ROUTES))
    weight = np.array([r.weight * (day(r.last) - day(r.first) + 1) for r in ROUTES])
    route = rng.choice(len(ROUTES), size=size, p=weight / weight.sum())
    first, last = (np.array([day(getattr(r, end)) for r in ROUTES])[route] for end in ("first", "last"))
    days = days_between(rng, np.maximum(first, LOG_START), np.minimum(last, AS_OF - 1))
    faulty = np.array([r.undeclared or r.fault is not None for r in ROUTES])[route]
    european = (rng.random(size) < 0.78) | faulty
    origin = choose(european, pick(rng, ORIGINS, size), pick(rng, ELSEWHERE, size))
    in_quarter = days >= Q3
    undeclared = np.array([r.undeclared for r in ROUTES])[route] & in_quarter
    fault = _of("fault")[route]
    persons = np.exp(rng.normal(4.5, 1.4, size)).astype(np.int64) + 1
    records = (persons * (1 + rng.gamma(2.0, 1.5, size))).astype(np.int64)
    categories = np.array([rng.integers(0, 12, size) % len(r.categories) for r in ROUTES])[route, np.arange(size)]
    return Frame(
        "transfers",
        {
            "occurred_at": instant(days, 7200 + rng.integers(0, 7200, size)),
            "origin_country": origin,
            "destination_country": _of("destination")[route],
            "recipient_id": _of("recipient")[route],
            "data_category": np.array(
                [ROUTES[r].categories[c] for r, c in zip(route, categories, strict=True)], dtype=object
            ),
            "purpose": _of("purpose")[route],
            "transfer_tool": _of("tool")[route],
            "legal_ground": no_words(size),
            "persons": persons,
            "records": records,
            "bytes": records * rng.integers(200, 4000, size),
        },
        {
            "transfer_destination_declared": choose(undeclared, "undeclared", None),
            "transfer_tool_valid": choose(in_quarter, fault, None),
        },
        notes=choose(faulty, _of("note")[route], ""),
    )


def _of(attribute: str) -> Words:
    return np.array([getattr(r, attribute) for r in ROUTES] + [None], dtype=object)[:-1]


def recipients() -> Frame:
    """The register of recipients."""
    names = ("recipient_id", "name", "recipient_type", "country", "registered_on", "contract_from", "contract_to",
             "direct_marketing")  # fmt: skip
    columns = dict(zip(names, zip(*RECIPIENTS, strict=True), strict=True))
    return Frame("recipients", {name: _values(name, values) for name, values in columns.items()})


def recipient_tools() -> Frame:
    """The transfer tools agreed with them."""
    names = ("recipient_id", "transfer_tool", "tool_reference", "valid_from", "valid_to")
    columns = dict(zip(names, zip(*TOOLS, strict=True), strict=True))
    return Frame("recipient_tools", {name: _values(name, values) for name, values in columns.items()})


def _values(name: str, values: tuple[Any, ...]) -> Ints | Words:
    if name == "direct_marketing":
        return np.array(values, dtype=np.int64)
    if name.endswith(("_on", "_from", "_to")):
        return np.array([NA if v is None else day(v) for v in values], dtype=np.int64)
    return np.array(values, dtype=object)
