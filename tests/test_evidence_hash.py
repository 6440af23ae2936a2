"""What an evidence hash covers: changing one weight or one pattern changes that finding and its hash, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit_lib import Run, age_statements, open_run
from audit_lib.catalogue.criteria import DEFAULT

POLICY = Path(__file__).parent.parent / "audit_lib" / "criteria" / f"{DEFAULT}.toml"
SIGNALS = {"under_13_signals", "under_13_signals_noticed"}


@pytest.fixture(scope="module")
def before(samples: Path, private_cache: None) -> Iterator[dict[str, Any]]:
    with open_run(samples, period="2018-Q3", with_texts=True) as run:
        yield run.results()


def changed(before: dict[str, Any], after: dict[str, Any], part: str, key: str) -> set[str]:
    """The keys of the entries that are not the same in both, hashes included."""
    assert [entry[key] for entry in before[part]] and len(before[part]) == len(after[part])
    one = {(entry[key], str(entry.get("parameters"))): entry for entry in before[part]}
    other = {(entry[key], str(entry.get("parameters"))): entry for entry in after[part]}
    assert one.keys() == other.keys()
    return {name[0] for name, entry in one.items() if other[name] != entry}


def only_these_changed(before: dict[str, Any], after: dict[str, Any], measures: set[str]) -> None:
    """Observations and findings of these measures have another hash; everything else is the same to the last figure."""
    assert changed(before, after, "observations", "measure") == measures
    told = {finding["criterion"] for finding in before["findings"] if finding["measure"] in measures}
    assert told and changed(before, after, "findings", "criterion") == told
    for part, key in (("observations", "measure"), ("findings", "criterion")):
        hashes = [{(entry[key], str(entry.get("parameters"))): entry["evidence_sha256"] for entry in r[part]} for r in (before, after)]
        differ = {name[0] for name, digest in hashes[0].items() if hashes[1][name] != digest}
        assert differ == (measures if part == "observations" else told)


def test_every_figure_has_a_hash_and_no_two_measures_share_one(before: dict[str, Any]) -> None:
    hashes = [found["evidence_sha256"] for found in before["observations"]]
    assert all(len(digest) == 64 for digest in hashes)
    assert len(set(hashes)) == len(hashes)
    assert all(bool(finding["evidence_sha256"]) == bool(finding["measure"]) for finding in before["findings"])


def test_one_weight(before: dict[str, Any], samples: Path, tmp_path: Path) -> None:
    own = tmp_path / POLICY.name
    weight = '[[parameters.signal_weight]]\nsignal = "text_states_age"\nweight = 0\n\n'
    own.write_text(POLICY.read_text("utf-8").replace("[[parameters.destination]]", weight + "[[parameters.destination]]", 1), "utf-8")
    with open_run(samples, period="2018-Q3", criteria=[own], with_texts=True) as run:
        after = run.results()
    only_these_changed(before, after, {"under_13_signals"})
    assert exceptions(after) < exceptions(before)


def exceptions(results: dict[str, Any]) -> int:
    return int(next(found["exceptions"] for found in results["observations"] if found["measure"] == "under_13_signals"))


def test_one_pattern(before: dict[str, Any], samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = tmp_path / "patterns"
    shutil.copytree(age_statements.PATTERNS, patterns)
    english = (patterns / "en.toml").read_text("utf-8")
    old = 'id = "i_am_years_old"\n'
    assert english.count(old) == 1
    place = english.index('regex = "', english.index(old)) + len('regex = "')
    finds_more = english[:place] + "subtitle|" + english[place:]
    (patterns / "en.toml").write_text(finds_more.replace(old, f"{old}age = 9\n"), "utf-8")
    monkeypatch.setattr(age_statements, "PATTERNS", patterns)
    monkeypatch.setenv("PRIVACY_AUDIT_CACHE", str(tmp_path / "cache"))
    age_statements.load_language.cache_clear()
    try:
        with open_run(samples, period="2018-Q3", with_texts=True) as run:
            after = run.results()
    finally:
        age_statements.load_language.cache_clear()
    only_these_changed(before, after, SIGNALS)
    assert exceptions(after) > exceptions(before)


def test_a_hash_hangs_on_the_parameters_asked_for(sample_run: Run) -> None:
    usual = sample_run.evidence_hash("retention_overrun")
    assert sample_run.evidence_hash("retention_overrun", {"grace_days": 0}) != usual
    assert sample_run.evidence_hash("retention_overrun", {"erasure_days": 0}) == usual  # not a parameter of this measure
