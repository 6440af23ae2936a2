"""A measure as observed in a run: from the counts down to the items, and to the row behind one item."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from audit_lib.conclude import percent
from audit_lib.errors import AuditError, DefinitionError
from audit_lib.statistics import SurvivalCurve, survival, wilson
from audit_lib.vocabulary import Counts, Kind, Measure, Observation, day_date

if TYPE_CHECKING:
    from audit_lib.run.run import Run


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
        if self.measure.kind is not Kind.DURATION:
            raise DefinitionError(f"{self.measure.id} is a {self.measure.kind}, not a duration: it has no survival curve.")
        if self.observation.values is None:
            raise AuditError(f"{self.measure.id} could not be assessed: {self.observation.why}.")
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
