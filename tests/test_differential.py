"""The measures against a second reading of their definitions (`tests/oracle`), on random small exports, on DuckDB.

A run tries the same worlds every time, about a dozen per measure with dozens of independent cases each. A nightly run
sets AUDIT_WORLDS to the number of worlds per measure; they are then new each time, and a failure names its seed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import oracle
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle.compare import compare
from oracle.random_worlds import make

from audit_lib.catalogue import load_catalogue
from audit_lib.engines.duckdb import DuckDB
from audit_lib.run.examples import Bench, Example, differences, load_examples

CATALOGUE = load_catalogue()
NIGHTLY = "AUDIT_WORLDS" in os.environ
WORLDS = int(os.environ.get("AUDIT_WORLDS", "20"))
WRITTEN = [example for measure in oracle.READINGS for example in load_examples(measure)]


@cache
def bench(zone: str) -> Bench:
    """One bench per zone: the reference tables of a zone take longer to write than a measure to evaluate."""
    return Bench(DuckDB(), CATALOGUE)


def told(example: Example) -> list[str]:
    """Every difference between the two readings, each with the rows of its own clump."""
    expected = oracle.items(example, CATALOGUE.parameters)
    found = bench(str(example.zone)).items(example)
    return [f"{line}\n{_rows_behind(example, line)}" for line in compare(expected, found)]


def _rows_behind(example: Example, line: str) -> str:
    clump = re.match(r"k\d+", line)
    if not clump:
        return ""
    mine = re.compile(rf"{clump[0]}(?!\d)")
    rows = [
        f"    {table}: { {column: cell for column, cell in row.items() if cell is not None} }"
        for table, lines in example.tables.items()
        for row in lines
        if any(cell and mine.match(cell) for cell in row.values())
    ]
    world = f"    {example.period} {example.zone} {example.parameters} {example.lists} {example.declared}"
    return "\n".join([world, *rows])


def _agrees(measure: str) -> Callable[[], None]:
    @settings(
        max_examples=WORLDS,
        derandomize=not NIGHTLY,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=st.integers(min_value=0, max_value=2**32 - 1))
    def agrees(seed: int) -> None:
        found = told(make(measure, seed))
        assert not found, f"{len(found)} differences, the first:\n" + "\n".join(found[:5])

    agrees_for_measure: Callable[[], None] = agrees
    return agrees_for_measure


@pytest.mark.parametrize("measure", oracle.READINGS)
def test_both_readings_agree_on_random_worlds(measure: str) -> None:
    _agrees(measure)()


@pytest.mark.parametrize("example", WRITTEN, ids=lambda e: f"{e.measure}: {e.name}")
def test_the_second_reading_finds_what_the_written_examples_say(example: Example) -> None:
    assert differences(example, oracle.items(example, CATALOGUE.parameters)) == []


@pytest.mark.parametrize("measure", oracle.READINGS)
def test_random_worlds_reach_every_reason(measure: str) -> None:
    reached = {
        item["reason"] for seed in range(120) for item in oracle.items(make(measure, seed), CATALOGUE.parameters)
    }
    assert reached == CATALOGUE.measures[measure].reasons.keys()


def test_a_difference_of_one_day_in_the_grace_is_told() -> None:
    example = make("deletion_after_closure", 1)
    longer = replace(example, parameters={"grace_days": int(example.parameters["grace_days"]) + 1})
    found = bench(str(example.zone)).items(longer)
    assert compare(oracle.items(example, CATALOGUE.parameters), found) != []
    assert compare(oracle.items(longer, CATALOGUE.parameters), found) == []


@pytest.mark.parametrize("measure", oracle.READINGS)
def test_a_change_in_any_column_is_told(measure: str) -> None:
    expected = oracle.items(make(measure, 2), CATALOGUE.parameters)
    assert expected
    assert compare(expected, expected) == []
    assert compare(expected, expected[1:]) != []
    assert compare(expected[1:], expected) != []
    assert compare(expected, [*expected, expected[0]]) != []
    for column in expected[0]:
        changed = [{**expected[0], column: "something else"}, *expected[1:]]
        assert compare(expected, changed) != []
