"""The question of consent_coverage in polars, in the two fastest forms that were found.

`packed`: subject, purpose, second and strictness in one 64-bit number, so that the answer that stands at an event is the
nearest smaller number: one sort of plain integers and a `join_asof` without `by`. `by_key`: `join_asof(…, by=key)`, as its
manual has it. Spans joined by key and filtered (hash join) took longer than either.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.consent_question import Answer, Question

Tables = dict[str, pl.LazyFrame]
NAMES = ("events", "consents", "accounts")
STRICTNESS = {"given": 0, "renewed": 0, "expired": 1, "refused": 2, "withdrawn": 3}
STATE = {0: "covered", 1: "expired", 2: "refused", 3: "withdrawn"}
KEY, SECOND = 1 << 36, 1 << 2
"""What a key and a second are multiplied by in a packed number: 34 bits for the second, 2 for the strictness."""
GRANT = pl.col("status").is_in(["given", "renewed"])
WEAK = GRANT & pl.col("method").is_in(["use", "import"]).fill_null(False)


def in_memory(made: Path) -> Tables:
    """The loaded tables as frames in memory, words as categories."""
    frames = {name: pl.read_parquet(made / f"{name}.parquet") for name in NAMES}
    return {name: frame.with_columns(pl.col(pl.String).cast(pl.Categorical)).rechunk().lazy() for name, frame in frames.items()}


def on_disk(made: Path) -> Tables:
    """The loaded tables as Parquet files, read when the question is asked."""
    return {name: pl.scan_parquet(made / f"{name}.parquet") for name in NAMES}


def packed(tables: Tables, q: Question) -> Answer:
    """Items by reason, through packed numbers."""
    untestable, tested = _events(tables, q)
    packed_second = pl.col("key") * KEY + pl.col("second") * SECOND
    answers = _answers(tables, q).select(at=packed_second + pl.col("strict"), until_day="until_day").sort("at")
    answers = answers.with_columns(answer="at").collect(engine="streaming").lazy().set_sorted("at")
    asked = tested.select((packed_second + 3).alias("at"), "day").sort("at").collect(engine="streaming").lazy()
    found = asked.join_asof(answers, on="at", check_sortedness=False).with_columns(key=pl.col("at").floordiv(KEY)).collect(engine="streaming").lazy()
    is_same = (pl.col("answer").floordiv(KEY) == pl.col("key")).fill_null(False)
    answered = found.filter(is_same).select("day", "until_day", strict=pl.col("answer") % SECOND)
    rest = found.filter(~is_same).select("day", "key", second=pl.col("at").floordiv(SECOND) % (KEY // SECOND))
    return _counted(q, untestable, _state(answered), _unanswered(rest, tables, q))


def by_key(tables: Tables, q: Question) -> Answer:
    """Items by reason, through `join_asof` by key."""
    untestable, tested = _events(tables, q)
    answers = _answers(tables, q).sort("second", "strict").collect(engine="streaming").lazy()
    asked = tested.select("key", "second", "day").sort("second").collect(engine="streaming").lazy()
    found = asked.join_asof(answers, on="second", by="key", check_sortedness=False).collect(engine="streaming").lazy()
    rest = found.filter(pl.col("strict").is_null()).select("day", "key", "second")
    return _counted(q, untestable, _state(found.filter(pl.col("strict").is_not_null())), _unanswered(rest, tables, q))


def _events(tables: Tables, q: Question) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The population: those that cannot be tested before answers are looked at (day, reason), and the others (key, second, day).

    Accounts are known and looked up by their place in an array, since they are numbered without large gaps.
    """
    accounts = tables["accounts"].select("account_no", account_country="country").collect(engine="streaming")
    last = accounts["account_no"].max()
    numbers = pl.select(account_no=pl.int_range(0, last + 1, dtype=pl.Int32))
    known = numbers.join(accounts.with_columns(known=True), on="account_no", how="left", maintain_order="left")["known"].fill_null(False)
    based = pl.col("purpose").is_in(q["consent_based"]) & pl.col("occurred_day").is_between(q["first_day"], q["last_day"])
    events = (
        tables["events"].filter(based, pl.col("country").is_null() | _in_scope(q, "country", "occurred_day"))
        .select("account_no", "country", key=_key(q, q["consent_based"]), second="occurred_second", day="occurred_day").collect(engine="streaming")
    )  # fmt: skip
    number = events["account_no"]
    events = events.with_columns(is_unknown=(number > last) | ~known.gather(number.clip(0, last).cast(pl.UInt32)))
    nowhere = events.lazy().filter(pl.col("country").is_null()).join(accounts.lazy(), on="account_no", how="left", maintain_order="none")
    nowhere = nowhere.filter(pl.col("account_country").is_null() | _in_scope(q, "account_country", "day"))
    reason = pl.when(pl.col("key").is_null()).then(pl.lit("no_subject")).when(pl.col("is_unknown")).then(pl.lit("unknown_account"))
    no_country = reason.when(pl.col("account_country").is_null()).then(pl.lit("unknown_country"))
    parts = [
        events.lazy().filter(pl.col("country").is_not_null()).select("key", "second", "day", reason=reason),
        nowhere.select("key", "second", "day", reason=no_country),
    ]
    placed = pl.concat(parts).collect(engine="streaming").lazy()
    return placed.filter(pl.col("reason").is_not_null()), placed.filter(pl.col("reason").is_null())


def _in_scope(q: Question, country: str, day: str) -> pl.Expr:
    whole = sorted(c for c, spans in q["scope"].items() if spans[0][0] <= q["first_day"] and spans[0][1] >= q["last_day"])
    inside = pl.col(country).is_in(whole)
    for name, spans in q["scope"].items():
        if name not in whole:
            for first, last in spans:
                inside |= (pl.col(country) == name) & pl.col(day).is_between(first, last)
    return inside


def _key(q: Question, purposes: list[str]) -> pl.Expr:
    """Subject and purpose in one number."""
    number = pl.col("purpose").replace_strict(purposes, [q["purposes"][p] for p in purposes], default=None, return_dtype=pl.Int64)
    return pl.coalesce("account_no", "device_no").cast(pl.Int64) * 64 + number


def _consents(tables: Tables, q: Question) -> pl.LazyFrame:
    return tables["consents"].select(
        "status", "method", key=_key(q, list(q["purposes"])),
        second=pl.coalesce("acted_second", "recorded_second"), given_day=pl.coalesce("acted_day", "recorded_day"),
    ).filter(pl.col("key").is_not_null())  # fmt: skip


def _answers(tables: Tables, q: Question) -> pl.LazyFrame:
    """key, second, strict, and the last day on which a grant of that day stands."""
    days = pl.select(day=pl.int_range(0, 40_000, dtype=pl.Int32).cast(pl.Date))
    until = days.select(given_day=pl.col("day").cast(pl.Int32), until_day=pl.col("day").dt.offset_by(f"{q['months']}mo").cast(pl.Int32))
    strict = pl.col("status").replace_strict(list(STRICTNESS), list(STRICTNESS.values()), default=None, return_dtype=pl.Int64)
    told = _consents(tables, q).filter((pl.col("status") != "requested") & ~WEAK).with_columns(strict=strict)
    return told.join(until.lazy(), on="given_day", how="left").select("key", "second", "strict", "until_day")


def _state(found: pl.LazyFrame) -> pl.LazyFrame:
    ran_out = (pl.col("strict") == 0) & (pl.col("day") > pl.col("until_day"))
    state = pl.when(ran_out).then(1).otherwise("strict")
    return found.select("day", reason=state.replace_strict(list(STATE), list(STATE.values()), return_dtype=pl.String))


def _unanswered(rest: pl.LazyFrame, tables: Tables, q: Question) -> pl.LazyFrame:
    """Events without an answer: what else is on record, and whether the log reaches back to the opening of the account."""
    second = {"use_only": GRANT & (pl.col("method") == "use"), "import_only": GRANT & (pl.col("method") == "import"), "no_answer": pl.col("status") == "requested"}
    weak = _consents(tables, q).filter(WEAK | (pl.col("status") == "requested"))
    weak = weak.select("key", **{word: pl.when(is_it).then("second") for word, is_it in second.items()}).group_by("key").agg(pl.all().min())
    opened = tables["accounts"].select("opened_day", number=pl.col("account_no").cast(pl.Int64))
    rest = rest.with_columns(number=pl.col("key").floordiv(64)).join(opened, on="number", how="left").join(weak, on="key", how="left")
    # -719162: an account without a day of opening, or none at all, goes back to the beginning.
    early = pl.lit(q["covers_from_day"], pl.Int32).fill_null(2**31 - 1) > pl.col("opened_day").fill_null(-719162)
    reason = pl.when(early).then(pl.lit("before_log"))
    for word in second:
        reason = reason.when(pl.col(word) <= pl.col("second")).then(pl.lit(word))
    return rest.select("day", reason=reason.otherwise(pl.lit("never_asked")))


def _counted(q: Question, *parts: pl.LazyFrame) -> Answer:
    """The parts counted by reason, the period and the year before it apart."""
    grouped = [p.group_by((pl.col("day") >= q["start_day"]).alias("now"), "reason").len() for p in parts]
    frames = pl.collect_all(grouped, engine="streaming")
    return {f"{'period' if now else 'before'} {reason}": n for frame in frames for now, reason, n in frame.rows()}
