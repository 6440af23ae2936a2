"""The question of consent_coverage in pandas, with `merge_asof` by key on the loaded columns in memory."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.consent_question import Answer, Question

Tables = dict[str, pd.DataFrame]
STRICTNESS = {"given": 0, "renewed": 0, "expired": 1, "refused": 2, "withdrawn": 3}
STATE = np.array(["covered", "expired", "refused", "withdrawn"])


def in_memory(made: Path) -> Tables:
    """The loaded tables as frames, words as categories."""
    with duckdb.connect() as con:
        frames = {name: con.execute(f"from '{made / f'{name}.parquet'}'").df() for name in ("events", "consents", "accounts")}
    for frame in frames.values():
        for column in ("purpose", "country", "status", "method"):
            if column in frame:
                frame[column] = frame[column].astype("category")
    return frames


def merge_asof(tables: Tables, q: Question) -> Answer:
    """Items by reason."""
    events = _events(tables, q)
    consents = _consents(tables, q)
    weak = consents["status"].isin(["given", "renewed"]) & consents["method"].isin(["use", "import"])
    answers = consents[(consents["status"] != "requested") & ~weak].assign(strict=lambda f: f["status"].astype(object).map(STRICTNESS).astype("int8"))
    found = pd.merge_asof(
        events.sort_values("second"), answers[["key", "second", "strict", "given_day"]].sort_values(["second", "strict"]), on="second", by="key"
    )
    ends = _until(q)
    given = found["given_day"].fillna(0).astype("int64").to_numpy()
    strict = found["strict"].fillna(0).astype("int64").to_numpy()
    ran_out = (strict == 0) & (found["day"].to_numpy() > ends[given])
    found["state"] = np.where(found["strict"].isna(), None, STATE[np.where(ran_out, 1, strict)])
    records = consents[weak | (consents["status"] == "requested")]
    kind = np.where(records["status"] == "requested", "no_answer", np.where(records["method"] == "use", "use_only", "import_only"))
    first = records.assign(kind=kind).pivot_table(index="key", columns="kind", values="second", aggfunc="min")
    rest = found[found["state"].isna() & found["reason"].isna()].join(first, on="key")
    covers = q["covers_from_day"]
    early = pd.Series(True, rest.index) if covers is None else covers > rest["opened_day"].fillna(-719162)
    conditions = [early] + [rest[word] <= rest["second"] for word in ("use_only", "import_only", "no_answer")]
    found.loc[rest.index, "state"] = np.select(conditions, ["before_log", "use_only", "import_only", "no_answer"], "never_asked")
    found["reason"] = found["reason"].where(found["reason"].notna(), found["state"])
    counts = found.groupby([found["day"] >= q["start_day"], "reason"]).size()
    return {f"{'period' if now else 'before'} {reason}": int(n) for (now, reason), n in counts.items()}


def _events(tables: Tables, q: Question) -> pd.DataFrame:
    events = tables["events"]
    based = events["purpose"].isin(q["consent_based"]) & events["occurred_day"].between(q["first_day"], q["last_day"])
    events = events[based & (events["country"].isna() | _in_scope(q, events["country"], events["occurred_day"]))]
    accounts = tables["accounts"].rename(columns={"country": "account_country"})
    accounts = accounts.assign(account_no=accounts["account_no"].astype("float64"))
    events = events.assign(account_no=events["account_no"].astype("float64")).merge(accounts.assign(is_known=True), on="account_no", how="left")
    events = events[events["country"].notna() | events["account_country"].isna() | _in_scope(q, events["account_country"], events["occurred_day"])]
    key = _key(q, events)
    is_unknown = events["account_no"].notna() & events["is_known"].isna()
    nowhere = events["country"].isna() & events["account_country"].isna()
    reason = np.select([key.isna(), is_unknown, nowhere], ["no_subject", "unknown_account", "unknown_country"], "")
    # merge_asof takes no missing key: 0 is nobody's.
    return pd.DataFrame({
        "key": key.fillna(0).astype("int64"), "second": events["occurred_second"], "day": events["occurred_day"], "opened_day": events["opened_day"],
        "reason": pd.Series(reason, events.index).replace("", None),
    })  # fmt: skip


def _in_scope(q: Question, country: pd.Series, day: pd.Series) -> pd.Series:
    inside = pd.Series(False, country.index)
    whole = [c for c, spans in q["scope"].items() if spans[0][0] <= q["first_day"] and spans[0][1] >= q["last_day"]]
    for name, spans in q["scope"].items():
        if name not in whole:
            for first, last in spans:
                inside |= (country == name) & day.between(first, last)
    return inside | country.isin(whole)


def _key(q: Question, frame: pd.DataFrame) -> pd.Series:
    subject = frame["account_no"].astype("float64").fillna(frame["device_no"].astype("float64"))
    return subject * 64 + frame["purpose"].astype(object).map(q["purposes"]).astype("float64")


def _consents(tables: Tables, q: Question) -> pd.DataFrame:
    frame = tables["consents"]
    told = frame[["status", "method"]].assign(
        key=_key(q, frame), second=frame["acted_second"].fillna(frame["recorded_second"]).astype("int64"),
        given_day=frame["acted_day"].fillna(frame["recorded_day"]).astype("int64"),
    )  # fmt: skip
    return told[told["key"].notna()].astype({"key": "int64"})


def _until(q: Question) -> np.ndarray:
    """Day → the last day on which a grant of that day stands."""
    days = pd.to_datetime(np.arange(40_000), unit="D", origin="unix")
    later = days + pd.DateOffset(months=q["months"])
    return ((later - pd.Timestamp(0)) // pd.Timedelta(days=1)).to_numpy()
