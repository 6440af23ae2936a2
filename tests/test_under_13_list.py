"""The list of accounts with signals that their holder is under 13, and what decided reviews say of each kind of signal."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from audit_lib import Run, open_run
from audit_lib.catalogue import measures
from audit_lib.catalogue.contracts import load_contracts
from audit_lib.catalogue.measures import MEASURES
from audit_lib.errors import AuditError, DefinitionError
from audit_lib.run.under_13 import REVIEWS

COLUMNS = ["account", "score", "signals", "first_noticed", "newest_noticed", "review", "is_exception"]
BORN = "an accepted birth date, or the one on file, says under 13"
REPORTED = "a guardian reported it"
CHANGED = "a birth date was changed from under to over 13"
WROTE = "a text of the holder states an age under 13, or a birth year or school grade that means one"

# The samples ----------------------------------------------------------------------------------------------------------


def planted(samples: Path) -> dict[str, str]:
    with (samples / "ground_truth.csv").open(encoding="utf-8", newline="") as file:
        return {row["item_id"]: row["reason"] for row in csv.DictReader(file) if row["measure"] == "under_13_signals"}


def test_the_exceptions_of_the_list_are_the_planted_accounts(sample_run: Run, samples: Path) -> None:
    listed = sample_run.under_13_list()
    assert list(listed.columns) == COLUMNS
    meanings = sample_run.catalogue.measures["under_13_signals"].reasons
    expected = {account: meanings[reason] for account, reason in planted(samples).items()}
    exceptions = listed[listed["is_exception"]]
    strongest = [signals.split("; ")[0] for signals in exceptions["signals"]]
    assert dict(zip(exceptions["account"], strongest, strict=True)) == expected
    assert listed.attrs["accounts"] == len(listed) > len(exceptions)


def test_the_list_of_the_samples_is_told_in_order_and_with_reviews(sample_run: Run) -> None:
    listed = sample_run.under_13_list()
    order = list(zip(-listed["score"], [-day.toordinal() for day in listed["newest_noticed"]], strict=True))
    assert order == sorted(order)
    of = listed.set_index("account").to_dict("index")
    changed = of["u000000046"]
    assert (changed["score"], changed["signals"]) == (6, f"{BORN}; {CHANGED}")
    assert (changed["first_noticed"], changed["newest_noticed"]) == (date(2018, 1, 20), date(2018, 1, 22))
    assert of["u000000051"]["review"] == "cleared"
    assert not of["u000000051"]["is_exception"]
    assert of["u000000052"]["review"] == "open"  # cleared in July, reported again in September
    assert of["u000000042"]["review"] == "cleared"
    assert of["u000000040"]["review"] == "confirmed"
    assert of["u000000072"]["review"] == "none"


def test_the_list_adds_up_to_the_measure(sample_run: Run) -> None:
    found = sample_run.observe("under_13_signals").observation
    listed = sample_run.under_13_list()
    assert listed["is_exception"].sum() == found.counts.exceptions
    assert (listed["review"] == "cleared").sum() == found.groups["cleared"]["yes"].population
    assert set(found.groups["review"]) <= set(REVIEWS)


def test_the_outcomes_of_the_samples_hold_closed_accounts_too(sample_run: Run) -> None:
    outcomes = sample_run.signal_outcomes().set_index("signal")
    reports = outcomes.loc["guardian_report"]
    assert (reports["accounts"], reports["reviewed"], reports["still_open"]) == (11, 11, 5)
    assert (reports["confirmed_under_13"], reports["cleared"], reports["confirmed_share"]) == (1, 5, pytest.approx(1 / 6))
    assert outcomes.loc["gate_bypassed", "accounts"] == 5
    assert outcomes.loc["gate_bypassed", "confirmed_share"] is None


# A small world --------------------------------------------------------------------------------------------------------

TABLES = {
    "accounts": """
account_id | opened_at            | closed_at            | birth_date
born       | 2018-02-01T00:00:00Z |                      | 2008-06-15
both       | 2018-03-01T00:00:00Z |                      | 2008-06-16
cleared    | 2018-02-02T00:00:00Z |                      | 2008-06-17
confirmed  | 2018-02-03T00:00:00Z |                      | 2008-06-18
text       | 2018-02-03T00:00:00Z |                      | 1990-06-15
closed     | 2018-02-03T00:00:00Z | 2018-05-01T00:00:00Z | 2008-06-19
adult      | 2018-02-03T00:00:00Z |                      | 1990-06-15
""",
    "birth_date_declarations": """
declaration_id | account_id | birth_date | declared_at          | source  | accepted
d1             | adult      | 1990-06-15 | 2018-02-03T00:00:00Z | sign_up | true
""",
    "age_reviews": """
review_id | account_id | opened_at            | source          | decided_at           | decision
v1        | both       | 2018-04-01T00:00:00Z | guardian_report |                      |
v2        | cleared    | 2018-04-01T00:00:00Z | signal          | 2018-04-05T00:00:00Z | cleared
v3        | confirmed  | 2018-04-01T00:00:00Z | signal          | 2018-04-05T00:00:00Z | confirmed_under_13
v4        | closed     | 2018-04-01T00:00:00Z | signal          | 2018-04-05T00:00:00Z | confirmed_under_13
v5        | adult      | 2018-04-01T00:00:00Z | staff           | 2018-04-05T00:00:00Z | confirmed_under_13
""",
    "texts": """
text_id | account_id | written_at           | language | body
t1      | text       | 2018-05-01T00:00:00Z | en       | I am 11 years old.
""",
}
CRITERIA = """
id = "signals"
title = "Signals looked for"
kind = "internal"
version = "2018"
publisher = "the controller"
{parameters}
[[criterion]]
id = "signals-looked-at"
sentence = "Every account that gives reason to look is looked at."
measure = "under_13_signals"
source = "our own"
verified = true
"""
WEIGHT = '[[parameters.signal_weight]]\nsignal = "{}"\nweight = {}\n'


def write(data: Path, *, without: str = "") -> Path:
    """The small world as exports, declared complete."""
    data.mkdir()
    declared = []
    for table, text in TABLES.items():
        if table == without:
            continue
        header, *lines = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
        with (data / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*load_contracts()[table].columns], restval="")
            writer.writeheader()
            writer.writerows(dict(zip(header, line, strict=True)) for line in lines)
        declared.append(f'[{table}]\nextracted_at = 2018-12-01T00:00:00Z\nkind = "log"\ncovers_from = "beginning"\nkeeps_deleted = true\n')
    (data / "sources.toml").write_text("\n".join(declared), "utf-8")
    return data


def criteria(folder: Path, **weights: int) -> Path:
    folder.mkdir(exist_ok=True)
    given = "".join(WEIGHT.format(signal, weight) for signal, weight in weights.items())
    (file := folder / "signals.toml").write_text(CRITERIA.format(parameters=given), "utf-8")
    return file


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small world, audited with the measures on signals alone."""
    folder = tmp_path_factory.mktemp("world")
    for name in ("under_13_signals", "under_13_signals_noticed"):
        shutil.copytree(MEASURES / name, folder / "measures" / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measures, "MEASURES", folder / "measures")
        yield write(folder / "data")


def opened(data: Path, *, reveal: bool = True, **weights: int) -> Run:
    named = "_".join(f"{signal}{weight}" for signal, weight in weights.items()) or "own"
    return open_run(data, period="2018-Q2", criteria=[criteria(data.parent / named, **weights)], with_texts=True, reveal=reveal)


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return list(frame[list(columns)].itertuples(index=False, name=None))


def test_accounts_by_score_then_newest_signal(world: Path) -> None:
    with opened(world) as run:
        listed = run.under_13_list()
    assert rows(listed, *COLUMNS) == [
        ("both", 8, f"{BORN}; {REPORTED}", date(2018, 3, 1), date(2018, 4, 1), "open", True),
        ("confirmed", 4, BORN, date(2018, 2, 3), date(2018, 2, 3), "confirmed", True),
        ("cleared", 4, BORN, date(2018, 2, 2), date(2018, 2, 2), "cleared", False),
        ("born", 4, BORN, date(2018, 2, 1), date(2018, 2, 1), "none", True),
        ("text", 1, WROTE, date(2018, 5, 1), date(2018, 5, 1), "none", True),
    ]
    assert listed.attrs == {"accounts": 5, "notes": []}
    assert listed["score"].dtype == "int64"


def test_no_text_and_no_birth_date_is_told(world: Path) -> None:
    with opened(world) as run:
        told = run.under_13_list().to_csv() + run.signal_outcomes().to_csv()
    assert not re.search(r"2008|1990|06-1\d|11|years old|I am", told)


def test_a_limit_keeps_the_first_and_says_how_many_there_are(world: Path) -> None:
    with opened(world) as run:
        listed = run.under_13_list(limit=2)
        assert rows(listed, "account") == [("both",), ("confirmed",)]
        assert listed.attrs["accounts"] == 5
        with pytest.raises(DefinitionError, match=r"^A list of 0 accounts says nothing\. Give a limit of 1 or more\.$"):
            run.under_13_list(limit=0)


def test_weights_of_the_criteria_change_the_list_and_leave_the_signals(world: Path) -> None:
    with opened(world) as run:
        plain = run.observe("under_13_signals_noticed").observation
    with opened(world, birth_date_under_13=0, text_states_age=7) as run:
        listed, outcomes = run.under_13_list(), run.signal_outcomes()
        noticed = run.observe("under_13_signals_noticed").observation
    assert rows(listed, "account", "score", "signals", "first_noticed") == [
        ("text", 7, WROTE, date(2018, 5, 1)),
        ("both", 4, REPORTED, date(2018, 4, 1)),
    ]
    assert rows(outcomes, "signal", "weight", "accounts")[0] == ("birth_date_under_13", 0, 5)
    assert plain.cells is not None
    assert noticed.cells is not None
    pd.testing.assert_frame_equal(noticed.cells, plain.cells)


def test_what_the_reviews_made_of_each_kind(world: Path) -> None:
    with opened(world) as run:
        outcomes = run.signal_outcomes()
    columns = ("signal", "weight", "accounts", "reviewed", "confirmed_under_13", "cleared", "still_open", "confirmed_share")
    assert rows(outcomes, *columns) == [
        ("birth_date_under_13", 4, 5, 4, 2, 1, 1, 2 / 3),
        ("guardian_report", 4, 1, 1, 0, 0, 1, None),
        ("third_party_under_13", 3, 0, 0, 0, 0, 0, None),
        ("birth_date_changed", 2, 0, 0, 0, 0, 0, None),
        ("gate_bypassed", 2, 0, 0, 0, 0, 0, None),
        ("text_states_age", 1, 1, 0, 0, 0, 0, None),
    ]
    assert rows(outcomes, "meaning")[:2] == [(BORN,), (REPORTED,)]


def test_pseudonyms_stand_for_accounts_and_the_cache_changes_nothing(world: Path) -> None:
    with opened(world) as run:
        plain = run.under_13_list()
    with opened(world, reveal=False) as again:
        listed = again.under_13_list()
        assert list(listed["account"]) == [again.shown("account", account) for account in plain["account"]]
    assert not set(listed["account"]) & set(plain["account"])
    pd.testing.assert_frame_equal(listed.drop(columns="account"), plain.drop(columns="account"))


def test_other_parameters_tried_before_do_not_touch_the_list(world: Path) -> None:
    with opened(world) as run:
        before, outcomes = run.under_13_list(), run.signal_outcomes()
        run.observe("under_13_signals", age_gate_seconds=0)
        pd.testing.assert_frame_equal(run.under_13_list(), before)
        pd.testing.assert_frame_equal(run.signal_outcomes(), outcomes)


def test_exports_that_do_not_allow_to_look_are_told(world: Path) -> None:
    data = write(world.parent / "no_reviews", without="age_reviews")
    why = r"^Signals that a holder is under 13 cannot be looked for: the export of age_reviews is missing\.$"
    with opened(data) as run:
        with pytest.raises(AuditError, match=why):
            run.under_13_list()
        with pytest.raises(AuditError, match=why):
            run.signal_outcomes()


def test_texts_that_were_not_read_are_a_note(world: Path) -> None:
    with open_run(world, period="2018-Q2", criteria=[criteria(world.parent / "own")], reveal=True) as run:
        listed = run.under_13_list()
        assert "text" not in list(listed["account"])
        assert any("texts were not read" in note for note in listed.attrs["notes"])
        assert run.signal_outcomes().attrs["notes"] == listed.attrs["notes"]


def test_a_world_without_a_signal_gives_an_empty_list(world: Path) -> None:
    with open_run(world, period="2018-01", criteria=[criteria(world.parent / "own")], reveal=True) as run:
        listed = run.under_13_list()
        assert list(listed.columns) == COLUMNS
        assert listed.empty
        assert set(run.signal_outcomes()["accounts"]) == {0}
