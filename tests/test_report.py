"""The report folder: complete, whole, true to the run, and nothing in it that may not leave."""

# ruff: noqa: F401, F811 (fixtures are imported by name)

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from built_report import CANARY, FORMULA, MADE_AT, PICTURE, SCRIPT, Built, built

from audit_lib import open_run
from audit_lib.errors import DefinitionError
from audit_lib.report import ReportRequest, build_report, verify_report
from audit_lib.report.areas import AREAS, CHAPTERS, areas_of, chapter_of
from audit_lib.report.build import NOTEBOOKS, _put_in_place
from audit_lib.report.chapters import chapter_markdown, json_for_script
from audit_lib.report.page import safe_markdown
from audit_lib.report.sections import command
from audit_lib.report.words import span_words, state_words, zone_words
from audit_lib.run import Run
from audit_lib.vocabulary import Period, Status

EXPORTED_ID = re.compile(rb"(?<![0-9A-Za-z])[a-z]\d{9}(?![0-9A-Za-z])")


def every_file(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def content_of(file: Path) -> bytes:
    """What a reader can get out of a file; Parquet is unpacked."""
    if file.suffix != ".parquet":
        return file.read_bytes()
    with duckdb.connect() as connection:
        rows = connection.execute("select * from read_parquet(?)", [str(file)]).fetchall()
    return repr(rows).encode() + file.read_bytes()


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def exported_texts(data: Path) -> str:
    """All exports as text."""
    parts = []
    for file in every_file(data):
        if file.suffix == ".parquet":
            parts.append(content_of(file).decode(errors="ignore"))
        else:
            raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            parts.append(raw.decode())
    return "\n".join(parts)


# what is there -------------------------------------------------------------------------------------------------------


def test_folder_holds_everything(built: Built) -> None:
    names = {file.relative_to(built.folder).as_posix() for file in every_file(built.folder)}
    assert {"report.html", "findings.json", "findings.csv", "manifest.json", "remarks.md"} <= names
    assert {f"notebooks/{chapter.notebook}.ipynb" for chapter in CHAPTERS} <= names
    assert {"exceptions/retention_overrun.csv", "exceptions/retention_overrun.parquet"} <= names
    assert not [name for name in names if "failed" in name or name.startswith(".")]


def test_only_the_owner_reads_the_exceptions(built: Built) -> None:
    assert (built.folder / "exceptions").stat().st_mode & 0o777 == 0o700
    for file in (built.folder / "exceptions").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_earlier_report_is_kept_as_a_revision(built: Built) -> None:
    assert built.earlier.name == "2018-Q3.rev-1"
    assert (built.earlier / "remarks.md").is_file()
    assert not [entry for entry in built.folder.parent.iterdir() if entry.name.startswith(".")]


def test_index_lists_the_report_and_not_its_revision(built: Built) -> None:
    page = (built.folder.parent / "index.html").read_text("utf-8")
    assert 'href="2018-Q3/report.html"' in page
    assert "rev-1" not in page


def test_manifest_agrees_with_the_folder(built: Built, tmp_path: Path) -> None:
    manifest = json.loads((built.folder / "manifest.json").read_text("utf-8"))
    assert verify_report(built.folder) == []
    assert manifest["made_at"] == MADE_AT.isoformat(timespec="seconds")
    assert "made_at" not in manifest["content"]
    assert manifest["content"]["findings"].keys() == {str(status) for status in Status}
    assert {row["table"] for row in manifest["content"]["inputs"]} >= {"accounts", "transfers"}
    copy = tmp_path / "copy"
    shutil.copytree(built.folder, copy)
    (copy / "findings.csv").write_text("nothing", "utf-8")
    (copy / "findings.json").unlink()
    (copy / "more.txt").write_text("more", "utf-8")
    (copy / "remarks.md").write_text("new remarks", "utf-8")
    assert verify_report(copy) == ["findings.json is missing.", "more.txt is not in the manifest.", "findings.csv has been changed."]
    manifest["content"]["period"] = "2018-Q4"
    (copy / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert verify_report(copy)[0].startswith("manifest.json has been changed")


def test_verify_needs_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"manifest\.json"):
        verify_report(tmp_path)


def test_findings_are_those_of_the_run(built: Built) -> None:
    found = json.loads((built.folder / "findings.json").read_text("utf-8"))
    with open_run(built.data, period="2018-Q3", compare_to="2018-Q2", with_texts=True) as run:
        assert found == json.loads(json.dumps(run.results(), default=str))
        for finding in run.finding_list:
            assert f'id="criterion-{finding.criterion.id}"' in built.page
    rows = rows_of(built.folder / "findings.csv")
    assert len(rows) == len(found["findings"])


def test_exceptions_are_all_there_under_pseudonyms(built: Built) -> None:
    with open_run(built.data, period="2018-Q3", compare_to="2018-Q2", with_texts=True) as run:
        observed = run.observe("retention_overrun")
        expected = observed.exceptions(limit=10**6)
    rows = rows_of(built.folder / "exceptions" / "retention_overrun.csv")
    assert [row["item"] for row in rows] == list(expected["item"])
    with duckdb.connect() as connection:
        file = str(built.folder / "exceptions" / "retention_overrun.parquet")
        kept = connection.execute("select item from read_parquet(?)", [file]).fetchall()
    assert sorted(item for (item,) in kept) == sorted(expected["item"])
    assert all(row["account"].startswith("acc-") for row in rows if row["account"])


# what may not leave --------------------------------------------------------------------------------------------------


def test_no_identifier_as_exported_in_any_file(built: Built) -> None:
    known = set(EXPORTED_ID.findall(exported_texts(built.data).encode()))
    assert len(known) > 10_000  # the pattern finds the ids of the samples
    for file in every_file(built.folder.parent):
        assert not known & set(EXPORTED_ID.findall(content_of(file))), file.name


def test_no_text_body_case_or_birth_date_in_any_file(built: Built) -> None:
    bodies = [json.loads(line)["body"] for line in (built.data / "texts.jsonl").read_text("utf-8").splitlines()]
    accounts = rows_of(built.data / "accounts.csv")
    born = {row["birth_date"] for row in accounts if row["birth_date"] < "2016"} - {""}
    cases = set(re.findall(r"CASE-\d+", exported_texts(built.data)))
    assert len(bodies) > 10 and len(born) > 100 and cases
    declared = {row["birth_date"] for row in rows_of(built.data / "birth_date_declarations.csv")} - {""}
    children = {day for day in born | declared if "2005" < day < "2016"}
    assert len(children) > 10
    secrets = [*(body for body in bodies if len(body) > 12), *(day for day in born | declared if day < "2016"), *cases]
    secrets.append(CANARY)
    secrets = [secret for secret in secrets if secret not in {"1900-01-01", "1970-01-01"}]
    allowed = re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b")
    for file in every_file(built.folder.parent):
        content = content_of(file).decode(errors="ignore")
        days = set(allowed.findall(content))
        found = [s for s in secrets if (s in days if allowed.fullmatch(s) else s in content)]
        assert not _unexplained(found, file), file.name


def _unexplained(found: list[str], file: Path) -> list[str]:
    """Days of laws stand in parameters and reference tables; a birth date of a person does not become known by that."""
    laws = set(re.findall(r"\d{4}-\d\d-\d\d", "".join(p.read_text("utf-8") for p in _definitions())))
    return [secret for secret in found if secret not in laws]


def _definitions() -> list[Path]:
    package = Path(__file__).parent.parent / "audit_lib"
    return [*package.rglob("*.toml"), *package.rglob("*.csv")]


def test_no_path_of_this_machine_in_any_file(built: Built) -> None:
    for file in every_file(built.folder.parent):
        content = content_of(file)
        for place in (built.data.parent, NOTEBOOKS.parent, Path.home() / ".cache"):
            assert str(place).encode() not in content, file.name


# escaping ------------------------------------------------------------------------------------------------------------


def test_hostile_words_are_text(built: Built) -> None:
    assert SCRIPT not in built.page and PICTURE not in built.page
    assert "&lt;/script&gt;&lt;script&gt;window.pwned=1" in built.page
    assert "&lt;img src=x onerror=window.pwned=1&gt;" in built.page
    assert built.page.count("</script>") == built.page.count("<script")


def test_formulas_are_neutralised(built: Built) -> None:
    systems = {row["system"] for row in rows_of(built.folder / "exceptions" / "deletion_after_closure.csv")}
    assert f"'{FORMULA}" in systems and FORMULA not in systems


def test_remarks_are_rendered_and_harmless(built: Built) -> None:
    assert "<strong>Looked at</strong> on 5 October" in built.page
    assert "https://example.org" not in built.page and "javascript:alert" not in built.page


def test_remarks_markdown() -> None:
    assert safe_markdown("# A") == "<h3>A</h3>\n"
    assert "<b>" not in safe_markdown("<b>x</b>")
    assert "<img" not in safe_markdown("![a](b.png)")


def test_json_cannot_end_its_script() -> None:
    text = json_for_script({"a": "</script>&\u2028"})
    assert "<" not in text and "&" not in text
    assert json.loads(text) == {"a": "</script>&\u2028"}


def test_notebook_markdown_goes_one_level_down() -> None:
    assert chapter_markdown("## Limits") == "<h3>Limits</h3>\n"
    assert "<script" not in chapter_markdown("<script>1</script>")


# the words of the page -----------------------------------------------------------------------------------------------


def test_first_screen_holds_the_verdict(built: Built) -> None:
    first = built.page.split('id="changes"')[0]
    assert "1 July to 30 September 2018" in first
    assert "state at the end of 30 September 2018 (Los Angeles time)" in first
    results = json.loads((built.folder / "findings.json").read_text("utf-8"))
    for finding in results["findings"]:
        if finding["status"] in ("not-satisfied", "not-assessed"):
            assert f'href="#criterion-{finding["criterion"]}"' in first
    assert results["findings"][0]["sentence"].split(",")[0] in first


def test_every_link_leads_somewhere(built: Built) -> None:
    ids = re.findall(r' id="([^"]+)"', built.page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', built.page)) <= set(ids)


def test_every_clause_stands_in_the_coverage(built: Built) -> None:
    coverage = built.page.split('id="coverage"')[1].split('id="data-quality"')[0]
    with open_run(built.data, period="2018-Q3", compare_to="2018-Q2", with_texts=True) as run:
        clauses = run.clauses()
    assert len(clauses) == 82
    for clause in clauses["clause"]:
        assert f"<td>{clause}</td>" in coverage


def test_every_criterion_belongs_to_one_chapter(sample_run: Run) -> None:
    areas = areas_of(sample_run)
    assert set(areas) == {criterion.id for criterion in sample_run.catalogue.criteria}
    assert {chapter_of(area).notebook for area in areas.values()} == {chapter.notebook for chapter in AREAS}


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("2018-Q3", "1 July to 30 September 2018"),
        ("2018-07-05..2018-07-05", "5 July 2018"),
        ("2018-02", "1 to 28 February 2018"),
        ("2017-12-01..2018-01-31", "1 December 2017 to 31 January 2018"),
    ],
)
def test_periods_in_words(period: str, words: str) -> None:
    assert span_words(Period.parse(period)) == words


def test_state_in_words() -> None:
    assert state_words(Period.parse("2018-Q3"), "America/Los_Angeles") == "state at the end of 30 September 2018 (Los Angeles time)"
    assert zone_words("UTC") == "UTC"


def test_command_repeats_the_report() -> None:
    arguments = {"data": "exports", "period": "2018-Q3", "criteria": ["a.toml"], "compare_to": "2018-Q2", "with_texts": True}
    assert command(arguments) == "privacy-audit run exports --period 2018-Q3 --criteria a.toml --compare-to 2018-Q2 --with-texts"


# when something goes wrong -------------------------------------------------------------------------------------------


def broken_notebooks(folder: Path) -> Path:
    """A set of notebooks of which one raises and the others print one word."""
    folder.mkdir()
    for chapter in CHAPTERS:
        source = "raise ValueError('broken <on purpose>')" if chapter.notebook == "30_consent" else "print('fine')"
        parameters = 'data: str = ""\nperiod: str = ""\ncriteria: list = []\ncompare_to: str = ""\nwith_texts: bool = False'
        cells = [
            {"id": "a", "cell_type": "markdown", "metadata": {}, "source": f"# {chapter.title}"},
            {"id": "b", "cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": parameters, "outputs": [], "execution_count": None},
            {"id": "c", "cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None},
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content: dict[str, Any] = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{chapter.notebook}.ipynb").write_text(json.dumps(content), "utf-8")
    return folder


def test_a_failing_notebook_leaves_a_named_hole(samples: Path, tmp_path: Path) -> None:
    request = ReportRequest(samples, "2018-Q3", tmp_path / "reports", notebooks=broken_notebooks(tmp_path / "notebooks"))
    result = build_report(request)
    (hole,) = result.holes
    assert re.match(r"Consent and marketing: 30_consent.ipynb: cell \d+ stopped with ValueError: broken <on purpose>", str(hole))
    page = result.report.read_text("utf-8")
    first, rest = page.split('id="changes"')
    assert "This report has a hole." in first and "broken &lt;on purpose&gt;" in first
    assert rest.count("This chapter could not be made.") == 1
    assert rest.count("<pre>fine") == len(CHAPTERS) - 1
    manifest = json.loads((result.folder / "manifest.json").read_text("utf-8"))
    assert [one["notebook"] for one in manifest["content"]["holes"]] == ["30_consent"]
    assert (result.folder / "notebooks" / "30_consent.failed.ipynb").is_file()
    assert verify_report(result.folder) == []


def test_nothing_is_left_behind_when_the_report_cannot_be_written(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*anything: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("audit_lib.report.build._execute", full)
    out = tmp_path / "reports"
    (out / "2018-Q3").mkdir(parents=True)
    with pytest.raises(OSError, match="disk full"):
        build_report(ReportRequest(samples, "2018-Q3", out))
    assert [entry.name for entry in out.iterdir()] == ["2018-Q3"]


def test_the_earlier_report_comes_back_when_the_new_one_cannot_take_its_place(tmp_path: Path) -> None:
    target = tmp_path / "2018-Q3"
    target.mkdir()
    with pytest.raises(OSError, match="No such file"):
        _put_in_place(tmp_path / "not there", target)
    assert target.is_dir() and len(list(tmp_path.iterdir())) == 1


def test_revisions_are_counted_on(tmp_path: Path) -> None:
    for expected in (None, "2018-Q3.rev-1", "2018-Q3.rev-2"):
        (tmp_path / "new").mkdir()
        earlier = _put_in_place(tmp_path / "new", tmp_path / "2018-Q3")
        assert (earlier.name if earlier else None) == expected


def test_other_editions_are_refused_in_a_sentence(samples: Path, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no edition 'public'"):
        build_report(ReportRequest(samples, "2018-Q3", tmp_path, edition="public"))
    assert os.listdir(tmp_path) == []


def test_missing_notebooks_are_named(samples: Path, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="00_inputs, 10_retention"):
        build_report(ReportRequest(samples, "2018-Q3", tmp_path, notebooks=tmp_path))
