"""Shared by all tests: a private cache and key, and the audits of the samples that many tests read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_lib import Run, open_run

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data_samples"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: packed ones hold the hour they were packed, and each worker must find the same names."""
    return argname if isinstance(val, bytes) else None


LONGEST_FIRST = (
    "test_crash.py", "test_vanished.py", "test_lies.py", "test_cli.py", "test_differential.py", "test_measure_examples.py", "test_survivorship.py",
    "test_databases.py", "test_report.py", "20_rights_requests.ipynb", "90_compliance_report.ipynb", "test_notebooks.py", "test_evidence_hash.py",
)  # fmt: skip
"""Files of tests that take longest: begun first, so that no worker still has one before it when the other has finished."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or leaves anything in the user's own cache or key file."""
    before = dict(os.environ)
    os.environ["PRIVACY_AUDIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["PRIVACY_AUDIT_KEY"] = "a key that only the tests know"
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def sample_run(private_cache: None) -> Iterator[Run]:
    """The samples for 2018-Q3 with texts, identifiers as exported."""
    with open_run(SAMPLES, period="2018-Q3", compare_to="2018-Q2", with_texts=True, reveal=True) as run:
        yield run
