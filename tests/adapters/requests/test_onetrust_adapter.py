"""OneTrust: requests as JSON of the API, and as a table whose columns are named in sources.toml."""

from __future__ import annotations

from request_world import Adapt, Adapted

from audit_lib.catalogue.adapters import load_adapters

ADAPTER, LIST, QUEUE = "onetrust_requests", "onetrust_list.json", "onetrust_queue.json"
OWN_WORDS = """maps.stage = { "Legal review" = "open" }
maps.right = { "Club, member file" = "access" }
maps.resolution = { "Duplicate request" = "duplicate" }"""


def answer(found: Adapted, key: str) -> tuple[str | None, str | None]:
    row = found.requests[key]
    return row.get("outcome"), row.get("closed")


def test_onetrust_rows_add_up(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LIST, OWN_WORDS)
    assert found.counts == [(12, 11, 0, 0, 0, 1)]
    assert found.unknown == [] and found.quarantined == []
    assert found.requests["REF0000002"] == {
        "request_id": "REF0000002",
        "record": 2,
        "account": "o2@example.com",
        "right_requested": "erasure",
        "country": "DE",
        "received": "2024-06-02 07:30:00",
        "closed": "2024-06-21 12:00:00",
        "outcome": "refused",
        "refusal_reason": "Unable to verify",
    }


def test_onetrust_a_plain_list_of_the_queue(adapt: Adapt) -> None:
    found = adapt(ADAPTER, QUEUE)
    assert found.counts == [(3, 3, 0, 0, 0, 0)]
    assert answer(found, "QUE0000001") == ("fulfilled", "2024-07-20 05:30:00")
    assert answer(found, "QUE0000002") == (None, None)


def test_onetrust_stages_are_the_customers_own(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LIST)
    assert (5, "outcome", "Legal review") in found.unknown
    assert answer(found, "REF0000005") == ("Legal review", None)


def test_onetrust_stages_are_given_in_sources(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LIST, OWN_WORDS)
    assert answer(found, "REF0000005") == (None, None)


def test_onetrust_resolutions_are_given_in_sources(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LIST, OWN_WORDS)
    assert answer(found, "REF0000007") == ("duplicate", "2024-06-24 12:00:00")
    assert "refusal_reason" not in found.requests["REF0000007"]


def test_onetrust_types_joined_in_one_text(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, LIST, OWN_WORDS).requests
    assert {
        key: row["right_requested"] for key, row in requests.items() if key.startswith(("REF0000003", "REF0000006"))
    } == {
        "REF0000003:access": "access",
        "REF0000003:erasure": "erasure",
        "REF0000006:portability": "portability",
        "REF0000006:restriction": "restriction",
    }
    assert requests["REF0000010"]["right_requested"] == "access"
    assert "right_requested" not in requests["REF0000009"]


def test_onetrust_test_requests_are_left_out(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LIST, OWN_WORDS)
    assert found.left_out == {"test_request": 1} and "REF0000008" not in found.requests


def test_onetrust_an_extension_without_instant_counts_nothing(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LIST, OWN_WORDS)
    assert found.rows("select count(extended_second), count(extension_reason) from rights_requests") == [(0, 0)]


def test_onetrust_reopened_requests_are_open(adapt: Adapt) -> None:
    assert answer(adapt(ADAPTER, LIST, OWN_WORDS), "REF0000004") == (None, None)


def test_onetrust_csv_is_read_with_named_columns(adapt: Adapt) -> None:
    text = (
        "ID,Request Type,Stage,Date Created,Date Closed,Email,Country\n"
        'R1,"Access, Delete",Complete,2024-06-01T07:30:00Z,2024-06-20T12:00:00Z,n1@example.com,DE\n'
        "R2,Access,Legal review,2024-06-02T07:30:00Z,,n2@example.com,FR\n"
    )
    named = (
        'columns = { id = "ID", types = "Request Type", stage = "Stage", received = "Date Created",'
        ' closed = "Date Closed", account = "Email", country = "Country" }\n'
        'maps.stage = { "Legal review" = "open" }'
    )
    found = adapt("onetrust_table", {"requests.csv": text}, named)
    assert found.counts == [(3, 3, 0, 0, 0, 0)]
    assert sorted(found.requests) == ["R1:access", "R1:erasure", "R2"]
    assert answer(found, "R1:erasure") == ("fulfilled", "2024-06-20 12:00:00")


def test_onetrust_table_and_objects_follow_one_rule() -> None:
    adapters = load_adapters()
    assert adapters["onetrust_table"].sql == adapters[ADAPTER].sql
    assert adapters["onetrust_table"].maps == adapters[ADAPTER].maps
