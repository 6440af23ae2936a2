"""Stories of the cast about withdrawals, opt-outs, the proof of consent and the purposes that were declared.

They come back to accounts that earlier stories named, so that the crowd around the cast stays as it is. A withdrawal or
opt-out is followed for 30 days and judged on the last of them.
"""

from __future__ import annotations

from audit_lib.sample.cast import Cast
from audit_lib.sample.people import device
from audit_lib.sample.world import NA

WENT_ON = {"processing_after_withdrawal": "not_respected"}
MAILED = {"opt_out_honoured": "not_honoured"}


def tell_consents(cast: Cast) -> None:
    """All of them."""
    for tell in (_withdrawals, _followed_days, _opt_outs, _proof, _weak_records, _young, _purposes):
        tell(cast)


def _withdrawals(cast: Cast) -> None:
    a = cast.named["asks KR"]
    cast.decide(a, "cookies", "withdrawn", "2018-07-10 10:00:00")
    cast.event(a, "cookies", "2018-07-10 09:59:59", country="KR")  # a second before
    cast.event(a, "advertising", "2018-07-11", country="KR")  # for another purpose
    a = cast.named["asks SG"]
    cast.decide(
        a,
        "cookies",
        "withdrawn",
        "2018-07-10 10:00:00",
        note="cookies in the very second of the withdrawal",
        truth=WENT_ON,
    )
    cast.event(a, "cookies", "2018-07-10 10:00:00", country="SG")
    visitor = int(device(cast.named["asks KR"], 3))
    cast.decide(NA, "cookies", "given", "2018-07-12 18:00:00", "banner", device_id=visitor)
    cast.decide(NA, "cookies", "withdrawn", "2018-07-12 18:05:00", "settings", "a visitor's cookies went on", WENT_ON,
                device_id=visitor)  # fmt: skip
    cast.event(NA, "cookies", "2018-07-20", device_id=visitor, country="KR")
    visitor = int(device(cast.named["asks SG"], 3))
    cast.decide(NA, "cookies", "withdrawn", "2018-07-13", "settings", device_id=visitor)
    cast.event(NA, "cookies", "2018-07-20", device_id=visitor - 1, country="SG")  # on another device
    a = cast.named["gives again"]
    cast.decide(a, "cookies", "withdrawn", "2018-07-16")
    cast.decide(a, "cookies", "given", "2018-07-18 08:00:00", "banner")
    cast.event(a, "cookies", "2018-07-18 08:00:00", country="AU")  # in the very second of the new grant


def _followed_days(cast: Cast) -> None:
    a = cast.named["no grace"]
    cast.decide(
        a,
        "advertising",
        "withdrawn",
        "2018-07-02 10:00:00",
        note="advertising on the last of the 30 days",
        truth=WENT_ON,
    )
    cast.event(a, "advertising", "2018-08-01 23:59:59", country="BR")
    a = cast.named["gives again"]
    cast.decide(a, "advertising", "withdrawn", "2018-07-02 10:00:00")
    cast.event(a, "advertising", "2018-08-02 00:00:01", country="AU")  # a second after the 30 days
    a = cast.named["asks JP"]
    cast.decide(a, "cookies", "withdrawn", "2018-06-01", note="cookies in June, judged on 2018-07-01", truth=WENT_ON)
    cast.event(a, "cookies", "2018-06-04", country="JP")
    cast.decide(a, "advertising", "withdrawn", "2018-09-01")  # judged on 1 October only
    cast.event(a, "advertising", "2018-09-05", country="JP")


def _opt_outs(cast: Cast) -> None:
    disregarded = "not_respected"
    a = cast.named["asks KR"]
    cast.decide(a, "marketing", "refused", "2018-07-16", "banner", "mail two days after the refusal", MAILED)
    cast.event(
        a, "marketing", "2018-07-18", "push", "KR", "two days after a refusal", marketing_to_opted_out=disregarded
    )
    a = cast.named["asks SG"]
    cast.decide(a, "marketing", "withdrawn", "2018-07-16", "support")
    cast.event(a, "service_messages", "2018-07-20", "email", "SG", legal_basis="contract")  # not marketing
    a = cast.named["asks CA"]
    cast.decide(a, "marketing", "withdrawn", "2018-08-01", "settings", "mail within the ten business days: the opt-out was "
                "honoured, the withdrawal was not", WENT_ON)  # fmt: skip
    cast.event(a, "marketing", "2018-08-08", "email", "CA")
    a = cast.named["asks US"]
    cast.decide(a, "promotions", "withdrawn", "2018-07-03", "unsubscribe_link")
    cast.decide(a, "promotions", "withdrawn", "2018-07-05", "settings")  # again: the same opt-out, another withdrawal
    a = cast.named["asks JP"]
    cast.decide(a, "promotions", "withdrawn", "2018-07-10", "unsubscribe_link", "an imported list brought the mail back",
                WENT_ON | MAILED)  # fmt: skip
    cast.decide(a, "promotions", "given", "2018-07-15", "import", "imported after the person had withdrawn",
                {"consent_demonstrable": "import_only"}, evidence_ref="list-2018-07")  # fmt: skip
    cast.event(
        a, "promotions", "2018-07-20", "email", "JP", "an import ends no opt-out", marketing_to_opted_out=disregarded
    )


def _proof(cast: Cast) -> None:
    gap = {"consent_demonstrable": "incomplete"}
    cast.decide(
        cast.named["asks US"], "cookies", "given", "2018-07-20", "banner", "no policy version", gap, policy_version=None
    )
    cast.decide(cast.named["asks GB"], "advertising", "given", "2018-07-21", None, "no method", gap)
    cast.decide(cast.named["asks IT"], "cookies", "given", "2018-07-22", "banner", "no language", gap, language=None)
    cast.decide(
        cast.named["asks DE"], "advertising", "renewed", "2018-07-23", "banner", "no evidence", gap, evidence_ref=None
    )
    cast.decide(cast.named["asks FR"], "cookies", "refused", "2018-07-24", None, evidence_ref=None)  # no grant
    cast.decide(cast.named["asks FR"], "advertising", "requested", "2018-07-24", "banner", language=None)  # a prompt


def _weak_records(cast: Cast) -> None:
    a = cast.named["asks CA"]
    cast.decide(
        a, "cookies", "given", "2018-07-25", "use", "use of the site only", {"consent_demonstrable": "use_only"}
    )
    a = cast.named["asks ES"]
    cast.decide(a, "cookies", "given", "2018-07-02", "banner")
    cast.decide(a, "cookies", "given", "2018-07-26", "use", evidence_ref="page-view")  # beside a grant, complete
    cast.decide(a, "promotions", "given", "2018-07-02", "email_link")
    cast.decide(a, "promotions", "given", "2018-07-27", "import", "an import beside a grant, without evidence",
                {"consent_demonstrable": "incomplete"})  # fmt: skip


def _young(cast: Cast) -> None:
    cast.decide(cast.named["turns 16"], "marketing", "given", "2018-08-10 00:00:01")  # on the 16th birthday
    a = cast.named["closed child"]
    cast.decide(a, "cookies", "given", "2018-07-12", "parental")  # 11 years old, a parent agreed
    cast.decide(a, "advertising", "given", "2018-07-13", "settings", "11 years old, no parent asked",
                {"young_consent_authorised": "own"})  # fmt: skip


def _purposes(cast: Cast) -> None:
    basis = "legitimate_interest"
    a = cast.named["asks JP"]
    cast.event(a, "ab_testing", "2018-07-17", "server", "JP", "a purpose the policy does not name", basis,
               declared_purpose="undeclared_purpose")  # fmt: skip
    cast.event(
        a, None, "2018-07-18", "server", "JP", "no purpose recorded", "contract", declared_purpose="undeclared_purpose"
    )
    a = cast.named["asks KR"]
    cast.event(
        a, "security", "2018-07-19", "server", "KR", "no legal basis recorded", None, declared_purpose="no_basis"
    )
    cast.event(a, "advertising", "2018-07-20", "cookie", "KR", "advertising on legitimate interest", basis,
               declared_purpose="other_basis")  # fmt: skip
    a = cast.named["asks SG"]
    cast.event(
        a, "research", "2018-08-21", "server", "SG", "research on consent", "consent", declared_purpose="other_basis"
    )
    cast.event(a, "security", "2018-08-22", "server", "SG", legal_basis="legal_obligation")  # the second of two bases
    cast.event(a, "ab_testing", "2018-06-30 23:59:59", "server", "SG", legal_basis=basis)  # before the quarter
