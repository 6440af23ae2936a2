"""Random worlds of signals that a holder is under 13: other weights, and reviews decided in the seconds of the signals."""

from __future__ import annotations

from random import Random
from typing import Any

from audit_lib.run.examples import Example, Row

from .dates import reference
from .random_worlds import Frame, Tables, _holder, _under_13_settings, _world

PERIODS = ("2018-Q3", "2020-02", "2019-02", "2018-11")
KINDS = [row["signal"] for row in reference("under_13_signal")]


def signals(random: Random, measure: str) -> Example:
    """The holders of `under_13` with more decisions, some without their instant or their word, and weights of the criteria."""
    return _world(random, measure, _reviewed_holder, PERIODS, 40, _settings)


def _settings(frame: Frame) -> dict[str, Any]:
    settings = _under_13_settings(frame)
    if frame.random.random() < 0.7:
        named = frame.random.sample(KINDS, frame.one_of(1, 2, 4))
        settings["lists"] = {"signal_weight": [{"signal": signal, "weight": frame.one_of(0, 0, 1, 7)} for signal in named]}
    return settings


def _reviewed_holder(frame: Frame, key: str) -> Tables:
    tables = _holder(frame, key)
    if frame.random.random() < 0.4:  # within one second, a refusal may have been written after what it led to
        tables["birth_date_declarations"].reverse()
    noticed = [
        *(row["declared_at"] for row in tables["birth_date_declarations"]),
        *(row["written_at"] for row in tables["text_signal"]),
        *(row["opened_at"] for row in tables["age_reviews"]),
    ]
    if noticed and frame.random.random() < 0.5:
        decisions = [_decision(frame, key, noticed, place) for place in frame.some(3, 1)]
        tables["age_reviews"] = [*tables["age_reviews"], *decisions]
    return tables


def _decision(frame: Frame, key: str, noticed: list[str | None], place: int) -> Row:
    return {
        "review_id": f"{key}w{place}",
        "account_id": frame.one_of(key, key, key, None),
        "opened_at": frame.one_of(*noticed),
        "source": frame.one_of("signal", "signal", "guardian_report"),
        "decided_at": frame.one_of(None, *noticed, max(str(second) for second in noticed)),
        "decision": frame.one_of("cleared", "cleared", "confirmed_under_13", None),
    }


MAKERS = {"under_13_signals": signals, "under_13_signals_noticed": signals}
