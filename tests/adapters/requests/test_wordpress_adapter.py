"""WordPress: privacy requests as posts with their two instants, and as request objects."""

from __future__ import annotations

from request_world import Adapt

ADAPTER, POSTS, OBJECTS = "wordpress_requests", "wordpress_posts.csv", "wordpress_objects.csv"


def test_wordpress_rows_add_up(adapt: Adapt) -> None:
    found = adapt(ADAPTER, POSTS)
    assert found.counts == [(5, 5, 0, 0, 0, 0)] and found.unknown == []
    assert found.requests["11"] == {
        "request_id": "11",
        "record": 1,
        "account": "w1@example.org",
        "right_requested": "access",
        "received": "2024-01-05 10:00:00",
        "identity_verified": "2024-01-05 10:20:00",
        "closed": "2024-01-11 08:00:00",
        "outcome": "fulfilled",
    }


def test_wordpress_zero_is_missing(adapt: Adapt) -> None:
    found = adapt(ADAPTER, POSTS)
    row = found.requests["15"]
    assert row["outcome"] == "fulfilled" and not {"closed", "identity_verified"} & set(row)
    assert found.quarantined == []
    assert found.rows(
        "select min(closed_second) > 1000000000, min(identity_verified_second) > 1000000000 from rights_requests"
    ) == [(True, True)]


def test_wordpress_failed_is_open(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, POSTS).requests
    assert not {"closed", "outcome"} & {*requests["12"], *requests["13"], *requests["14"]}


def test_wordpress_post_dates_are_greenwich_time(adapt: Adapt) -> None:
    found = adapt(ADAPTER, POSTS, 'time_zone = "America/New_York"')
    assert found.requests["11"]["received"] == "2024-01-05 10:00:00"


def test_wordpress_request_objects(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, OBJECTS).requests
    assert {key: row["received"] for key, row in requests.items()} == {
        "21": "2024-01-05 10:00:00",
        "22": "2024-01-06 10:00:00",
        "23": "2024-01-07 10:00:00",
    }
    assert requests["21"]["closed"] == "2024-01-11 08:00:00" and "closed" not in requests["23"]


def test_wordpress_user_zero_is_nobody(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, OBJECTS).requests
    assert requests["21"]["account"] == "7" and "account" not in requests["22"]


def test_wordpress_an_export_may_be_portability(adapt: Adapt) -> None:
    found = adapt(ADAPTER, POSTS, 'maps.right = { export_personal_data = "portability" }')
    assert found.requests["11"]["right_requested"] == "portability"
