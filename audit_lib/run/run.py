"""An opened run: what an analyst holds in a notebook. Tables come back as pandas frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from audit_lib import evidence
from audit_lib.catalogue import Catalogue
from audit_lib.catalogue.adapters import Adapter, load_adapters
from audit_lib.disclosure import Pseudonyms, load_pseudonyms
from audit_lib.engines.duckdb import DuckDB
from audit_lib.errors import AuditError, DefinitionError
from audit_lib.run import known, late, request_metrics, under_13, vanished
from audit_lib.run.audit import Auditor
from audit_lib.run.observed import Observed
from audit_lib.run.results import results
from audit_lib.run.world import staging_texts
from audit_lib.vocabulary import FIRST_DAY, Finding, Measure, Observation, Period, day_date, day_number

STATUS_WORDS = {
    "satisfied": "satisfied",
    "not-satisfied": "not satisfied",
    "not-applicable": "nothing to test",
    "not-assessed": "could not be assessed",
}
"""Status → the plain words that people read."""


@dataclass
class Run:
    """The audit of one folder of exports for one period. Made by `open_run`."""

    engine: DuckDB
    catalogue: Catalogue
    period: Period
    compare_to: Period | None
    path: Path
    observations: list[Observation]
    finding_list: list[Finding]
    """The findings as objects, worst first."""
    pseudonyms: Pseudonyms | None
    """None when the run was opened with reveal=True."""
    with_texts: bool = False
    _auditor: Auditor | None = field(default=None, repr=False)
    _files: dict[str, list[str]] | None = field(default=None, repr=False)
    _hashes: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    # what was found --------------------------------------------------------------------------------------------------

    def findings(self) -> pd.DataFrame:
        """One row per criterion, worst first. `rate` is exceptions ÷ tested (NaN when nothing was tested)."""
        rows = [self._finding_row(finding) for finding in self.finding_list]
        return pd.DataFrame(rows)

    def _finding_row(self, finding: Finding) -> dict[str, Any]:
        rate = finding.counts.rate
        return {
            "criterion": finding.criterion.id,
            "status": STATUS_WORDS[finding.status],
            "finding": finding.sentence,
            "measure": finding.measure or "",
            "population": finding.counts.population,
            "exceptions": finding.counts.exceptions,
            "untestable": finding.counts.untestable,
            "rate": None if rate is None else float(rate),
            "tolerable": float(finding.criterion.tolerable_rate),
            "section": finding.criterion.section,
            "law": finding.criterion.law,
        }

    def observe(self, measure: str, **parameters: Any) -> Observed:
        """One measure, under other parameters if any are given (`roll_over=False`); those of the run otherwise.

        Raises DefinitionError naming what exists when the measure or a parameter does not.
        """
        definition = self._measure(measure)
        given = self._given(definition, parameters)
        wanted = dict(self._auditing().relevant(measure, given))
        for found in self.observations:
            if found.measure == measure and dict(found.parameters) == wanted:
                return Observed(self, definition, found)
        evaluated = self._auditing().evaluate(definition, tuple(sorted(wanted.items())))
        return Observed(self, definition, evaluated.observation)

    def _measure(self, name: str) -> Measure:
        if name not in self.catalogue.measures:
            known = ", ".join(sorted(self.catalogue.measures))
            raise DefinitionError(f"There is no measure {name!r}. There are {known}.")
        return self.catalogue.measures[name]

    def _given(self, measure: Measure, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        profile = self.catalogue.parameters.scalars
        for name, value in parameters.items():
            if name not in measure.parameters or name not in profile:
                usable = ", ".join(p for p in measure.parameters if p in profile) or "none"
                raise DefinitionError(f"{measure.id} has no parameter {name!r} to set. It has {usable}.")
            if type(value) is not type(profile[name]):
                raise DefinitionError(f"Parameter {name} must be a {type(profile[name]).__name__}.")
        return parameters

    def _auditing(self) -> Auditor:
        if self._auditor is None:
            self._auditor = Auditor(self.engine, self.catalogue, self.period, lambda step: None)
        return self._auditor

    def request_metrics(self, year: int) -> pd.DataFrame:
        """The yearly figures on rights requests of Cal. Code Regs. tit. 11 § 7102, per scope and type (see the module)."""
        return request_metrics.request_metrics(self, year)

    def shine_the_light(self, year: int) -> pd.DataFrame:
        """The register of requests for the list of third parties of a calendar year, Cal. Civ. Code § 1798.83."""
        return request_metrics.shine_the_light(self, year)

    def under_13_list(self, limit: int = 1000) -> pd.DataFrame:
        """The open accounts with a signal that their holder is under 13, with reasons (columns: `audit_lib/run/under_13.py`)."""
        return under_13.under_13_list(self, limit)

    def signal_outcomes(self) -> pd.DataFrame:
        """Per kind of signal what the reviews made of the accounts that show it (columns: `audit_lib/run/under_13.py`)."""
        return under_13.signal_outcomes(self)

    def results(self) -> dict[str, Any]:
        """The object of `check --json` and `findings.json`."""
        found = results(
            self.period,
            self.engine.name,
            self.catalogue,
            [{str(name): value for name, value in row.items()} for row in self.inputs().to_dict("records")],
            self.observations,
            self.finding_list,
            self.compare_to,
            vanished.as_dicts(vanished.kept(self.engine)),
            late.as_dicts(late.kept(self.engine)),
        )
        for observation in found["observations"]:
            observation["evidence_sha256"] = self.evidence_hash(observation["measure"], observation["parameters"])
        for finding, concluded in zip(found["findings"], self.finding_list, strict=True):
            finding["evidence_sha256"] = self.finding_hash(concluded)
        return found

    def evidence_hash(self, measure: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The hash of all that the figures of a measure rest on in this run: texts, tables, parameters and export files."""
        key = measure, str(sorted((parameters or {}).items()))  # findings of one measure share it
        if key not in self._hashes:
            definition = self._measure(measure)
            self._hashes[key] = evidence.of_measure(self.catalogue, staging_texts(), definition, parameters or {}, self._files_behind())
        return self._hashes[key]

    def finding_hash(self, finding: Finding) -> str | None:
        """The hash of all that a finding rests on: its criterion, and the evidence of its measure; None without a measure."""
        if finding.measure is None:
            return None
        replaced = dict(self._auditing().overrides(finding.criterion))
        return evidence.of_finding(finding.criterion, self.evidence_hash(finding.measure, replaced))

    def _files_behind(self) -> dict[str, list[str]]:
        if self._files is None:
            self._files = {}
            for table, digest in self.engine.rows("select table_name, sha256 from input_file order by file_no"):
                self._files.setdefault(table, []).append(digest)
        return self._files

    def clauses(self) -> pd.DataFrame:
        """Every clause of the documents with what tests it and the worst status of its criteria."""
        order = ["not-satisfied", "not-assessed", "satisfied", "not-applicable"]
        rows = []
        for clause in self.catalogue.clauses:
            mine = [f for f in self.finding_list if clause.id in f.criterion.clauses]
            status = min((str(f.status) for f in mine), key=order.index, default="not-assessed")
            tested = sorted({f.measure for f in mine if f.measure})
            rows.append(
                {
                    "clause": clause.id,
                    "section": clause.section,
                    "text": clause.text,
                    "evidence": clause.evidence,
                    "measures": ", ".join(tested),
                    "status": STATUS_WORDS[status],
                    "remains": clause.remains,
                }
            )
        return pd.DataFrame(rows)

    # what it rests on ------------------------------------------------------------------------------------------------

    def inputs(self) -> pd.DataFrame:
        """One row per export file: rows = accepted + quarantined + duplicate + superseded + left_out.

        `records` are those of the file by our own count; `rows` are more where an adapter makes several of one record.
        `read_as` says how the file is written, each trait marked as declared or found; `adapter` is empty without one.
        """
        return self.engine.frame(
            'select table_name as "table", file, format, rows, accepted, quarantined, duplicate, superseded, left_out, '
            "bytes, sha256, records, read_as, coalesce(adapter, '') as adapter from input_file order by file_no"
        )

    def left_out(self) -> pd.DataFrame:
        """Rows that adapters and override files leave out: per file and reason how many, and what the reason means."""
        frame = self.engine.frame(
            'select l.table_name as "table", i.file, l.reason, coalesce(i.adapter, \'\') as adapter, l.rows '
            "from left_out l join input_file i using (file_no) order by 1, 2, 3"
        )
        known = load_adapters()
        frame["meaning"] = [_why_left_out(known, a, r) for a, r in zip(frame["adapter"], frame["reason"], strict=True)]
        return frame.drop(columns=["adapter"])

    def faults(self) -> pd.DataFrame:
        """What was wrong in the exports: per file, column and kind of fault how many rows, and what became of them."""
        return self.engine.frame(
            'select f.table_name as "table", i.file, f.column_name as "column", f.kind, f.effect, f.rows '
            "from fault f left join input_file i using (file_no) order by 1, 2, 3, 4"
        )

    def quarantine(self) -> pd.DataFrame:
        """Every faulty row and value by file and record, without its text (which stays in the warehouse)."""
        return self.engine.frame(
            'select q.table_name as "table", i.file, q.record, q.column_name as "column", q.kind, q.effect '
            "from quarantine q left join input_file i using (file_no) order by 1, 2, 3, 4"
        )

    def rule_breaks(self) -> pd.DataFrame:
        """Rows that break a rule across columns or tables, counted; they are reported, never repaired."""
        return self.engine.frame(
            'select table_name as "table", rule, column_name as "column", count(*) as rows from rule_break '
            "group by all order by 1, 2, 3"
        )

    def rule_break_rows(self) -> pd.DataFrame:
        """Every row that breaks a rule, by file and record; counted in `rule_breaks()`."""
        tables = [row[0] for row in self.engine.rows("select distinct table_name from rule_break order by 1")]
        parts = [self._rule_break_rows(table) for table in tables]
        empty = pd.DataFrame(columns=["table", "rule", "column", "file", "record"])
        return pd.concat(parts, ignore_index=True) if parts else empty

    def _rule_break_rows(self, table: str) -> pd.DataFrame:
        number = self.catalogue.contracts[table].number
        return self.engine.frame(
            'select b.table_name as "table", b.rule, b.column_name as "column", i.file, t.record '
            f"from rule_break b join {table} t on t.{number} = b.number left join input_file i using (file_no) "
            f"where b.table_name = '{table}' order by 2, 3, 4, 5"
        )

    def vanished(self) -> pd.DataFrame:
        """Per table that must keep its deleted rows: keys that an earlier report knew and that are gone without a day of deletion.

        `out_of_reach` are gone as well, but from before what the export is declared to cover. `why_not` says why a table
        could not be compared. No rows where the run was compared with no earlier report (`open_run(…, earlier=…)`).
        """
        columns = ["table", "vanished", "of", "out_of_reach", "unread", "why_not", "earlier"]
        return pd.DataFrame([asdict(one) for one in vanished.kept(self.engine) or ()], columns=columns)

    def vanished_sentences(self) -> list[str]:
        """One sentence per table with vanished keys, or that could not be compared with the earlier report."""
        return [one.sentence() for one in vanished.kept(self.engine) or () if one.vanished or one.why_not]

    def save_keys(self, path: Path) -> int:
        """Write the keyed hashes by which a later report tells what has vanished, readable by their owner only; returns how many."""
        pseudonyms = self.pseudonyms or load_pseudonyms()
        return vanished.save_keys(self.engine, self.catalogue.contracts, pseudonyms, self.period, path)

    def late(self) -> pd.DataFrame:
        """Per table what the exports say otherwise of the time before an earlier report's as of; kinds as in `late.KINDS`.

        `of` rows were known to that report. `counted` says what is counted: rows, days of a large log, or the whole table
        of a register. `why_not` says why a table could not be compared. No rows without an earlier report.
        """
        rows = [{**asdict(one), "sentence": one.sentence()} for one in late.kept(self.engine) or ()]
        return pd.DataFrame(rows, columns=[*late.Late.__dataclass_fields__, "sentence"])

    def late_rows(self, table: str, limit: int = 1000) -> pd.DataFrame:
        """The rows of a table that came late, were changed, are gone or overwritten: `key` (a pseudonym), `day`, `kind`, `rows`.

        `key` is empty for a row that is gone and where a large log is kept by day; `rows` then counts those of the day.
        """
        if table not in self.catalogue.contracts:
            raise DefinitionError(f"There is no export table {table!r}. There are {', '.join(sorted(self.catalogue.contracts))}.")
        contract = self.catalogue.contracts[table]
        frame = late.rows_kept(self.engine, contract, limit)
        own = contract.own_key()
        if own is not None and own.type == "id":
            frame["key"] = [self.shown(own.space, key) for key in frame["key"]]
        frame["day"] = [None if pd.isna(day) else day_date(int(day)) for day in frame["day"]]
        return frame

    def late_sentences(self) -> list[str]:
        """What came late, was changed after the fact or is gone since the earlier report, or could not be compared with it."""
        return late.sentences(late.kept(self.engine) or ())

    def overwritten_sentences(self) -> list[str]:
        """The tables in which columns that a system overwrites read otherwise than in the earlier report's exports."""
        return [said for one in late.kept(self.engine) or () if (said := one.overwritten_sentence())]

    def save_known(self, path: Path) -> int:
        """Write what this run knew of every row, hashed, for a later one to tell late data; returns the number of lines."""
        said = {"period": str(self.period), "zone": self.catalogue.zone.key}
        return known.save_known(self.engine, self.catalogue.contracts, self.pseudonyms or load_pseudonyms(), said, path)

    def coverage(self) -> pd.DataFrame:
        """What the exporter declares of each table; empty cells are not declared."""
        frame = self.engine.frame("select * from coverage order by table_name")
        for column in ("covers_from_day", "covers_to_day", "extracted_day"):
            frame[column] = frame[column].map(_day_word)
        return frame.drop(columns=["extracted_second"])

    def silent_days(self) -> pd.DataFrame:
        """Days without a row, of tables declared to have rows every day."""
        inputs = self._auditing().inputs
        rows = [(table, day_date(day)) for table in inputs.tables for day in inputs.silent_days(table)]
        return pd.DataFrame(rows, columns=["table", "day"])

    def late_extractions(self, days: int = 31) -> list[str]:
        """Tables extracted more than `days` after as of: overwritten columns show a later state."""
        tables = self._auditing().inputs.tables.values()
        end = day_number(self.period.end)
        return [t.table for t in tables if t.extracted_day is not None and t.extracted_day - end > days]

    def evidence(self) -> dict[str, Any]:
        """What another person needs to repeat the run: texts, parameters, versions, with their hashes."""
        return {
            "texts": evidence.texts(self.catalogue, staging_texts()),
            "parameters": evidence.parameters(self.catalogue),
            "versions": evidence.versions(),
            "engine": self.engine.version(),
            "code_sha256": evidence.code_hash(),
            "revealed": self.pseudonyms is None,
            "with_texts": self.with_texts,
        }

    # one's own questions ---------------------------------------------------------------------------------------------

    def sql(self, query: str) -> pd.DataFrame:
        """Any query over the export tables, `stg_`, `ref_`, `param_` and `items_` tables. Nothing can be changed.

        Export tables hold identifiers as exported: what leaves the notebook is in the analyst's hands.
        """
        import duckdb

        try:
            return self.engine.frame(query)
        except duckdb.Error as error:
            raise AuditError(str(error).split("\n\n")[0]) from None

    def close(self) -> None:
        """Close the warehouse."""
        self.engine.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # identifiers -----------------------------------------------------------------------------------------------------

    def shown(self, space: str, identifier: str | None) -> str | None:
        """An identifier as it may be shown: a pseudonym, or as exported when the run was opened with reveal=True."""
        if identifier is None or identifier != identifier:
            return None
        return identifier if self.pseudonyms is None else self.pseudonyms.of(space, identifier)


def _day_word(number: Any) -> str:
    if pd.isna(number):
        return ""
    return "beginning" if int(number) <= FIRST_DAY else day_date(int(number)).isoformat()


def _why_left_out(known: Mapping[str, Adapter], adapter: str, reason: str) -> str:
    """The meaning of a reason; only rows of override files have no adapter of their own."""
    return known[adapter].reasons[reason] if adapter else "the override file names a key that the export does not hold"
