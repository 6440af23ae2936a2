"""Fides: privacy requests as CSV, in the headers of three generations."""

from __future__ import annotations

import csv
import io

from request_world import Adapt, fixture

from audit_lib.catalogue.adapters import load_adapters

ADAPTER, FILE = "fides_requests", "fides_current.csv"


def rewritten(name: str, change: object) -> str:
    """A fixture with its columns in the order that `change` gives them."""
    assert callable(change)
    out = io.StringIO()
    rows = list(csv.DictReader(io.StringIO(fixture(name), newline="")))
    writer = csv.DictWriter(out, change(list(rows[0])), extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_fides_rows_add_up(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert found.counts == [(12, 11, 0, 0, 0, 1)]
    assert found.rows("select records, adapter from input_file") == [(11, ADAPTER)]
    assert found.left_out == {"consent_preferences": 1}
    assert found.quarantined == [] and found.unknown == []


def test_fides_a_completed_request(adapt: Adapt) -> None:
    assert adapt(ADAPTER, FILE).requests["pri_01"] == {
        "request_id": "pri_01",
        "record": 1,
        "right_requested": "access",
        "received": "2024-03-01 09:15:22",
        "closed": "2024-03-19 23:59:59",
        "outcome": "fulfilled",
        "account": "u1",
    }


def test_fides_deadline_is_never_read(adapt: Adapt) -> None:
    whole = adapt(ADAPTER, FILE)
    assert "2024-04-15 09:15:22" not in {value for row in whole.requests.values() for value in row.values()}
    assert "Deadline" not in {name for column in load_adapters()[ADAPTER].columns.values() for name in column.found_as}


def test_fides_several_rights_are_several_requests(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, FILE).requests
    assert {key: row["right_requested"] for key, row in requests.items() if key.startswith(("pri_02", "pri_03"))} == {
        "pri_02:access": "access",
        "pri_02:erasure": "erasure",
        "pri_03": "erasure",
    }
    assert requests["pri_02:access"]["closed"] == requests["pri_02:erasure"]["closed"] == "2024-03-29 09:00:00"


def test_fides_error_and_paused_are_open(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, FILE).requests
    assert not {"closed", "outcome"} & {*requests["pri_06"], *requests["pri_07"], *requests["pri_11"]}


def test_fides_an_approval_closes_nothing(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, FILE).requests
    assert not {"closed", "outcome"} & set(requests["pri_05"])
    assert requests["pri_01"]["closed"] == "2024-03-19 23:59:59"
    denied = requests["pri_04"]
    assert (denied["closed"], denied["outcome"]) == ("2024-03-10 12:00:00", "refused")
    assert denied["refusal_reason"] == "identity not proved"


def test_fides_canceled_and_duplicate_have_no_closing(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, FILE).requests
    assert [requests[key]["outcome"] for key in ("pri_08", "pri_09")] == ["withdrawn", "duplicate"]
    assert "closed" not in requests["pri_08"] and "closed" not in requests["pri_09"]


def test_fides_columns_go_by_name(adapt: Adapt) -> None:
    turned = rewritten(FILE, lambda names: [*reversed(names)])
    assert turned.startswith('"Custom Field Reason, if any",email,external_id')
    found = adapt(ADAPTER, {FILE: turned})
    assert found.requests["pri_01"]["account"] == "u1"
    assert found.requests["pri_04"]["closed"] == "2024-03-10 12:00:00"


def test_fides_account_column_is_chosen(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE, 'columns = { account = "email" }')
    assert found.requests["pri_01"]["account"] == "ada@example.com"


def test_fides_instants_with_and_without_offset(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, "fides_2023.csv", 'time_zone = "Europe/Berlin"').requests
    assert requests["pri_a"]["received"] == "2023-02-01 08:00:00"
    assert requests["pri_b"]["closed"] == "2023-02-05 08:00:00"


def test_fides_instants_without_offset_need_a_zone(adapt: Adapt) -> None:
    found = adapt(ADAPTER, "fides_2023.csv")
    assert found.counts == [(5, 0, 5, 0, 0, 0)]
    assert {kind for _, _, kind in found.quarantined} == {"no_offset"}


def test_fides_older_downloads_lack_the_completion(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, "fides_2023.csv", 'time_zone = "UTC"').requests
    assert requests["pri_a"]["outcome"] == "fulfilled" and "closed" not in requests["pri_a"]


def test_fides_identities_in_one_column(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, "fides_2023.csv", 'time_zone = "UTC"').requests
    assert {key: row["account"] for key, row in requests.items()} == {
        "pri_a": "ada@example.com",
        "pri_b": "u2",
        "pri_c:access": "o'hara@example.com",
        "pri_c:erasure": "o'hara@example.com",
        "pri_d": "+15550102",
    }


def test_fides_first_generation_takes_the_right_from_the_policy(adapt: Adapt) -> None:
    found = adapt(ADAPTER, "fides_2022.csv", 'maps.right = { house_policy = "portability" }')
    assert sorted((row["right_requested"], row.get("outcome")) for row in found.requests.values()) == [
        ("access", "fulfilled"),
        ("erasure", "refused"),
        ("portability", None),
    ]


def test_fides_unknown_policies_and_words_are_shown(adapt: Adapt) -> None:
    assert adapt(ADAPTER, "fides_2022.csv").unknown == [(3, "right_requested", "house_policy")]


def test_fides_consent_requests_count_once_they_are_mapped(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE, 'maps.right = { consent = "opt_out_of_sale" }')
    assert found.left_out == {}
    assert found.requests["pri_10"]["right_requested"] == "opt_out_of_sale"
