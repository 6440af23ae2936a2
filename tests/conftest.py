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
