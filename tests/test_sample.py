"""The sample generator: the same bytes each time, rows that obey the contracts, and a complete list of what is planted."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import tomllib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from audit_lib.catalogue.contracts import load_contracts
from audit_lib.errors import DefinitionError
from audit_lib.sample import FEWEST_ACCOUNTS, counts, write_sample
from audit_lib.sample.cast import UNKNOWN_ACCOUNT
from audit_lib.sample.consents import timelines
from audit_lib.sample.frames import Frame
from audit_lib.sample.objections import Barred, plant_disregard
from audit_lib.sample.people import draw_people
from audit_lib.sample.requests import Clock
from audit_lib.sample.world import (
    AS_OF,
    CONSENT_AGES,
    COUNTRIES,
    EEA,
    NA,
    Q3,
    ZONE,
    add_months,
    birthday,
    country_index,
    day,
    instant,
    local_day,
    next_working_day,
)
from audit_lib.vocabulary import day_date

CONTRACTS = load_contracts()
REPOSITORY = Path(__file__).parent.parent
SAMPLES = REPOSITORY / "data_samples"

EXPECTED_REASONS = {
    "deletion_after_closure": {"late", "still_stored"},
    "retention_overrun": {"overdue"},
    "request_on_time": {"late", "open_late"},
    "consent_coverage": {
        "withdrawn", "refused", "expired", "use_only", "import_only", "no_answer", "never_asked",
    },
    "marketing_to_opted_out": {"not_respected"},
    "under_13_accounts": {"under_13_now", "under_13_at_sign_up"},
    "under_13_signals": {
        "birth_date_under_13", "gate_bypassed", "third_party_under_13", "guardian_report", "text_states_age",
    },
    "transfer_destination_declared": {"undeclared"},
    "transfer_tool_valid": {"lapsed_tool", "tool_not_for_recipient", "no_tool"},
    "orphaned_records": {"orphan"},
    "erasure_executed": {"left_behind"},
    "legal_hold_documented": {"no_basis", "case_closed", "review_overdue"},
    "dormant_accounts": {"dormant"},
    "request_backlog": {"overdue"},
    "extension_notified": {"late", "no_reason"},
    "identity_asked_promptly": {"late", "needless"},
    "refusal_reasoned": {"bare", "no_remedies"},
    "request_log_complete": {"incomplete"},
    "restriction_respected": {"not_respected"},
    "objection_respected": {"not_respected"},
    "breach_notified": {"never", "late"},
    "persons_told": {"never", "late"},
    "processing_after_withdrawal": {"not_respected"},
    "opt_out_honoured": {"not_honoured"},
    "consent_demonstrable": {"use_only", "import_only", "incomplete"},
    "declared_purpose": {"undeclared_purpose", "no_basis", "other_basis"},
    "under_13_report_decided": {"open", "late"},
    "under_13_data_deleted": {"still_stored", "late"},
    "collection_after_report": {"collected"},
    "age_gate_bypassed": {"bypassed"},
    "young_consent_authorised": {"own"},
}  # fmt: skip
KEYS = {
    "deletion_after_closure": "stored_records", "retention_overrun": "stored_records",
    "request_on_time": "rights_requests", "consent_coverage": "processing_events",
    "marketing_to_opted_out": "processing_events", "under_13_accounts": "accounts", "under_13_signals": "accounts",
    "transfer_destination_declared": "transfers", "transfer_tool_valid": "transfers",
    "orphaned_records": "stored_records", "erasure_executed": "rights_requests", "legal_hold_documented": "legal_holds",
    "dormant_accounts": "accounts", "request_backlog": "rights_requests", "extension_notified": "rights_requests",
    "identity_asked_promptly": "rights_requests", "refusal_reasoned": "rights_requests",
    "request_log_complete": "rights_requests", "restriction_respected": "processing_events",
    "objection_respected": "processing_events", "breach_notified": "security_incidents",
    "persons_told": "security_incidents", "processing_after_withdrawal": "consent_events",
    "opt_out_honoured": "consent_events", "consent_demonstrable": "consent_events", "declared_purpose": "processing_events",
    "under_13_report_decided": "age_reviews", "under_13_data_deleted": "age_reviews", "collection_after_report": "age_reviews",
    "age_gate_bypassed": "birth_date_declarations", "young_consent_authorised": "consent_events",
}  # fmt: skip
LOST = f"u{UNKNOWN_ACCOUNT}"
"""The account that was deleted together with its row, though not with its records."""


def hashes(folder: Path) -> dict[str, str]:
    """File → SHA-256 of everything under a folder."""
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    return {f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table of a mixed sample, empty cells as None."""
    file = next(f for f in sorted(folder.iterdir()) if f.name.split(".")[0] == table)
    if file.suffix == ".parquet":
        cursor = duckdb.connect().execute(f"select columns(*)::varchar from '{file}'")
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = content.decode("utf-8").splitlines()
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in lines]
    return [{k: v or None for k, v in row.items()} for row in csv.DictReader(lines)]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mixed sample of 400 accounts."""
    folder = tmp_path_factory.mktemp("small")
    write_sample(folder, accounts=400)
    return folder


@pytest.fixture(scope="module")
def tables(small: Path) -> dict[str, list[dict[str, Any]]]:
    return {table: rows(small, table) for table in CONTRACTS}


def test_same_arguments_give_same_bytes(small: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "again", accounts=400)
    assert hashes(tmp_path / "again") == hashes(small)


def test_another_seed_gives_other_rows(small: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "other", accounts=400, seed=1)
    differing = {f for f, h in hashes(tmp_path / "other").items() if hashes(small)[f] != h}
    assert {"accounts.csv", "processing_events.parquet", "ground_truth.csv"} <= differing


def test_delivered_samples_are_what_the_command_writes(tmp_path: Path) -> None:
    """The files in data_samples/ hold the rows of the generator as it stands.

    Rows, not bytes: another version of DuckDB or zlib packs the same rows otherwise.
    """
    write_sample(tmp_path)
    names = {f.name for f in tmp_path.iterdir()}
    assert {f.name for f in SAMPLES.iterdir()} == names | {"README.md"}
    for table in [*CONTRACTS, "ground_truth"]:
        assert rows(SAMPLES, table) == rows(tmp_path, table), table
    assert (SAMPLES / "sources.toml").read_bytes() == (tmp_path / "sources.toml").read_bytes()


def test_readme_counts_are_those_of_the_delivered_samples() -> None:
    """The table of what is planted in the README, line by line."""
    text = (SAMPLES / "README.md").read_text("utf-8")
    told = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \|", text, flags=re.MULTILINE)
    shown = counts(SAMPLES)
    listed = shown[shown["measure"] != "ingest"]
    expected = [(m, r, str(n)) for m, r, n in zip(listed["measure"], listed["reason"], listed["planted"], strict=True)]
    assert sorted(told) == sorted(expected)


def test_delivered_samples_are_small() -> None:
    assert sum(f.stat().st_size for f in SAMPLES.rglob("*")) < 3_000_000


@pytest.mark.parametrize("table", sorted(CONTRACTS))
def test_columns_are_those_of_the_contract(table: str, tables: dict[str, list[dict[str, Any]]]) -> None:
    extra = {"transfers": {"batch_ref"}}.get(table, set())
    assert tables[table], f"{table} has no rows"
    assert set(tables[table][0]) == set(CONTRACTS[table].columns) | extra


def is_fault(row: dict[str, Any], table: str) -> bool:
    """Rows added as faults have ids from 900000001."""
    key = CONTRACTS[table].key
    return bool(key) and str(row[key[0]])[1:].startswith("9000000")


@pytest.mark.parametrize("table", sorted(CONTRACTS))
def test_required_values_are_there_and_keys_unique(table: str, tables: dict[str, list[dict[str, Any]]]) -> None:
    contract = CONTRACTS[table]
    clean = [row for row in tables[table] if not is_fault(row, table)]
    for column in contract.columns.values():
        if column.required:
            assert all(row[column.name] is not None for row in clean), column.name
        if column.closed:
            assert {row[column.name] for row in clean} <= {*column.closed, None}
    if contract.key:
        keys = [row[contract.key[0]] for row in clean]
        assert len(set(keys)) == len(keys)


def test_faults_are_few_and_listed(small: Path, tables: dict[str, list[dict[str, Any]]]) -> None:
    for table, all_rows in tables.items():
        assert sum(is_fault(row, table) for row in all_rows) <= max(3, len(all_rows) // 100)
    listed = [row for row in rows(small, "ground_truth") if row["measure"] == "ingest"]
    assert Counter(row["item_id"] for row in listed) == {
        "accounts": 3, "stored_records": 2, "consent_events": 2, "transfers": 1,
    }  # fmt: skip
    repeated = [row["record_id"] for row in tables["stored_records"] if row["record_id"] == "r900000002"]
    assert len(repeated) == 2


def test_named_accounts_and_recipients_exist(tables: dict[str, list[dict[str, Any]]]) -> None:
    known = {row["account_id"] for row in tables["accounts"]}
    for table in ("consent_events", "processing_events", "legal_holds", "birth_date_declarations",
                  "texts", "age_reviews", "policy_notices"):  # fmt: skip
        assert {row["account_id"] for row in tables[table]} <= known | {None}, table
    assert {row["account_id"] for row in tables["rights_requests"]} <= known | {None, LOST}
    ownerless = Counter(row["account_id"] for row in tables["stored_records"] if row["account_id"] not in known)
    assert ownerless == {LOST: 3, None: 2}
    recipients = {row["recipient_id"] for row in tables["recipients"]}
    assert {row["recipient_id"] for row in tables["transfers"]} <= recipients
    assert {row["recipient_id"] for row in tables["recipient_tools"]} <= recipients
    consents = {row["event_id"] for row in tables["consent_events"]}
    linked = {row["consent_event_id"] for row in tables["transfers"]} - {None}
    assert linked and linked <= consents


def test_nothing_happens_before_an_account_is_opened_or_after_extraction(small: Path) -> None:
    con = duckdb.connect()
    found = con.execute(
        f"""
        select count(*) from '{small / "processing_events.parquet"}' e
        join read_csv('{small / "accounts.csv"}', all_varchar = true) a using (account_id)
        where e.occurred_at < a.opened_at::timestamptz
           or e.occurred_at >= coalesce(a.closed_at::timestamptz, timestamptz '2018-10-05 08:00:00Z')
        """
    ).fetchall()
    assert found == [(0,)]


def test_every_reason_is_planted_and_every_item_exists(small: Path, tables: dict[str, list[dict[str, Any]]]) -> None:
    truth = [row for row in rows(small, "ground_truth") if row["measure"] != "ingest"]
    reasons: dict[str, set[str]] = {}
    for row in truth:
        reasons.setdefault(row["measure"], set()).add(row["reason"])
        assert row["note"]
    assert reasons == EXPECTED_REASONS
    for measure, table in KEYS.items():
        keys = {row[CONTRACTS[table].key[0]] for row in tables[table]}
        items = [row["item_id"] for row in truth if row["measure"] == measure]
        assert set(items) <= keys
        assert len(set(items)) == len(items), f"{measure} lists an item twice"
    assert {row["reason"] for row in truth if row["needs"]} == {"text_states_age"}
    order = [(row["measure"], row["item_id"]) for row in truth]
    assert order == sorted(order)


def test_open_accounts_under_13_now_are_in_both_lists(small: Path, tables: dict[str, list[dict[str, Any]]]) -> None:
    truth = rows(small, "ground_truth")
    now = {r["item_id"] for r in truth if r["reason"] == "under_13_now"}
    signalled = {r["item_id"] for r in truth if r["reason"] == "birth_date_under_13"}
    still_open = {r["account_id"] for r in tables["accounts"] if r["closed_at"] is None}
    cleared = {r["account_id"] for r in tables["age_reviews"] if r["decision"] == "cleared"}
    assert signalled == (now & still_open) - cleared


def test_planted_retention_agrees_with_the_exported_instants(
    tables: dict[str, list[dict[str, Any]]], small: Path
) -> None:
    """Every record listed as overdue is still stored at the end of the quarter, of an account closed before it."""
    truth = {r["item_id"] for r in rows(small, "ground_truth") if r["measure"] == "retention_overrun"}
    closed = {r["account_id"]: r["closed_at"] for r in tables["accounts"]}
    listed = [r for r in tables["stored_records"] if r["record_id"] in truth]
    assert listed
    for record in listed:
        assert record["deleted_at"] is None or record["deleted_at"] >= "2018-10-01T07:00:00Z"
        assert closed[record["account_id"]] is not None


def test_planted_erasures_agree_with_the_exported_records() -> None:
    """What stood a week after a granted erasure, read from the exports; records under a duty or hold are left out."""
    left = {r["item_id"] for r in rows(SAMPLES, "ground_truth") if r["measure"] == "erasure_executed"}
    held = {r["account_id"] for r in rows(SAMPLES, "legal_holds")}
    country = {r["account_id"]: r["country"] for r in rows(SAMPLES, "accounts")}
    records: dict[str, list[dict[str, Any]]] = {}
    for record in rows(SAMPLES, "stored_records"):
        records.setdefault(record["account_id"], []).append(record)
    judged = 0
    for request in rows(SAMPLES, "rights_requests"):
        who, closed = request["account_id"], request["closed_at"]
        erased = request["right_requested"] == "erasure" and request["outcome"] == "fulfilled" and who not in held
        if not erased or not "2018-06-24" <= closed < "2018-09-24" or country.get(who) in ("GB", "KR") or not who:
            continue
        until = (datetime.fromisoformat(closed[:10]).replace(tzinfo=ZONE) + timedelta(days=8)).astimezone(UTC)
        stood = [
            r for r in records.get(who, [])
            if datetime.fromisoformat(r["collected_at"]) < datetime.fromisoformat(closed).replace(tzinfo=ZONE)
            and (r["deleted_at"] is None or datetime.fromisoformat(r["deleted_at"]) >= until)
            and not (r["data_category"] == "transaction" and country.get(who) in EEA)
        ]  # fmt: skip
        assert bool(stood) == (request["request_id"] in left), request["request_id"]
        judged += 1
    assert judged > 5


def test_planted_dormancy_agrees_with_the_last_activity(tables: dict[str, list[dict[str, Any]]], small: Path) -> None:
    """730 days before 2018-10-01 is 2016-10-01; one account has no known activity at all."""
    dormant = {r["item_id"] for r in rows(small, "ground_truth") if r["measure"] == "dormant_accounts"}
    still_open = [r for r in tables["accounts"] if r["closed_at"] is None and not is_fault(r, "accounts")]
    idle = {r["account_id"] for r in still_open if r["last_active_at"] and r["last_active_at"] < "2016-10-02T07:00:00Z"}
    unknown = {r["account_id"] for r in still_open if r["last_active_at"] is None}
    assert len(dormant) > 2
    assert dormant - unknown == idle
    assert len(dormant & unknown) == 1


def test_nothing_barred_goes_on_unlisted() -> None:
    """A restriction stops its purposes from its first second to the second before it is lifted."""
    barred = Barred(
        np.array([4, 7]), np.array([100, 100]), np.array([200, 10**18]),
        np.array(["research;marketing", "security"], dtype=object),
    )  # fmt: skip
    told = [(4, 99, "research"), (4, 100, "research"), (4, 199, "marketing"), (4, 200, "research"),
            (4, 150, "security"), (5, 150, "research"), (7, 999, "security"), (NA, 150, "research")]  # fmt: skip
    account, at, purpose = zip(*told, strict=True)
    columns = {"account_id": np.array(account), "occurred_at": np.array(at), "purpose": np.array(purpose, dtype=object)}
    stopped = barred.stops(Frame("processing_events", columns))
    assert stopped.tolist() == [False, True, True, False, False, False, True, False]


def test_most_of_what_an_objection_rules_out_is_turned_into_service() -> None:
    """Of a thousand events after a granted objection some are kept and listed; before it, none is touched."""
    size = 1_000
    after = np.arange(size) % 2 == 1
    events = Frame(
        "processing_events",
        {
            "account_id": np.full(size, 4), "occurred_at": np.where(after, instant(Q3, 10), instant(Q3, 5)),
            **{name: np.full(size, "research", dtype=object)
               for name in ("purpose", "legal_basis", "channel", "system", "template_id")},
        },
        notes=np.full(size, "", dtype=object),
    )  # fmt: skip
    asked = Frame(
        "rights_requests",
        {
            "account_id": np.array([4]), "right_requested": np.array(["objection"], dtype=object),
            "received_at": instant([Q3], [0]), "closed_at": instant([Q3], [10]), "direct_marketing": np.array([0]),
            "outcome": np.array(["fulfilled"], dtype=object), "purposes": np.array(["research"], dtype=object),
            "restriction_lifted_at": np.array([NA]),
        },
    )  # fmt: skip
    plant_disregard(np.random.default_rng(1), events, asked)
    research = events.columns["purpose"] == "research"
    listed = events.truth["objection_respected"] == "not_respected"
    assert research[~after].all() and not listed[~after].any()
    assert (listed[after] == research[after]).all()
    assert 0.2 < listed[after].mean() < 0.5


def test_sources_declares_every_table(small: Path) -> None:
    declared = tomllib.loads((small / "sources.toml").read_text("utf-8"))
    assert declared.pop("ignore") == ["README.md", "ground_truth.csv"]
    assert set(declared) == set(CONTRACTS)
    assert declared["rights_requests"]["time_zone"] == "America/Los_Angeles"
    assert all(entry["covers_from"] == "beginning" and entry["keeps_deleted"] for entry in declared.values())


def test_daily_tables_are_never_silent(tmp_path: Path) -> None:
    con = duckdb.connect()
    file = SAMPLES / "processing_events.parquet"
    days = con.execute(f"select count(distinct (occurred_at - interval 8 hour)::date) from '{file}'").fetchall()
    assert days[0][0] >= 272  # 1 January to 30 September 2018


def test_parquet_at_3000_accounts_has_the_promised_ratios(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    summary = write_sample(tmp_path, accounts=3_000, format="parquet", progress=lambda n, of: told.append((n, of)))
    assert told[-1] == (3_000, 3_000)
    assert {f.suffix for f in tmp_path.rglob("*") if f.is_file()} == {".parquet", ".csv", ".toml"}
    con = duckdb.connect()
    for table, per_account in {"processing_events": 20, "consent_events": 5, "stored_records": 10}.items():
        counted = con.execute(f"select count(*) from '{tmp_path}/{table}/*.parquet'").fetchall()[0][0]
        assert counted == summary.rows[table]
        assert 0.9 * per_account < counted / 3_000 < 1.1 * per_account, table
    shown = counts(tmp_path)
    assert dict(zip(zip(shown["measure"], shown["reason"], strict=True), shown["planted"], strict=True)) == (
        summary.planted
    )
    assert not (shown["measure"] == "ingest").any()


def test_an_earlier_sample_is_replaced_and_other_exports_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "accounts").mkdir()
    stale = tmp_path / "accounts" / "part-0009.parquet"
    stale.write_bytes(b"a larger sample's")
    with pytest.raises(DefinitionError, match="no sample"):
        write_sample(tmp_path, accounts=FEWEST_ACCOUNTS)
    assert stale.exists()
    (tmp_path / "ground_truth.csv").write_text("measure,item_id,reason,needs,note\n")
    write_sample(tmp_path, accounts=FEWEST_ACCOUNTS)
    assert not stale.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"accounts": FEWEST_ACCOUNTS - 1}, "at least"),
        ({"format": "xml"}, "mixed or parquet"),
        ({"seed": -1}, "negative"),
    ],
)
def test_unusable_arguments_are_refused_in_a_sentence(tmp_path: Path, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        write_sample(tmp_path / "none", **arguments)
    assert not (tmp_path / "none").exists()


def test_smallest_sample_has_every_reason(tmp_path: Path) -> None:
    summary = write_sample(tmp_path, accounts=FEWEST_ACCOUNTS)
    for measure, reasons in EXPECTED_REASONS.items():
        assert {r for m, r in summary.planted if m == measure} == reasons


# The arithmetic of days on which the plan rests, against published examples and by hand.


def test_months_end_on_the_same_day_number_or_the_last() -> None:
    given = [day("2018-06-07"), day("2018-08-31"), day("2018-01-31"), day("2016-02-29")]
    assert add_months(given, 1).tolist() == [day("2018-07-07"), day("2018-09-30"), day("2018-02-28"), day("2016-03-29")]
    assert add_months([day("2016-02-29")], 24).tolist() == [day("2018-02-28")]


def test_weekends_and_holidays_move_to_the_next_working_day() -> None:
    moved = next_working_day([day("2018-09-08"), day("2018-08-15"), day("2018-09-07"), day("2018-03-31")])
    assert moved.tolist() == [day("2018-09-10"), day("2018-08-16"), day("2018-09-07"), day("2018-04-03")]


def test_clocks_of_the_regimes() -> None:
    """Due days: published example KAT-UK-OLD-1 (3 September 2018 gives 4 October), others counted by hand."""
    country = np.array([country_index(c) for c in ("GB", "DE", "KR", "SG", "US")])
    received = np.full(5, day("2018-09-03"))
    due = Clock.of(country).due(received)
    expected = ["2018-10-04", "2018-10-03", "2018-09-13", "2018-10-03", "2018-10-03"]
    assert due.tolist() == [day(d) for d in expected]


def test_days_of_the_zone_follow_summer_time() -> None:
    winter, summer = instant(day("2018-01-31"), 86399), instant(day("2018-07-31"), 86399)
    assert local_day([winter, summer, NA]).tolist() == [day("2018-01-31"), day("2018-07-31"), NA]
    assert int(instant(AS_OF, 0)) == 1538377200  # 2018-10-01T07:00:00Z


def test_state_of_a_timeline_is_that_of_the_last_decision() -> None:
    """At the very second of a withdrawal the state is withdrawn, a second before it is still covered."""
    lines = timelines(draw_people(np.random.default_rng(7), 1, 2_000))
    subject, purpose = (found[:50] for found in np.nonzero((lines.kind[2] == 6) & (lines.kind[1] == 0)))
    at = lines.at[2, subject, purpose]
    state, since, _ = lines.state(subject, purpose, at)
    assert set(state) == {"withdrawn"} and (since == at).all()
    before, _, _ = lines.state(subject, purpose, at - 1)
    assert set(before) <= {"covered", "expired"} and "covered" in set(before)


def test_ages_of_consent_are_those_of_the_reference_in_the_quarter() -> None:
    """The world's own table, against the audit's, for every country of the samples on every day of the quarter."""
    with (REPOSITORY / "audit_lib/reference/age_of_consent.csv").open(encoding="utf-8", newline="") as file:
        listed = [row for row in csv.DictReader(file) if not row["region"] and row["country"] in COUNTRIES]

    def known(country: str, on_day: str) -> int:
        ages = [age for word, first, age in CONSENT_AGES if word == country and first <= on_day]
        return ages[-1] if ages else 0

    for number in range(Q3, AS_OF):
        today = day_date(number).isoformat()
        expected = {r["country"]: int(r["age"]) for r in listed if r["first_day"] <= today <= r["last_day"]}
        assert {c: known(c, today) for c in COUNTRIES if known(c, today)} == expected, today


def test_birthdays_of_a_leap_day_come_on_the_first_of_march() -> None:
    assert birthday([day("2004-02-29"), day("2002-08-10")], 13).tolist() == [day("2017-03-01"), day("2015-08-10")]
    assert birthday([day("2004-02-29")], 16).tolist() == [day("2020-02-29")]


def test_planted_withdrawals_agree_with_the_exported_events() -> None:
    """What followed each withdrawal of June to August, read from the exports alone; weak records end nothing."""
    listed = {r["item_id"] for r in rows(SAMPLES, "ground_truth") if r["measure"] == "processing_after_withdrawal"}

    def subject(row: dict[str, Any]) -> tuple[str, str]:
        return row["account_id"] or row["device_id"], row["purpose"]

    events: dict[tuple[str, str], list[datetime]] = {}
    for event in rows(SAMPLES, "processing_events"):
        events.setdefault(subject(event), []).append(datetime.fromisoformat(event["occurred_at"]).astimezone(UTC))
    decided: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows(SAMPLES, "consent_events"):
        if not is_fault(row, "consent_events"):
            decided.setdefault(subject(row), []).append(row)
    judged = 0
    for key, log in decided.items():
        grants = [acted(r) for r in log if r["status"] in ("given", "renewed") and r["method"] not in ("use", "import")]
        for row in (r for r in log if r["status"] == "withdrawn"):
            first = acted(row)
            local = first.astimezone(ZONE)
            if not datetime(2018, 6, 1, tzinfo=ZONE) <= local < datetime(2018, 9, 1, tzinfo=ZONE):
                continue
            end = datetime(local.year, local.month, local.day, tzinfo=ZONE) + timedelta(days=31)
            end = min([end, *(g for g in grants if g > first)])
            judged += 1
            assert any(first <= e < end for e in events.get(key, [])) == (row["event_id"] in listed), row["event_id"]
    assert judged > 100


def acted(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["acted_at"] or row["recorded_at"]).astimezone(UTC)


def test_planted_opt_outs_are_refusals_or_withdrawals_of_marketing() -> None:
    listed = {r["item_id"] for r in rows(SAMPLES, "ground_truth") if r["measure"] == "opt_out_honoured"}
    named = [row for row in rows(SAMPLES, "consent_events") if row["event_id"] in listed]
    assert {row["purpose"] for row in named} <= {"marketing", "promotions"}
    assert {row["status"] for row in named} == {"refused", "withdrawn"}


def test_evidence_is_kept_better_once_the_gdpr_applies() -> None:
    """What is left without evidence in the quarter is few, and all of it is listed."""
    truth = [r for r in rows(SAMPLES, "ground_truth") if r["measure"] == "consent_demonstrable"]
    listed = {r["item_id"] for r in truth}
    grants = [r for r in rows(SAMPLES, "consent_events")
              if r["status"] in ("given", "renewed") and "2018-07-01T07" <= r["recorded_at"] < "2018-10-01T07"]  # fmt: skip
    fields = ("policy_version", "method", "language", "evidence_ref")
    lacking = {r["event_id"] for r in grants if not all(r[name] for name in fields)}
    assert lacking <= listed
    assert 5 < len(lacking) < len(grants) / 20
