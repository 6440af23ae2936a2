"""The yearly figures of California: published tables reproduced from request logs built to their counts, and the register."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from audit_lib import Run, open_run
from audit_lib.catalogue import load_catalogue, measures
from audit_lib.catalogue.measures import MEASURES
from audit_lib.errors import AuditError, DefinitionError
from audit_lib.run.request_metrics import OTHER_TYPES, SCOPES, TYPES, balance_sentence, year_sentence

PUBLISHED = Path(__file__).parent / "data" / "ccpa_metrics_examples.csv"
RIGHTS = {"know": "access", "delete": "erasure", "correct": "rectification", "opt_out": "opt_out_of_sale"}
WORDS = {"know": "know", "delete": "delete", "correct": "correct", "opt_out": "opt_out_sale_sharing"}
"""The tables' words for types → ours."""
COLUMNS = [*load_catalogue().contracts["rights_requests"].columns]
DECLARED = """
[accounts]
extracted_at = {extracted}
kind = "snapshot"
covers_from = "beginning"
keeps_deleted = true
[rights_requests]
extracted_at = {extracted}
kind = "log"
covers_from = "{covers_from}"
keeps_deleted = true
"""


def declare(data: Path, extracted: str, covers_from: str = "beginning") -> None:
    (data / "sources.toml").write_text(DECLARED.format(extracted=extracted, covers_from=covers_from), "utf-8")


# Published tables -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """One row of a published table."""

    company: str
    year: int
    scope: str
    kind: str
    received: int
    complied: int | None
    denied: int
    median: Decimal | None
    mean: Decimal | None

    @property
    def answered(self) -> int:
        """Requests complied with or denied; where the table does not say the former, all but ten of those received."""
        return self.received - 10 if self.complied is None else self.complied + self.denied


def published() -> list[Published]:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        return [_published(row) for row in csv.DictReader(file)]


def _published(row: Mapping[str, str]) -> Published:
    days = {"median": (row["days_value"], None), "mean": (None, row["days_value"])}
    both = row["days_statistic"].removeprefix("median (mean ").removesuffix(")")
    median, mean = days.get(row["days_statistic"], (row["days_value"], both))
    return Published(
        row["company"],
        int(row["reporting_year"]),
        "California residents" if row["scope"] == "California residents" else "everyone",
        row["request_type"],
        int(row["received"]),
        int(row["complied"]) if row["complied"] else None,
        int(row["denied"]),
        Decimal(median) if median else None,
        Decimal(mean) if mean else None,
    )


TABLES = published()
COMPANIES = list(dict.fromkeys(row.company for row in TABLES))


def waits(row: Published, random: np.random.Generator) -> np.ndarray:
    """Seconds to the answers of a row, with exactly the printed median and mean; what is not printed lies elsewhere."""
    count = row.answered
    median = int((row.median if row.median is not None else row.mean * Decimal("0.6")) * 86400)
    mean = row.mean if row.mean is not None else row.median * Decimal("1.3")
    half = (count - 1) // 2
    low = median - 3600 * random.integers(0, median // 7200, half)  # whole hours apart: a histogram of few bars
    rest = int(count * mean * 86400) - int(low.sum()) - median * (count - 2 * half)
    high = rest // half + (np.arange(half) < rest % half)
    assert high.min() >= median
    return np.concatenate([low, np.full(count - 2 * half, median), high])


def requests(row: Published, random: np.random.Generator) -> pd.DataFrame:
    """The log behind one row: seconds of receipt and closing, outcome, right, region."""
    wait = random.permutation(waits(row, random))
    start = int(datetime(row.year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(row.year + 1, 1, 1, tzinfo=UTC).timestamp())
    received = start + (random.random(len(wait)) * (end - start - wait)).astype(np.int64)
    number = np.arange(len(wait))
    outcome = np.where(number < row.denied, "refused", np.where(number % 7 == 0, "fulfilled_in_part", "fulfilled"))
    frame = pd.DataFrame({"received": received, "closed": pd.array(received + wait, dtype="Int64"), "outcome": outcome})
    still_open = pd.DataFrame({"received": random.integers(start, end, row.received - row.answered)})
    frame = pd.concat([frame, still_open], ignore_index=True)
    frame["right"] = RIGHTS[row.kind]
    frame["region"] = "CA" if row.scope == "California residents" else np.resize(["CA", "TX", "NY"], len(frame))
    return frame


def export(data: Path, company: str) -> None:
    """Write the accounts (none) and the requests of a company's rows as Parquet."""
    random = np.random.default_rng(7102)
    log = pd.concat([requests(row, random) for row in TABLES if row.company == company], ignore_index=True)
    given = {
        "request_id": "'q' || row_number() over ()",
        "right_requested": '"right"',
        "country": "'US'",
        "region": "region",
        "received_at": "strftime(make_timestamp(received * 1000000), '%Y-%m-%dT%H:%M:%SZ')",
        "closed_at": "strftime(make_timestamp(closed * 1000000), '%Y-%m-%dT%H:%M:%SZ')",
        "outcome": "outcome",
    }
    columns = ", ".join(f"{given.get(name, 'null::varchar')} as {name}" for name in COLUMNS)
    with duckdb.connect() as connection:
        connection.register("log", log)
        connection.execute(f"copy (select {columns} from log) to '{data / 'rights_requests.parquet'}' (format parquet)")
    (data / "accounts.csv").write_text(",".join(load_catalogue().contracts["accounts"].columns) + "\n", "utf-8")
    declare(data, f"{next(row.year for row in TABLES if row.company == company) + 1}-02-01T00:00:00Z")


FIGURES = """
id = "figures"
title = "Figures for California"
kind = "internal"
version = "2020"
publisher = "the controller"
[[criterion]]
id = "figures-published"
sentence = "The figures of each year are published by 1 July of the next."
attestation = "Where and when they were published."
source = "Cal. Code Regs. tit. 11 s.7102(b)"
verified = true
"""


@pytest.fixture(scope="module", params=COMPANIES)
def metrics(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, pd.DataFrame]:
    """A company's year, audited with this measure alone: millions of requests need not pass through all others."""
    company, folder = request.param, tmp_path_factory.mktemp("published")
    (folder / "figures.toml").write_text(FIGURES, "utf-8")
    (data := folder / "data").mkdir()
    (alone := folder / "measures").mkdir()
    shutil.copytree(MEASURES / "request_outcome", alone / "request_outcome")
    export(data, company)
    year = next(row.year for row in TABLES if row.company == company)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measures, "MEASURES", alone)
        with open_run(data, period=str(year), criteria=[folder / "figures.toml"]) as run:
            assert [found.measure for found in run.observations] == ["request_outcome"]
            return company, run.request_metrics(year)


def test_a_published_table_is_reproduced_from_a_log_built_to_its_counts(metrics: tuple[str, pd.DataFrame]) -> None:
    company, frame = metrics
    rows = [row for row in TABLES if row.company == company]
    assert rows
    for row in rows:
        of_row = frame[(frame["scope"] == row.scope) & (frame["request_type"] == WORDS[row.kind])]
        found = of_row.to_dict("records")[0]
        assert found["received"] == row.received
        assert found["denied"] == row.denied
        assert found["complied"] == (row.answered - row.denied if row.complied is None else row.complied)
        assert found["open"] == row.received - row.answered
        assert found["balances"] is True
        if row.median is not None:
            assert found["median_days"] == float(row.median)
        if row.mean is not None:
            assert found["mean_days"] == float(row.mean)
        assert found["median_days"] != found["mean_days"]
    types = [WORDS[row.kind] for row in rows]
    assert frame.loc[~frame["request_type"].isin(types), "received"].sum() == 0
    assert frame["is_complete"].all()
    assert balance_sentence(frame).startswith("Every row balances")


def test_the_published_rows_are_all_there_and_add_up() -> None:
    assert len(TABLES) == 9
    assert [row.received for row in TABLES if row.company == "Walmart"] == [47445, 6194, 354275]
    assert all(row.received == row.answered for row in TABLES if row.complied is not None)
    assert sum(row.complied is None for row in TABLES) == 2


# Small logs -----------------------------------------------------------------------------------------------------------

ROWS = """
request_id | account_id | country | region | right_requested            | received_at          | closed_at            | outcome
k1         | a1         | US      | CA     | access                     | 2020-01-01T07:59:59Z | 2020-01-01T07:59:59Z | fulfilled
k2         | a1         | US      | CA     | access                     | 2020-01-01T08:00:00Z | 2020-01-03T08:00:00Z | fulfilled
k3         | a1         | US      | CA     | portability                | 2021-01-01T07:59:59Z | 2021-01-05T07:59:59Z | fulfilled
k4         | a1         | US      | CA     | access                     | 2021-01-01T08:00:00Z | 2021-01-05T07:59:59Z | fulfilled
d1         | a2         | US      | CA     | erasure                    | 2020-03-01T08:00:00Z | 2020-05-01T08:00:00Z | withdrawn
d2         | a2         | US      | CA     | erasure                    | 2020-03-01T08:00:00Z | 2020-05-01T08:00:00Z | duplicate
d3         | a2         | US      | CA     | erasure                    | 2020-03-01T08:00:00Z | 2020-03-02T08:00:00Z |
d4         | a2         | US      | CA     | erasure                    | 2020-03-01T08:00:00Z |                      | fulfilled
d5         | a2         | US      | CA     | erasure                    | 2020-03-01T08:00:00Z | 2020-03-05T08:00:00Z | refused
d6         | a2         | US      | CA     | erasure                    | 2020-03-01T08:00:00Z | 2020-03-05T08:00:00Z | withdrawn
c1         | a3         | DE      |        | rectification              | 2020-07-01T08:00:00Z | 2020-07-02T20:00:00Z | fulfilled_in_part
c2         |            | US      |        | rectification              | 2020-07-01T08:00:00Z |                      |
s1         | a1         | US      | CA     | third_party_marketing_list | 2020-02-01T08:00:00Z | 2020-03-02T08:00:00Z | fulfilled
s2         | a1         | US      | CA     | third_party_marketing_list | 2020-12-01T08:00:00Z |                      |
s3         | a1         | US      | CA     | third_party_marketing_list | 2021-01-01T08:00:00Z |                      |
s4         |            | DE      |        | third_party_marketing_list | 2020-06-01T08:00:00Z |                      | fulfilled
s5         | a2         | US      | CA     | third_party_marketing_list | 2020-11-01T08:00:00Z | 2020-12-02T08:00:00Z | refused
s6         | a3         | US      | CA     | third_party_marketing_list | 2020-12-20T08:00:00Z |                      |
r1         | a3         | DE      |        | restriction                | 2020-07-01T08:00:00Z | 2020-07-05T08:00:00Z | fulfilled
"""
ACCOUNTS = """
account_id,opened_at,closed_at,country,region
a1,2018-01-01T00:00:00Z,,US,CA
a2,2018-01-01T00:00:00Z,,US,CA
a3,2018-01-01T00:00:00Z,,DE,
"""


def small_export(data: Path, covers_from: str = "beginning") -> Path:
    data.mkdir()
    lines = [[cell.strip() for cell in line.split("|")] for line in ROWS.strip().splitlines()]
    with (data / "rights_requests.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(dict(zip(lines[0], line, strict=True)) for line in lines[1:])
    (data / "accounts.csv").write_text(ACCOUNTS.lstrip(), "utf-8")
    declare(data, "2021-08-01T00:00:00Z", covers_from)
    return data


@pytest.fixture(scope="module")
def year_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The small log for 2020, identifiers as exported, by the default criteria: days of Los Angeles."""
    with open_run(small_export(tmp_path_factory.mktemp("small") / "data"), period="2020", reveal=True) as run:
        yield run


def row_of(frame: pd.DataFrame, scope: str, word: str) -> dict[str, Any]:
    found: dict[str, Any] = frame[(frame["scope"] == scope) & (frame["request_type"] == word)].to_dict("records")[0]
    return found


def test_a_year_ends_with_its_last_second_in_the_controllers_zone(year_run: Run) -> None:
    know = row_of(year_run.request_metrics(2020), "California residents", "know")
    assert (know["received"], know["complied"], know["open"]) == (2, 1, 1)
    assert (know["median_days"], know["mean_days"]) == (2.0, 2.0)
    before = row_of(year_run.request_metrics(2019), "California residents", "know")
    assert (before["received"], before["complied"], before["median_days"]) == (1, 1, 0.0)


def test_what_is_neither_complied_with_denied_nor_open_is_told(year_run: Run) -> None:
    frame = year_run.request_metrics(2020)
    delete = row_of(frame, "everyone", "delete")
    assert {name: delete[name] for name in ("received", "complied", "denied", "open", "not_accounted_for", "balances")} == {
        "received": 5, "complied": 0, "denied": 1, "open": 0, "not_accounted_for": 4, "balances": False,
    }  # fmt: skip
    assert (delete["withdrawn"], delete["duplicate"], delete["not_recorded"]) == (1, 1, 2)
    assert delete["mean_days"] == 4.0
    assert balance_sentence(frame) == (
        "Of 5 requests to delete, 4 were neither complied with, denied nor open: 1 withdrawn, 1 closed as duplicate and 2 without a "
        "recorded outcome or closing. Of 5 requests for the list of third parties, 1 was neither complied with, denied nor open: 1 without a "
        "recorded outcome or closing."
    )


def test_who_lives_in_california_is_told_apart_from_who_may(year_run: Run) -> None:
    frame = year_run.request_metrics(2020)
    here, everywhere = row_of(frame, "California residents", "correct"), row_of(frame, "everyone", "correct")
    assert (here["received"], here["residence_unknown"]) == (0, 1)
    assert np.isnan(here["median_days"]) and np.isnan(here["mean_days"])
    assert (everywhere["received"], everywhere["complied"], everywhere["open"]) == (2, 1, 1)
    assert everywhere["mean_days"] == 1.5


def test_rows_are_those_of_the_regulation_and_of_what_else_came_in(year_run: Run) -> None:
    frame = year_run.request_metrics(2020)
    assert list(frame["request_type"]) == [*TYPES, *OTHER_TYPES] * 2
    assert list(frame["scope"].drop_duplicates()) == list(SCOPES)
    assert list(year_run.request_metrics(2018)["request_type"]) == [*TYPES] * 2
    words = load_catalogue().reference["right_word"].rows
    known = set(words.loc[words["regime"] == "CCPA", "law_word"])
    assert known == set(TYPES) | set(OTHER_TYPES) - {"other"}


def test_a_year_without_requests_has_nothing_to_balance(year_run: Run) -> None:
    assert balance_sentence(year_run.request_metrics(2018)) == "No requests were received: there is nothing to balance."


def test_what_closes_after_as_of_is_open_and_the_year_is_not_complete(tmp_path: Path) -> None:
    data = small_export(tmp_path / "data")
    with open_run(data, period="2020-01-01..2020-03-04") as run:
        frame = run.request_metrics(2020)
    delete = row_of(frame, "everyone", "delete")
    # Four are still open on 4 March, one of them to be withdrawn in time later; of two nobody knows how or when they ended.
    assert (delete["received"], delete["open"], delete["denied"], delete["not_recorded"]) == (6, 4, 0, 2)
    assert not frame["is_complete"].any()
    assert year_sentence(frame) == "As known at the end of 2020-03-04; the year had not ended then."
    with open_run(data, period="2021-01-01..2021-06-30") as run:
        frame = run.request_metrics(2020)
    assert row_of(frame, "everyone", "know")["complied"] == 2
    assert year_sentence(frame) == "As known at the end of 2021-06-30."


def test_figures_do_not_hang_on_what_was_asked_before(year_run: Run) -> None:
    before = year_run.request_metrics(2020)
    year_run.observe("request_on_time", roll_over=False, inclusive_days=True)
    year_run.shine_the_light(2020)
    pd.testing.assert_frame_equal(year_run.request_metrics(2020), before)


def test_figures_are_the_same_whether_the_run_is_for_that_year_or_part_of_it(year_run: Run, tmp_path: Path) -> None:
    with open_run(small_export(tmp_path / "data"), period="2020-10-01..2020-12-31") as run:
        frame = run.request_metrics(2020)
    pd.testing.assert_frame_equal(frame, year_run.request_metrics(2020))


def test_years_that_the_run_cannot_know_are_refused(year_run: Run) -> None:
    with pytest.raises(DefinitionError, match=r"^The run ends with 2020-12-31 and knows nothing of 2021\. Open one for a later period\.$"):
        year_run.request_metrics(2021)
    with pytest.raises(DefinitionError, match=r"^'2020-Q1' is no calendar year\. Write it as 2020\.$"):
        year_run.shine_the_light("2020-Q1")  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="Period '20' is not understood"):
        year_run.request_metrics(20)


def test_a_log_that_does_not_reach_the_year_gives_no_figures(tmp_path: Path) -> None:
    with open_run(small_export(tmp_path / "data", "2020-02-01"), period="2020") as run:
        with pytest.raises(AuditError, match=r"^The requests of 2020 cannot be counted: rights_requests covers only the days from 2020-02-01\.$"):
            run.request_metrics(2020)
        with pytest.raises(AuditError, match="cannot be counted"):
            run.shine_the_light(2020)


# Shine the Light ------------------------------------------------------------------------------------------------------


def test_the_register_of_requests_for_the_list_of_third_parties(year_run: Run) -> None:
    register = year_run.shine_the_light(2020).astype(object)
    told = register.where(register.notna(), None)
    assert told.to_dict("list") == {
        "request": ["s1", "s4", "s5", "s2", "s6"],
        "account": ["a1", None, "a2", "a1", "a3"],
        "country": ["US", "DE", "US", "US", "US"],
        "region": ["CA", None, "CA", "CA", "CA"],
        "received": [date(2020, 2, 1), date(2020, 6, 1), date(2020, 11, 1), date(2020, 12, 1), date(2020, 12, 20)],
        "due": [date(2020, 3, 2), None, date(2020, 12, 1), date(2020, 12, 31), date(2021, 1, 19)],
        "answered": [date(2020, 3, 2), None, date(2020, 12, 2), None, None],
        "days": [30, None, 31, None, None],
        "outcome": ["complied", "not recorded", "denied", "open", "open"],
        "on_time": [True, None, False, False, None],
        "asked_before": [False, None, False, True, False],
    }


def test_the_register_shows_pseudonyms_and_may_be_empty(tmp_path: Path) -> None:
    with open_run(small_export(tmp_path / "data"), period="2020") as run:
        register = run.shine_the_light(2020)
        assert run.shine_the_light(2019).empty
    assert all(name.startswith("req-") for name in register["request"])
    assert all(name.startswith("acc-") for name in register["account"].dropna())
    assert register["account"].nunique() == 3
