"""The exports of the consent benchmark, made by DuckDB from hashes alone: the same rows every time, on every machine.

Subjects (nine in ten an account, the others a device) are asked about some of the four purposes that rest on consent;
every pair of subject and purpose lives through one of STORIES. Events are a log in the order of time, more than the period
and its year before, three in four of them for a pair that was asked.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

PURPOSES = ["advertising", "cookies", "marketing", "promotions"]
OTHERS = ["service_delivery", "personalisation", "service_messages", "security", "research"]
STORIES = [
    # per mille, then what happens: (days after the story's first day, seconds after that, status, method)
    (560, [(0, 0, "given", "banner")]),
    (200, [(0, 0, "requested", "banner"), (0, 20, "given", "banner")]),
    (90, [(0, 0, "given", "sign_up"), (200, 0, "renewed", "settings"), (420, 0, "renewed", "settings")]),
    (20, [(0, 0, "given", "banner"), (300, 0, "withdrawn", "settings")]),
    (15, [(0, 0, "given", "banner"), (150, 0, "withdrawn", "settings"), (260, 0, "given", "settings"), (500, 0, "withdrawn", "settings")]),
    (30, [(0, 0, "requested", "banner"), (0, 5, "refused", "banner")]),
    (20, [(0, 0, "requested", "banner")]),
    (10, [(0, 0, "given", "use")]),
    (10, [(0, 0, "given", "import")]),
    (10, [(0, 0, "given", "banner"), (0, 0, "refused", "banner"), (30, 0, "given", "settings"), (30, 0, "withdrawn", "signal")]),
    (15, [(0, 0, "given", "banner"), (365, 0, "expired", "api"), (400, 0, "renewed", "banner")]),
    (20, [(-900, 0, "given", "sign_up")]),
]
COUNTRIES = [
    "DE", "DE", "DE", "FR", "FR", "GB", "GB", "ES", "ES", "IT", "IT", "NL", "PL", "SE", "PT", "BE", "AT", "NO", "US", "US", "US", "US", "BR", "JP", "KR", "CA",
]  # fmt: skip
FIRST, LAST = "2017-04-01", "2018-10-05"
"""The days of the events; the period is 2018-Q3, its year before begins on 2017-07-01."""


def write_exports(folder: Path, events: int, consents: int) -> None:
    """Write `accounts`, `consent_events` and `processing_events` as CSV, and what their exporter declares."""
    folder.mkdir(parents=True, exist_ok=True)
    subjects = events // 20
    with duckdb.connect() as con:
        con.execute("set threads = 2; set memory_limit = '4GB'")
        con.execute("create macro dice(n, throw, sides) as (hash(n::bigint * 64 + throw) % sides)::bigint")
        steps = sum(weight * len(story) for weight, story in STORIES)
        _pairs(con, subjects, consents * 1000 // steps)
        _copy(con, folder, "accounts", f"""
            select 'a' || n as account_id, {_instant("'2014-01-01'", f"dice(n, 1, {4 * 365 * 86400})")} as opened_at,
                   {_country("n")} as country
            from range({subjects}) t(n) where not {_is_device("n")} and dice(n, 2, 1000) <> 0""")
        _copy(con, folder, "consent_events", _consents())
        _copy(con, folder, "processing_events", _events(events, subjects))
    (folder / "sources.toml").write_text("\n".join(
        f'[{table}]\nextracted_at = {LAST}T00:00:00Z\nkind = "{kind}"\ncovers_from = {covers}\nkeeps_deleted = true\n'
        for table, kind, covers in (
            ("accounts", "snapshot", '"beginning"'), ("consent_events", "log", "2014-06-01"), ("processing_events", "log", '"beginning"'),
        )
    ))


def _copy(con: duckdb.DuckDBPyConnection, folder: Path, table: str, query: str) -> None:
    con.execute(f"copy ({query}) to '{folder / f'{table}.csv'}' (header)").fetchall()


def _instant(start: str, seconds: str) -> str:
    return f"strftime(timestamp {start} + to_seconds(({seconds})::bigint), '%Y-%m-%dT%H:%M:%SZ')"


def _country(number: str) -> str:
    # One in fifty records no country.
    return f"case when dice({number}, 3, 50) > 0 then {COUNTRIES}[1 + dice({number}, 4, {len(COUNTRIES)})] end"


def _is_device(number: str) -> str:
    return f"dice({number}, 5, 10) = 0"


def _pairs(con: duckdb.DuckDBPyConnection, subjects: int, pairs: int) -> None:
    """Subject and purpose, each with a story and its first second; a few pairs come twice and live through two stories."""
    con.execute(f"""
        create table pair as
        select n as pair, dice(n, 6, {subjects}) as subject, {PURPOSES}[1 + dice(n, 7, {len(PURPOSES)})] as purpose,
               dice(n, 8, 1000) as mille,
               -- Most have answered before the events begin, one in five while they go on.
               case when dice(n, 9, 5) > 0 then dice(n, 10, 300 * 86400)
                    else 300 * 86400 + dice(n, 10, 500 * 86400) end as second
        from range({pairs}) t(n)""")
    con.execute("create table story (first int, last int, day int, second int, status varchar, method varchar)")
    begun = 0
    for weight, steps in STORIES:
        for day, second, status, method in steps:
            con.execute("insert into story values (?, ?, ?, ?, ?, ?)", [begun, begun + weight - 1, day, second, status, method])
        begun += weight
    assert begun == 1000


def _consents() -> str:
    return f"""
        with told as (
          select p.subject, p.purpose, s.status, s.method, p.second + s.day * 86400 + s.second as at_second,
                 hash(p.pair, s.day, s.second, s.status)::hugeint as chance
          from pair p join story s on p.mille between s.first and s.last)
        select 'c' || row_number() over (order by at_second + chance % 3, chance) as event_id,
               case when not {_is_device("subject")} then 'a' || subject end as account_id,
               case when {_is_device("subject")} then 'd' || subject end as device_id,
               purpose, status, {_instant("'2016-07-01'", "at_second + chance % 3")} as recorded_at,
               case when chance % 4 > 0 then {_instant("'2016-07-01'", "at_second")} end as acted_at,
               'v' || (1 + chance % 3) as policy_version, method, 'en' as language, 'e' || chance % 1000000 as evidence_ref
        from told order by at_second + chance % 3, chance"""


def _events(rows: int, subjects: int) -> str:
    """One in a thousand names nobody; three in four are of a pair that was asked, the busiest pairs more than others."""
    return f"""
        with drawn as (
          select n, case when dice(n, 11, 4) > 0 then
                   ((dice(n, 12, 1000000007)) / 1000000007.0) ** 2 * (select count(*) from pair) end::bigint as pair
          from range({rows}) t(n)),
        named as (
          select d.n, coalesce(p.subject, dice(d.n, 13, {subjects})) as subject,
                 coalesce(p.purpose, ({PURPOSES} || {OTHERS} || {OTHERS})[1 + dice(d.n, 14, {len(PURPOSES) + 2 * len(OTHERS)})]) as purpose
          from drawn d left join pair p on p.pair = d.pair)
        select 'e' || n as event_id,
               case when not {_is_device("subject")} and dice(n, 15, 1000) > 0 then 'a' || subject end as account_id,
               case when {_is_device("subject")} then 'd' || subject end as device_id,
               purpose, {_instant(f"'{FIRST}'", f"(n * (date '{LAST}' - date '{FIRST}') * 86400) // {rows}")} as occurred_at,
               case when list_contains({PURPOSES}, purpose) then 'consent' else 'contract' end as legal_basis,
               case dice(n, 16, 4) when 0 then 'email' when 1 then 'push' when 2 then 'cookie' else 'server' end as channel,
               -- One event in ten does not say the country: its account may.
               case when dice(n, 17, 10) > 0 then {_country("subject")} end as country,
               'crm' as system, 'viki' as property, case when dice(n, 18, 4) = 0 then 't' || dice(n, 19, 100) end as template_id
        from named order by n"""
