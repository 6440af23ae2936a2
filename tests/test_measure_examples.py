"""Every example of every measure, on DuckDB and on SQLite, with the same texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit_lib.catalogue import load_catalogue
from audit_lib.engines import Engine
from audit_lib.engines.duckdb import DuckDB
from audit_lib.engines.sqlite import SQLite
from audit_lib.run.examples import Bench, Example, differences, load_examples

CATALOGUE = load_catalogue()
EXAMPLES = [example for measure in CATALOGUE.measures for example in load_examples(measure)]
ENGINES: dict[str, Callable[[], Engine]] = {"duckdb": DuckDB, "sqlite": SQLite}


@pytest.fixture(scope="module", params=ENGINES)
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(ENGINES[request.param](), CATALOGUE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.measure}: {e.name}")
def test_example(bench: Bench, example: Example) -> None:
    assert differences(example, bench.items(example)) == []


@pytest.mark.parametrize("measure", CATALOGUE.measures)
def test_every_measure_has_the_six_kinds_of_examples(measure: str) -> None:
    shown = {example.shows for example in EXAMPLES if example.measure == measure}
    assert {"ordinary", "boundary day", "NULL", "empty population", "as-of", "ties"} <= shown


def test_a_wrong_expectation_is_noticed(bench: Bench) -> None:
    example = next(e for e in EXAMPLES if e.items)
    found = bench.items(example)
    found[0]["reason"] = "something else"
    assert differences(example, found) != []
    assert differences(example, found[1:]) != []
