"""The small tables: policy versions and notices, security incidents, the inventory of fields, and texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_lib.sample.frames import Frame, no_words
from audit_lib.sample.people import People
from audit_lib.sample.world import (
    AS_OF,
    LOG_START,
    NA,
    Words,
    day,
    days_between,
    instant,
    pick,
    seconds_of_day,
)

EFFECTIVE = day("2018-05-25")
VERSIONS: tuple[tuple[Any, ...], ...] = (
    ("2012-03-01", "2012-03-01", 1, "2012-02-20", "2016-11-15"),
    ("2016-11-15", "2016-11-15", 0, "2016-11-08", "2018-05-25"),
    ("2018-05-10", "2018-05-25", 1, "2018-05-10", None),
)
INCIDENTS = (
    # detected, aware, personal data, risk, authority told, persons told, persons affected
    ("2018-02-06 09:10", "2018-02-06 11:00", 0, "none", None, None, 0),
    ("2018-03-19 22:40", "2018-03-20 08:15", 1, "risk", "2018-03-22 16:00", None, 340),
    ("2018-05-29 03:20", "2018-05-29 09:00", 1, "none", None, None, 12),
    ("2018-06-14 13:05", "2018-06-14 13:30", 1, "high_risk", "2018-06-16 18:20", "2018-06-19 10:00", 2150),
    ("2018-06-27 22:00", "2018-06-28 08:00", 1, "high_risk", "2018-07-01 08:00", "2018-07-05 23:00", 510),
    ("2018-07-23 07:45", "2018-07-23 10:00", 1, "risk", "2018-07-27 15:00", None, 88),
    ("2018-08-06 07:00", "2018-08-06 09:00", 1, "high_risk", None, None, 27),
    ("2018-08-30 18:00", "2018-08-31 09:30", 1, "risk", "2018-09-02 20:10", None, 41),
    ("2018-09-04 16:20", None, 1, "risk", "2018-09-07 17:00", None, 63),
    ("2018-09-10 06:30", "2018-09-10 09:00", 1, "high_risk", "2018-09-11 11:00", "2018-09-18 10:00", 300),
    ("2018-09-18 01:15", "2018-09-18 08:00", 0, "none", None, None, 0),
    ("2018-09-27 20:00", "2018-09-28 10:00", 1, "risk", None, None, 19),
)
"""In the order of detection. On 1 July the authority was told in the last second of the 72 hours, on 5 July the persons on
the last day; the incident of 27 September is judged on 1 October."""
INCIDENT_FAULTS: dict[str, dict[str, tuple[str, str]]] = {
    "breach_notified": {
        "2018-07-23 07:45": ("late", "told after four days"),
        "2018-08-06 07:00": ("never", "the authority was never told"),
        "2018-09-04 16:20": ("late", "told 40 minutes after the 72 hours, counted from the detection"),
    },
    "persons_told": {
        "2018-08-06 07:00": ("never", "the authority was never told, nor were the persons"),
        "2018-09-10 06:30": ("late", "the persons were told on the eighth day"),
    },
}
"""What is wrong, by measure and instant of detection: reason and note."""
FIELDS = (
    # system, recipient, field, category, precision
    ("user-db", None, "email", "registration", "none"), ("user-db", None, "display_name", "registration", "none"),
    ("user-db", None, "password_hash", "registration", "none"), ("user-db", None, "birth_date", "profile", "none"),
    ("user-db", None, "gender", "profile", "none"), ("user-db", None, "avatar", "profile", "none"),
    ("user-db", None, "provider_id", "third_party_sign_in", "none"), ("billing", None, "card_token", "payment", "none"),
    ("billing", None, "billing_address", "payment", "exact"), ("billing", None, "order_total", "transaction", "none"),
    ("mixpanel", None, "video_id", "usage", "none"), ("mixpanel", None, "watch_seconds", "usage", "none"),
    ("mixpanel", None, "city", "usage", "city"), ("s3-logs", None, "ip_address", "device", "none"),
    ("s3-logs", None, "user_agent", "device", "none"), ("s3-logs", None, "cookie_id", "cookies", "none"),
    ("s3-logs", None, "geo_city", "device", "city"), ("braze", None, "push_token", "device", "none"),
    ("braze", None, "last_open", "usage", "none"), ("zendesk", None, "ticket_text", "support", "none"),
    ("content-store", None, "comment_text", "user_content", "none"),
    ("recommendation", None, "taste_vector", "usage", "none"),
    ("recommendation", None, "followed_actors", "social_media", "none"),
    ("mixpanel", None, "latitude_longitude", "device", "exact"),
    (None, "NORTHWAY", "video_id", "usage", "none"), (None, "NORTHWAY", "country", "device", "country"),
    (None, "BLUEPEAK", "email", "registration", "none"), (None, "ADLUMEN", "cookie_id", "cookies", "none"),
    (None, "HANOK", "device_model", "device", "none"), (None, "RAK-JP", "member_id", "registration", "none"),
)  # fmt: skip

PLAIN_TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("comment", "Episode 12 was the best one so far, I cried twice."),
        ("comment", "The second lead deserved so much better."),
        ("forum_post", "Does anyone know when the subtitles for episode 9 will be finished?"),
        ("profile_bio", "Subtitle volunteer, tea drinker, drama fan since 2009."),
        ("comment", "When I was 11 I watched this with my grandmother every evening."),
        ("comment", "My little brother is 10 and even he likes this show."),
        ("forum_post", "The channel is rated 13+, please keep the comments friendly."),
        ("comment", "The hero says \"I am 12 years old\" and I believed it, great child actor."),
        ("support_ticket", "I was charged twice this month, please refund one of the payments."),
        ("forum_post", "I am not 12 anymore, I can handle a sad ending."),
    ),
    "es": (("comment", "Me encanta este drama, gracias por los subtítulos."),
           ("forum_post", "¿Cuándo sale el próximo capítulo?"),
           ("comment", "Mi hermana tiene 9 años y también le gusta.")),
    "pt": (("comment", "Que final lindo, já quero ver de novo."), ("comment", "Obrigada pelas legendas!"),
           ("comment", "O episódio 11 foi o melhor de todos.")),
    "fr": (("comment", "Les sous-titres sont arrivés très vite, merci."), ("comment", "Quel bel épisode !"),
           ("comment", "Ma petite sœur a 10 ans et elle adore cette série.")),
    "ko": (("comment", "오늘 방송 정말 재미있었어요."), ("comment", "11화가 제일 슬펐어요.")),
    "ja": (("comment", "字幕をありがとうございます。"), ("comment", "第11話が一番よかったです。")),
}  # fmt: skip
LANGUAGE_SHARES = {"en": 6.0, "es": 2.0, "pt": 1.0, "fr": 1.2, "ko": 0.5, "ja": 0.4}
CHILD_TEXTS = (
    "I'm 11 years old and I love this show!",
    "I am 10 years old and I watch every episode after school.",
    "hi, I'm 12 years old and this is my favourite drama",
    "I am 9 years old and I want to learn Korean.",
)
TEXTS_PER_ACCOUNT = 0.25


def policy_versions() -> Frame:
    """The versions of the policy; the one under audit was published on 2018-05-10."""
    version, effective, substantial, published, withdrawn = zip(*VERSIONS, strict=True)
    return Frame(
        "policy_versions",
        {
            "policy_version": np.array(version, dtype=object),
            "effective_on": np.array([day(d) for d in effective]),
            "substantial": np.array(substantial),
            "published_at": instant([day(d) for d in published], 36000),
            "withdrawn_at": instant([NA if d is None else day(d) for d in withdrawn], 0),
        },
    )


def policy_notices(people: People) -> Frame:
    """Notices of the version of 2018: most before it took effect, a few late, a few never."""
    rng, size = people.rng, len(people)
    concerned = (people.opened_day < EFFECTIVE) & (people.last_day() > EFFECTIVE)
    index = np.flatnonzero(concerned & (rng.random(size) < 0.975))
    notified = day("2018-05-10") + np.minimum(rng.gamma(2.0, 2.5, len(index)).astype(np.int64), 14)
    notified = np.where(rng.random(len(index)) < 0.02, EFFECTIVE + rng.integers(0, 12, len(index)), notified)
    notified = np.maximum(notified, people.opened_day[index] + 1)
    return Frame(
        "policy_notices",
        {
            "account_id": people.number[index],
            "policy_version": np.full(len(index), "2018-05-10", dtype=object),
            "notified_at": instant(notified, seconds_of_day(rng, len(index))),
            "channel": pick(rng, {"email": 8.0, "in_app": 2.0, "web": 1.0}, len(index)),
        },
    )


def _moment(text: str | None) -> int:
    if text is None:
        return NA
    hours, minutes = text[11:].split(":")
    return int(instant(day(text[:10]), int(hours) * 3600 + int(minutes) * 60))


def security_incidents() -> Frame:
    """Twelve incidents of 2018, with those told too late or never planted."""
    columns = list(zip(*INCIDENTS, strict=True))
    names = ("detected_at", "aware_at", "personal_data", "risk", "authority_notified_at", "persons_notified_at",
             "persons_affected")  # fmt: skip
    data: dict[str, Any] = {}
    for name, values in zip(names, columns, strict=True):
        if name.endswith("_at"):
            data[name] = np.array([_moment(v) for v in values])
        else:
            data[name] = np.array(values, dtype=object if name == "risk" else np.int64)
    moments = columns[0]
    told = {
        measure: _words([faults.get(m, (None, ""))[0] for m in moments]) for measure, faults in INCIDENT_FAULTS.items()
    }
    notes = {moment: note for faults in INCIDENT_FAULTS.values() for moment, (_, note) in faults.items()}
    return Frame("security_incidents", data, told, notes=_words([notes.get(m, "") for m in moments]))


def field_inventory() -> Frame:
    """What the systems store and the recipients are sent; one location field is finer than a city."""
    system, recipient, name, category, precision = (np.array(c, dtype=object) for c in zip(*FIELDS, strict=True))
    return Frame(
        "field_inventory",
        {
            "system": system,
            "recipient_id": recipient,
            "field_name": name,
            "data_category": category,
            "precision": precision,
            "first_seen_on": np.array([day("2018-01-15") + 3 * n for n in range(len(FIELDS))]),
        },
    )


def texts(people: People) -> Frame:
    """Comments, posts and tickets; those of the planted children say an age in English."""
    rng, size = people.rng, len(people)
    writers = np.flatnonzero((people.last_day() > LOG_START + 40) & (people.opened_day < AS_OF - 20))
    writers = writers[rng.random(len(writers)) < TEXTS_PER_ACCOUNT * size / max(len(writers), 1)]
    language = pick(rng, LANGUAGE_SHARES, len(writers))
    drawn = rng.integers(0, 10**6, len(writers))
    chosen = [PLAIN_TEXTS[lang][n % len(PLAIN_TEXTS[lang])] for lang, n in zip(language, drawn, strict=True)]
    children = np.flatnonzero(people.plant == "text")
    said = [CHILD_TEXTS[n % len(CHILD_TEXTS)] for n in rng.integers(0, 100, len(children))]
    first = np.maximum(people.opened_day[writers] + 1, LOG_START)
    plain_day = days_between(rng, first, np.maximum(people.last_day()[writers], first))
    child_day = days_between(rng, np.full(len(children), day("2018-06-15")), np.full(len(children), AS_OF - 3))
    days = np.concatenate([plain_day, child_day])
    return Frame(
        "texts",
        {
            "account_id": people.number[np.concatenate([writers, children])],
            "source": _words([c[0] for c in chosen] + ["comment"] * len(children)),
            "written_at": instant(days, seconds_of_day(rng, len(days))),
            "language": np.concatenate([language, np.full(len(children), "en", dtype=object)]),
            "body": _words([c[1] for c in chosen] + said),
        },
    )


def _words(values: Sequence[str | None]) -> Words:
    words = no_words(len(values))
    words[:] = values
    return words
