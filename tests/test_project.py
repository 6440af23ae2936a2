"""The project about itself: lock files, environment.yml, floors, docs, what every measure owes its reader."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from audit_lib.catalogue import load_catalogue
from audit_lib.reference_docs import pages
from audit_lib.run.examples import load_examples

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CATALOGUE = load_catalogue()


def pins(lock: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-conda.lock"])
def test_every_requirement_is_locked_at_a_version_it_allows(lock: str) -> None:
    wanted = [*PROJECT["dependencies"], *(r for extra in PROJECT["optional-dependencies"].values() for r in extra)]
    locked = pins(lock)
    assert len(wanted) > 20
    for text in wanted:
        requirement = Requirement(text)
        versions = locked[canonicalize_name(requirement.name)]
        assert any(Version(version) in requirement.specifier for version in versions), text


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-conda.lock"])
def test_locks_hold_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert text.count("--hash=sha256:") > 500
    assert "://" not in text
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_slow_grammar_package_is_left_out_of_the_fast_lock() -> None:
    assert re.search(r"^rfc3987-syntax==\S+ ; sys_platform == 'never'", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)


def test_the_conda_environment_says_what_pyproject_says() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    python = next(entry for entry in plain if entry.startswith("python"))
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["--require-hashes", "-r requirements-conda.lock"]
    assert "nodefaults" in environment["channels"]


def test_importing_upward_fails_the_contracts(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "audit_lib", copy / "audit_lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    lint = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    assert subprocess.run(lint, cwd=copy, capture_output=True, check=False).returncode == 0
    with (copy / "audit_lib" / "vocabulary.py").open("a", encoding="utf-8") as file:
        file.write("\nimport audit_lib.run  # noqa\n")
    broken = subprocess.run(lint, cwd=copy, capture_output=True, text=True, check=False)
    assert broken.returncode != 0
    assert "down the floors" in broken.stdout


@pytest.mark.parametrize("measure", CATALOGUE.measures)
def test_a_measure_says_what_a_reader_needs(measure: str) -> None:
    definition = CATALOGUE.measures[measure]
    for said in ("why_it_matters", "author", "checked_by", "question", "item", "exception"):
        assert getattr(definition, said), f"{measure} does not say {said}"
    assert definition.author != definition.checked_by
    assert definition.next_review is not None
    assert definition.next_review > date(2026, 11, 22)
    assert definition.caveats
    assert len(load_examples(measure)) >= 6


SHADOWED = {"birth_date_changed"}
"""Comes with a stronger signal under the weights we ship; an analyst who changes the weights can make it the strongest."""


def test_every_reason_is_shown_in_an_example() -> None:
    for name, measure in CATALOGUE.measures.items():
        shown = {item.get("reason") for example in load_examples(name) for item in example.items}
        assert set(measure.reasons) - SHADOWED <= shown, f"{name}: no example for {set(measure.reasons) - SHADOWED - shown}"


def test_docs_name_every_measure_parameter_table_and_status() -> None:
    docs = "\n".join(file.read_text("utf-8") for file in [*(ROOT / "docs").glob("*.md"), ROOT / "GLOSSARY.md", ROOT / "README.md"])
    words = [*CATALOGUE.measures, *CATALOGUE.contracts, *CATALOGUE.parameters.scalars, "not-satisfied", "not-applicable", "not-assessed"]
    assert [word for word in words if f"`{word}`" not in docs] == []


def test_the_reference_pages_are_those_of_the_definitions() -> None:
    for name, text in pages(CATALOGUE).items():
        assert (ROOT / "docs" / name).read_text("utf-8") == text, f"docs/{name} is out of date: run `make docs`"


def test_no_addresses_of_machines_in_tracked_texts() -> None:
    """Neither paths of somebody's machine nor hosts of package registries."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    bad = re.compile(r"/(?:root|home)/[a-z]|files\.pythonhosted|pypi\.org")
    for name in listed:
        file = ROOT / name
        if file.suffix in (".py", ".md", ".toml", ".yml", ".lock", ".ipynb", "") and file.is_file() and name != "tests/test_project.py":
            assert not bad.search(file.read_text("utf-8", errors="replace")), name
