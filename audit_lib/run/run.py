"""An opened run: what an analyst holds in a notebook. Tables come back as pandas frames."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from audit_lib import evidence
from audit_lib.catalogue import Catalogue
from audit_lib.conclude import percent
from audit_lib.disclosure import Pseudonyms
from audit_lib.engines.duckdb import DuckDB
from audit_lib.errors import AuditError, DefinitionError
from audit_lib.run.audit import Auditor
from audit_lib.run.results import results
from audit_lib.run.world import staging_texts
from audit_lib.statistics import SurvivalCurve, survival, wilson
from audit_lib.vocabulary import FIRST_DAY, Counts, Finding, Kind, Measure, Observation, Period, day_date, day_number

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

    def results(self) -> dict[str, Any]:
        """The object of `check --json` and `findings.json`."""
        return results(
            self.period,
            self.engine.name,
            self.catalogue,
            [{str(name): value for name, value in row.items()} for row in self.inputs().to_dict("records")],
            self.observations,
            self.finding_list,
            self.compare_to,
        )

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
        """One row per export file: rows = accepted + quarantined + duplicate + superseded + left_out."""
        return self.engine.frame(
            'select table_name as "table", file, format, rows, accepted, quarantined, duplicate, superseded, left_out, '
            "bytes, sha256 from input_file order by file_no"
        )

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


@dataclass
class Observed:
    """A measure as observed in a run: counts, rate with interval, groups, months, and the way down to the items."""

    run: Run = field(repr=False)
    measure: Measure = field(repr=False)
    observation: Observation

    @property
    def counts(self) -> Counts:
        """Population, exceptions and untestable items of the period."""
        return self.observation.counts

    @property
    def rate(self) -> float | None:
        """Exceptions ÷ tested items; None when nothing was tested."""
        rate = self.counts.rate
        return None if rate is None else float(rate)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % Wilson interval of the rate, as if the period were a sample; None when nothing was tested."""
        return wilson(self.counts.exceptions, self.counts.tested) if self.counts.tested else None

    def by(self, group: str) -> pd.DataFrame:
        """Counts and rate by the words of a group, most exceptions first."""
        if group not in self.observation.groups:
            raise DefinitionError(f"{self.measure.id} has no group {group!r}. It has {', '.join(self.measure.groups)}.")
        return _counts_frame(self.observation.groups[group], group).sort_values(
            ["exceptions", "population", group], ascending=[False, False, True], ignore_index=True
        )

    def by_month(self) -> pd.DataFrame:
        """Counts and rate by calendar month, the twelve months before the period included."""
        return _counts_frame(self.observation.by_month, "month")

    def reasons(self) -> pd.DataFrame:
        """Items by reason, with what each reason means."""
        rows = [(reason, count, self.measure.reasons[reason]) for reason, count in self.observation.reasons.items()]
        return pd.DataFrame(rows, columns=["reason", "items", "meaning"])

    def survival(self, **where: str) -> SurvivalCurve:
        """Kaplan–Meier curve of a duration, of all items or of those with the given words (`right_requested="access"`)."""
        if self.measure.kind is not Kind.DURATION or self.observation.values is None:
            raise DefinitionError(f"{self.measure.id} is a {self.measure.kind}, not a duration: it has no survival curve.")
        values = self.observation.values
        for group, word in where.items():
            values = values[values[f"group_{group}"] == word]
        ended = values["is_exception"].fillna(False).astype(bool)
        return survival(_histogram(values[ended]), _histogram(values[~ended]))

    def exceptions(self, limit: int = 50) -> pd.DataFrame:
        """Items that are exceptions, by day; items and accounts as pseudonyms unless the run was opened with reveal=True."""
        return self._items("is_exception = true", limit)

    def save_exceptions(self, path: Path) -> int:
        """Write every exception to a Parquet file as `exceptions()` shows it; returns how many there are."""
        import duckdb

        every = self.exceptions(limit=self.counts.exceptions)
        with duckdb.connect() as connection:
            connection.from_df(every).write_parquet(str(path))
        return len(every)

    def untestable(self, limit: int = 50) -> pd.DataFrame:
        """Items that could not be tested, by day."""
        return self._items("is_exception is null", limit)

    def _items(self, condition: str, limit: int) -> pd.DataFrame:
        if not self.observation.measured:
            raise AuditError(f"{self.measure.id} could not be assessed: {self.observation.why}.")
        if self.observation.parameters:
            raise AuditError("Items are kept for the parameters of the run only. Open a run whose criteria set the others.")
        groups = "".join(f', i.group_{group} as "{group}"' for group in self.measure.groups)
        frame = self.run.engine.frame(
            f"select {self._item_key()} as item, k.account_id as account, i.on_day as day, i.value, i.reason{groups} "
            f"from items_{self.measure.id} i {self._item_join()} left join {self._accounts()} k on k.account_no = i.account_no "
            f"where i.{condition} order by i.on_day, i.item_id limit {int(limit)}"
        )
        frame["item"] = [self.run.shown(self._space(), _text(item)) for item in frame["item"]]
        frame["account"] = [self.run.shown("account", _text(account)) for account in frame["account"]]
        frame["day"] = frame["day"].map(day_date)
        return frame

    def rows(self, item: str) -> pd.DataFrame:
        """The raw row behind an item, as loaded, with the file and record it came from: one line per column.

        `item` is written as `exceptions()` shows it. Raises AuditError when no exception has that name.
        """
        contract = self.run.catalogue.contracts.get(self.measure.item_table)
        if contract is None:
            raise AuditError(f"The items of {self.measure.id} are no rows of one table. Use run.sql.")
        for number, key in self.run.engine.rows(f"select i.item_id, {self._item_key()} from items_{self.measure.id} i {self._item_join()}"):
            if self.run.shown(self._space(), _text(key)) == item:
                return self._row(contract.table, contract.number, int(number))
        raise AuditError(f"No exception or untestable item of {self.measure.id} is called {item!r}.")

    def _row(self, table: str, number_column: str, number: int) -> pd.DataFrame:
        frame = self.run.engine.frame(
            f"select r.*, f.file from {table} r left join input_file f using (file_no) where r.{number_column} = {number}"
        )
        shown: dict[str, Any] = {str(k): v for k, v in frame.drop(columns=["file_no"]).iloc[0].to_dict().items()}
        contract = self.run.catalogue.contracts[table]
        if (own := contract.own_key()) and own.name in shown:
            shown[own.name] = self.run.shown(own.space, _text(shown[own.name]))
        if "account_no" in shown and table != "accounts":
            key = self.run.engine.rows(f"select account_id from key_account where account_no = {_number(shown['account_no'])}")
            shown["account_id"] = self.run.shown("account", key[0][0]) if key else None
        days = {name: day_date(int(value)).isoformat() for name, value in shown.items() if name.endswith("_day") and pd.notna(value)}
        return pd.DataFrame({"column": list(shown), "value": [days.get(name, value) for name, value in shown.items()]})

    def _item_key(self) -> str:
        own = self._own()
        return f"t.{own}" if own else "cast(i.item_id as varchar)"

    def _item_join(self) -> str:
        contract = self.run.catalogue.contracts.get(self.measure.item_table)
        return f"left join {contract.table} t on t.{contract.number} = i.item_id" if contract and self._own() else ""

    def _own(self) -> str:
        contract = self.run.catalogue.contracts.get(self.measure.item_table)
        own = contract.own_key() if contract else None
        return own.name if own else ""

    def _space(self) -> str:
        contract = self.run.catalogue.contracts.get(self.measure.item_table)
        own = contract.own_key() if contract else None
        return own.space if own and own.space else self.measure.item_table or "item"

    def _accounts(self) -> str:
        known = self.run.engine.rows("select 1 from duckdb_tables() where table_name = 'key_account'")
        return "key_account" if known else "(select null::bigint as account_no, null::varchar as account_id where false)"

    def sentence(self) -> str:
        """The observation in one sentence, without a verdict."""
        if not self.observation.measured:
            return f"{self.measure.title}: could not be assessed: {self.observation.why}."
        counts = self.counts
        if not counts.population:
            return f"{self.measure.title}: there were no {self.measure.items}."
        if self.measure.kind is Kind.VOLUME:
            return f"{self.measure.title}: {counts.population:,} {self.measure.items}."
        rate = counts.rate
        share = "" if rate is None else f" ({percent(rate)})"
        untestable = f"; {counts.untestable:,} could not be tested" if counts.untestable else ""
        return (
            f"{self.measure.title}: {counts.exceptions:,} of {counts.population:,} {self.measure.items} "
            f"{self.measure.exception_phrase}{share}{untestable}."
        )

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.observation.notes)
        reasons = self.reasons().to_html(index=False, border=0) if self.observation.measured else ""
        return f"<p><strong>{html.escape(self.sentence())}</strong></p>{reasons}<ul>{notes}</ul>"


def _counts_frame(counts: Mapping[str, Counts], name: str) -> pd.DataFrame:
    rows = [
        {name: word, **c.as_dict(), "rate": None if c.rate is None else float(c.rate)} for word, c in counts.items()
    ]
    return pd.DataFrame(rows, columns=[name, "population", "exceptions", "untestable", "rate"])


def _histogram(values: pd.DataFrame) -> dict[int, int]:
    summed = values.groupby("value")["items"].sum()
    return dict(zip(summed.index.astype(int), summed.astype(int), strict=True))


def _text(value: object) -> str | None:
    return None if value is None or value is pd.NA or value != value else str(value)


def _number(value: Any) -> str:
    return "null" if pd.isna(value) else str(int(value))
