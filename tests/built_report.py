"""One report, built once for all tests that look at it: of the samples with words in them that try to run as code."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_lib.report import ReportRequest, build_report

SAMPLES = Path(__file__).parent.parent / "data_samples"
SCRIPT = "</script><script>window.pwned=1</script>"
PICTURE = "<img src=x onerror=window.pwned=1>"
CANARY = "Quokkafish"
"""Stands in every text: no file of the report may hold it."""
FORMULA = "=cmd|' /C calc'!A0"
REMARKS = f"# We knew\n\n**Looked at** on 5 October. {SCRIPT} ![pixel](https://example.org/p.png) [x](javascript:alert(1))\n"
MADE_AT = datetime(2018, 10, 5, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Built:
    """The report, and the exports it was made from."""

    data: Path
    folder: Path
    earlier: Path

    @property
    def page(self) -> str:
        return (self.folder / "report.html").read_text("utf-8")


def hostile_samples(folder: Path) -> Path:
    """The samples with a script, a picture and a formula among the words of their columns."""
    shutil.copytree(SAMPLES, folder)
    records = folder / "stored_records.csv.gz"
    text = gzip.decompress(records.read_bytes()).decode()
    assert ",mixpanel," in text and ",billing," in text
    text = text.replace(",mixpanel,", f',"{SCRIPT}",').replace(",billing,", f',"{FORMULA}",')
    records.write_bytes(gzip.compress(text.encode()))
    for name, word, evil in (("rights_requests.csv", ",email,", PICTURE), ("transfers.csv", ",usage,", SCRIPT)):
        text = (folder / name).read_text("utf-8")
        assert word in text
        (folder / name).write_text(text.replace(word, f',"{evil}",'), "utf-8")
    texts = (folder / "texts.jsonl").read_text("utf-8")
    assert texts.count('"body":"') > 100
    (folder / "texts.jsonl").write_text(texts.replace('"body":"', f'"body":"{CANARY}! '), "utf-8")
    return folder


def build(folder: Path) -> Built:
    """Build the report twice: the second time remarks have been written, and the first becomes a revision."""
    data = hostile_samples(folder / "exports")
    out = folder / "reports"
    request = ReportRequest(data=data, period="2018-Q3", compare_to="2018-Q2", with_texts=True, out=out)
    (out / "2018-Q3").mkdir(parents=True)
    (out / "2018-Q3" / "remarks.md").write_text(REMARKS, "utf-8")
    result = build_report(request, made_at=MADE_AT)
    assert result.holes == ()
    assert result.earlier is not None
    return Built(data, result.folder, result.earlier)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Built:
    """Built once, whichever worker comes first."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "built-report"
    done = shared.with_suffix(".json")
    with _locked(shared.with_suffix(".lock")):
        if not done.exists():
            shared.mkdir()
            found = build(shared)
            done.write_text(json.dumps([str(found.data), str(found.folder), str(found.earlier)]))
    data, folder, earlier = map(Path, json.loads(done.read_text()))
    return Built(data, folder, earlier)


@contextmanager
def _locked(lock: Path, patience: int = 300) -> Iterator[None]:
    """Only one worker at a time; gives up after `patience` seconds."""
    until = time.monotonic() + patience
    while True:
        try:
            os.mkdir(lock)
            break
        except FileExistsError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
    try:
        yield
    finally:
        os.rmdir(lock)
