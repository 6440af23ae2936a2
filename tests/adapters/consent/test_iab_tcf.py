"""IAB TCF version 2: strings decoded in SQL, against a reading in plain Python and strings known from elsewhere."""

from __future__ import annotations

import csv
import io
import json
import random

import pytest
import tcf_strings
from consent_world import Decisions, Read, fixture

OF_SPECIFICATION = (
    "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGBAAgA"
    "AAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw"
)
OF_ENCODERS = "COtybn4PA_zT4KjACBENAPCIAEBAAECAAIAAAAAAAAAA"


@pytest.fixture
def log(read: Read) -> Decisions:
    return read("iab_tcf", "tcf_log.csv")


def rows_of(strings: list[str], recorded: str = "2024-05-02T12:00:00Z") -> dict[str, bytes]:
    """A log of strings, each of a visitor of its own."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "visitor_id", "timestamp", "tc_string"])
    writer.writerows((f"s{n}", f"v{n}", recorded, string) for n, string in enumerate(strings))
    return {"log/strings.csv": out.getvalue().encode()}


def statuses(decisions: Decisions, record: str) -> dict[int, str]:
    """Purpose number → status."""
    return {int(event.rsplit("_")[-1]): status for event, status in decisions.of(record, "event_id", "status")}


def test_tcf_every_record_is_accounted_for(log: Decisions) -> None:
    # 18 strings: 5 in quarantine, 11 of 11 purposes each, and 2 of an earlier policy with 10 each.
    rows = 5 + 11 * 11 + 2 * 10
    assert log.counts() == (18, rows, rows - 5 - 35, 5, 35)
    # Read again: the 4th and the 8th. Not asked: the 5th and the encoders' one.
    assert log.left_out() == {"read_again": 2 * 11, "gdpr_does_not_apply": 11, "not_asked": 2}


def test_tcf_known_strings(read: Read) -> None:
    decisions = read("iab_tcf", rows_of([OF_SPECIFICATION, OF_ENCODERS], "2021-02-02T17:01:01Z"))
    for number, string in enumerate((OF_SPECIFICATION, OF_ENCODERS)):
        asked = {p: "given" if yes else "refused" for p, yes in tcf_strings.purposes(string).items() if p <= 10}
        if tcf_strings.read(string)["purpose_one_treatment"]:
            del asked[1]
        assert statuses(decisions, f"s{number}") == asked
        assert "given" in asked.values()
    assert decisions.of("s1", "language")[0] == ("en",)


def test_tcf_plain_reading_agrees_with_published_values() -> None:
    # Values that the string's publishers state: 26 January 2020 17:01, 2 February 2021 17:01, CMP 675, version 2, list 15.
    found = tcf_strings.read(OF_ENCODERS)
    assert found["created"] == tcf_strings.deciseconds("2020-01-26T17:01:00Z")
    assert found["last_updated"] == tcf_strings.deciseconds("2021-02-02T17:01:00Z")
    assert (found["cmp_id"], found["cmp_version"], found["vendor_list_version"]) == (675, 2, 15)


def test_tcf_random_strings_agree_with_plain_reading(read: Read) -> None:
    chance = random.Random(7)
    strings = [
        tcf_strings.write(
            f"2024-0{chance.randint(1, 4)}-0{chance.randint(1, 9)}T00:00:00Z",
            chance.sample(range(1, 25), chance.randint(0, 24)),
            policy=chance.choice((2, 4, 5)),
            vendors=chance.randint(0, 900),
        )
        for _ in range(200)
    ]
    decisions = read("iab_tcf", rows_of(strings))
    for number, string in enumerate(strings):
        known = 11 if tcf_strings.read(string)["policy_version"] >= 4 else 10
        consents = tcf_strings.purposes(string)
        expected = {p: "given" if yes else "refused" for p, yes in consents.items() if yes or p <= known}
        assert statuses(decisions, f"s{number}") == expected


def test_tcf_days_of_the_string_are_no_instants(log: Decisions) -> None:
    # Written and recorded on 2 May: the log's instant, not midnight.
    assert set(log.of("tc-01", "recorded", "acted")) == {("2024-05-02 10:15:00", None)}
    # Recorded six weeks later: decided on 2 May at the latest, not first in June.
    assert set(log.of("tc-09", "recorded", "acted")) == {("2024-06-15 10:16:00", "2024-05-02 23:59:59")}


def test_tcf_purpose_one_not_asked(log: Decisions) -> None:
    found = statuses(log, "tc-05")
    assert 1 not in found and found[2] == "given" and found[4] == "refused"
    assert 1 not in statuses(log, "tc-17")


def test_tcf_strings_read_again_renew_nothing(log: Decisions) -> None:
    # Accepted, refused, accepted again on one day: the third string equals the first, and is a decision all the same.
    assert [statuses(log, record)[1] for record in ("tc-01", "tc-02", "tc-03")] == ["given", "refused", "given"]
    assert log.of("tc-04", "status") == log.of("tc-08", "status") == []


def test_tcf_same_answer_again_is_an_answer(read: Read) -> None:
    string = tcf_strings.write("2024-05-02T00:00:00Z", [1])
    lines = [
        f"s{n},v1,2024-05-02T1{n}:00:00Z,{string},{said}"
        for n, said in enumerate(("useractioncomplete", "tcloaded", "useractioncomplete"))
    ]
    text = "\n".join(["id,visitor_id,timestamp,tc_string,eventStatus", *lines, ""])
    decisions = read("iab_tcf", {"log/a.csv": text.encode()})
    assert [statuses(decisions, f"s{n}").get(1) for n in range(3)] == ["given", None, "given"]


def test_tcf_undecodable_strings_are_quarantined(log: Decisions) -> None:
    # Version 1, letters outside the alphabet, cut within the vendors, cut within the purposes, no string at all.
    assert log.quarantined() == [
        (12, "not_decodable"),
        (13, "not_decodable"),
        (14, "not_decodable"),
        (15, "not_decodable"),
        (16, "missing"),
    ]


def test_tcf_event_status(log: Decisions) -> None:
    assert set(log.of("tc-06", "status")) == {("requested",)}
    assert set(log.of("tc-07", "status")) == {("given",)}


def test_tcf_purposes_of_the_policy_version(log: Decisions) -> None:
    assert set(statuses(log, "tc-10")) == set(range(1, 11))
    assert set(statuses(log, "tc-07")) == set(range(1, 12))


def test_tcf_purposes_have_our_words(log: Decisions) -> None:
    words = {purpose for (purpose,) in log.of("tc-07", "purpose")}
    assert words == {"cookies", "advertising", "personalisation", "research"}


def test_tcf_json_log(read: Read, log: Decisions) -> None:
    keys, *cells = list(csv.reader(io.StringIO(fixture("tcf_log.csv").decode())))
    listed = [{key: value or None for key, value in zip(keys, row, strict=True)} for row in cells]
    nested = [{**row, "tcData": {k: row.pop(k) for k in ("tcString", "eventStatus", "gdprApplies")}} for row in listed]
    every = "select * from decision order by event_id"
    assert read("iab_tcf_json", {"json/log.json": json.dumps(nested).encode()}, glob="json/*").ask(every) == log.ask(
        every
    )


def test_tcf_milliseconds(log: Decisions) -> None:
    # 1714644900 seconds are 2024-05-02 10:15.
    assert set(log.of("tc-18", "recorded", "acted")) == {("2024-05-02 10:15:00", None)}


def test_tcf_fixture_holds_strings_of_the_plain_writer() -> None:
    first = next(csv.DictReader(io.StringIO(fixture("tcf_log.csv").decode())))
    assert first["tcString"] == tcf_strings.write("2024-05-02T00:00:00Z", [1, 2, 3, 4])
