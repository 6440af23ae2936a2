"""Stories of the cast about children: cases and what followed them, age gates, and what people write about their age.

They come back to accounts that earlier stories named, so that the crowd around the cast stays as it is.
"""

from __future__ import annotations

from audit_lib.sample.cast import Cast
from audit_lib.sample.people import device

LATE = {"under_13_report_decided": "late"}


def tell_ages(cast: Cast) -> None:
    """All of them."""
    for tell in (_confirmed, _cases, _gate, _family_device, _ages_told, _false_alarms):
        tell(cast)


def _confirmed(cast: Cast) -> None:
    """What was found to be a child's must be gone ten days after the decision."""
    a = cast.named["nine years old"]
    cast.record(a, "registration", "2018-02-11")
    cast.record(a, "usage", "2018-03-03", "2018-08-04")
    cast.review(a, "2018-07-20", "staff", "2018-08-01", "confirmed_under_13", "decided on the twelfth day; the registration is "
                "still stored", data_deleted="2018-08-05", under_13_data_deleted="still_stored", **LATE)  # fmt: skip
    a = cast.named["on file only"]
    cast.record(a, "registration", "2017-08-19", "2018-07-20")
    cast.record(a, "usage", "2018-02-02", "2018-07-27 00:00:01")
    cast.review(a, "2018-07-10", "signal", "2018-07-16", "confirmed_under_13", "the last record was deleted on the eleventh day",
                under_13_data_deleted="late")  # fmt: skip
    a = cast.named["changed"]
    cast.record(a, "registration", "2018-01-20", "2018-08-30 23:59:59")  # on the tenth day
    cast.record(a, "user_content", "2018-03-20", "2018-05-05")  # long before the decision
    cast.review(
        a, "2018-08-10", "staff", "2018-08-20 23:59:59", "confirmed_under_13", data_deleted="2018-08-30 23:59:59"
    )
    a = cast.named["closed child"]
    cast.review(a, "2018-08-25", "staff", "2018-09-01", "confirmed_under_13")
    cast.hold(a, "2018-09-05", None, "2018-09-05")  # the registration is under a hold when the ten days end
    a = cast.named["a day short"]
    cast.record(a, "registration", "2018-03-13")
    cast.review(a, "2018-09-15", "staff", "2018-09-24", "confirmed_under_13")  # judged on 4 October only


def _cases(cast: Cast) -> None:
    a = cast.named["exactly 13"]
    cast.review(a, "2018-07-12", "guardian_report", "2018-07-24", "cleared", "cleared on the twelfth day, data collected until then",
                collection_after_report="collected", **LATE)  # fmt: skip
    cast.record(a, "usage", "2018-07-22 23:59:59")  # the last second of the ten days
    a = cast.named["born on a leap day"]
    cast.review(a, "2018-06-21", "signal", "2018-07-01 23:59:59", "cleared")  # decided on the tenth day
    cast.review(a, "2018-09-21", "signal")  # to be decided by 1 October: not judged yet


def _gate(cast: Cast) -> None:
    """Visitors without an account, each on a device of its own: refused, and let in on the same device or not."""
    child, adult, got_in = "2007-05-05", "1998-05-05", {"age_gate_bypassed": "bypassed"}

    def visitor(name: str, which: int = 3) -> int:
        return int(device(cast.named[name], which))

    there = visitor("asks DE")
    cast.declare(
        None, child, "2018-07-05 10:00:00", accepted=0, device_id=there, note="let in 24 hours later", **got_in
    )
    cast.declare(None, adult, "2018-07-06 10:00:00", device_id=there)
    there = visitor("asks FR")
    cast.declare(None, child, "2018-07-05 10:00:00", accepted=0, device_id=there)
    cast.declare(None, adult, "2018-07-06 10:00:01", device_id=there)  # 24 hours and a second later
    there = visitor("asks ES")
    cast.declare(
        None, child, "2018-07-07 15:00:00", accepted=0, device_id=there, note="let in in the same second", **got_in
    )
    cast.declare(None, adult, "2018-07-07 15:00:00", device_id=there)
    there = visitor("asks IT")
    cast.declare(None, child, "2018-07-08 15:00:00", accepted=0, device_id=there)
    cast.declare(None, adult, "2018-07-08 15:05:00", device_id=visitor("asks IT", 2))  # on another device
    there = visitor("asks GB")
    cast.declare(None, adult, "2018-07-09 15:00:00", device_id=there)
    cast.declare(None, child, "2018-07-09 15:05:00", accepted=0, device_id=there)  # let in before, not after
    there = visitor("asks US")
    cast.declare(
        None, child, "2018-07-10 15:00:00", accepted=0, device_id=there, note="refused twice, then let in", **got_in
    )
    cast.declare(None, "2006-05-05", "2018-07-10 15:01:00", accepted=0, device_id=there)
    cast.declare(None, adult, "2018-07-10 15:02:00", device_id=there)
    there = visitor("asks CA")
    cast.declare(None, child, "2018-07-11 15:00:00", accepted=0, device_id=there)
    cast.declare(None, "2006-06-06", "2018-07-11 15:01:00", device_id=there)  # let in with a date under 13: no lie


def _family_device(cast: Cast) -> None:
    a = cast.named["gives again"]
    there = int(device(a, 0))
    cast.declare(None, "2009-09-09", "2018-08-04 18:00:00", accepted=0, device_id=there, age_gate_bypassed="bypassed",
                 note="refused on the device of an account, whose birth date was then confirmed")  # fmt: skip
    cast.declare(a, "1985-05-05", "2018-08-04 18:05:00", "profile_edit")
    cast.plant(
        a,
        "the gate refused a child on its device, five minutes later it accepted the holder",
        under_13_signals="gate_bypassed",
    )


def _ages_told(cast: Cast) -> None:
    """One holder each writes in another language that they are under 13."""
    for name, language, word, body in (
        ("by use only", "es", "Spanish", "Hola, tengo 11 años y me encanta este drama."),
        ("no grace", "pt", "Portuguese", "Oi, eu tenho 10 anos e adoro esta série!"),
        ("withdraws FR", "fr", "French", "Bonjour, j'ai 11 ans et j'adore ce drama."),
        ("asks KR", "ko", "Korean", "저는 11살이에요. 이 드라마 정말 재미있어요."),
        ("asks JP", "ja", "Japanese", "私は10歳です。このドラマが大好きです。"),
    ):
        cast.text(cast.named[name], "2018-08-09", body, language=language)
        cast.plant(
            cast.named[name], f"holder writes in {word} that they are 10 or 11", under_13_signals="text_states_age"
        )


def _false_alarms(cast: Cast) -> None:
    """Other people, the past, a denial, episodes: an age in the text, and not the writer's."""
    for name, language, bodies in (
        ("no bypass", "es", ("Mi hija tiene 9 años, ¿es apropiado este drama para ella?", "Cuando tenía 11 años lo veía con mi abuela.",
                             "El capítulo 12 me hizo llorar.")),
        ("asks CA", "pt", ("Minha filha tem 9 anos e adora esta série.", "Quando eu tinha 11 anos, via isto com a minha avó.",
                           "O episódio 12 foi muito triste.")),
        ("asks FR", "fr", ("Ma fille a 9 ans, est-ce que ce drama est pour elle ?", "Quand j'avais 11 ans, je le regardais avec ma mère.",
                           "L'épisode 12 m'a fait pleurer.")),
        ("asks SG", "ko", ("제 동생은 10살인데 이 드라마를 좋아해요.", "12화가 제일 슬펐어요.", "저는 11살이 아니에요.")),
        ("asks US", "ja", ("娘は9歳ですが、このドラマが好きです。", "第12話が一番悲しかったです。", "私は11歳ではありません。")),
    ):  # fmt: skip
        for place, body in enumerate(bodies):
            cast.text(cast.named[name], f"2018-07-{10 + place}", body, "forum_post", language)
