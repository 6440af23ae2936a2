"""Stories of the cast about erasure, holds, extensions, refusals, gaps in the log, restrictions and objections.

They come back to accounts that earlier stories named, so that the crowd around the cast stays as it is.
"""

from __future__ import annotations

from audit_lib.sample.cast import UNKNOWN_ACCOUNT, Cast
from audit_lib.sample.world import NA

IGNORED = "not_respected"


def tell_rights(cast: Cast) -> None:
    """All of them."""
    for tell in (
        _early_requests,
        _erasures,
        _holds,
        _extensions,
        _identity,
        _refusals,
        _gaps,
        _restrictions,
        _objections,
    ):
        tell(cast)


def _early_requests(cast: Cast) -> None:
    """Answered years ago: the log of requests is as old as the service, as `sources.toml` declares."""
    cast.request(cast.named["duty of five years"], "access", "KR", "2013-06-03", "2013-06-10")
    cast.request(cast.named["duty of five years"], "rectification", "KR", "2015-02-02", "2015-02-09")
    cast.request(cast.named["asks SG"], "access", "SG", "2016-09-05", "2016-09-26")
    cast.request(cast.named["asks KR"], "access", "KR", "2017-04-03", "2017-04-11")


def _erasures(cast: Cast) -> None:
    left = {"erasure_executed": "left_behind"}
    cast.request(cast.named["duty of ten years"], "erasure", "DE", "2018-06-12", "2018-06-24",
                 "payment data left behind on 2018-07-01; the transaction is kept by a duty", truth=left)  # fmt: skip
    # The registration went on the seventh day, the rest is kept by a duty of five years.
    cast.request(cast.named["duty of five years"], "erasure", "KR", "2018-06-18", "2018-06-25 12:30:00")
    cast.request(cast.named["two holds"], "erasure", "NL", "2018-06-11", "2018-07-05")  # a hold stands on day 7
    cast.request(cast.named["hold on support"], "erasure", "IT", "2018-06-18", "2018-07-10",
                 "usage data left behind on 2018-07-17; the hold covers support data only", truth=left)  # fmt: skip
    # Collected after the request was answered: not what it asked for.
    cast.request(cast.named["record after the closing"], "erasure", "BR", "2018-07-25", "2018-08-03")
    cast.request(
        cast.named["closed after the quarter"], "erasure", "ES", "2018-09-03", "2018-09-25"
    )  # judged in October
    cast.request(NA, "erasure", "FR", "2018-07-03", "2018-07-10", "no account recorded",
                 truth={"request_log_complete": "incomplete"})  # nobody can say whether it was carried out  # fmt: skip
    cast.request(UNKNOWN_ACCOUNT, "erasure", "FR", "2018-08-01", "2018-08-20",
                 "the account was deleted, its records were not", truth=left)  # fmt: skip
    cast.request(cast.named["asks US"], "erasure", "US", "2018-08-01", "2018-08-10", region="CA", outcome="refused",
                 refusal_reason="no law gives the right", remedies_told=1)  # fmt: skip


def _holds(cast: Cast) -> None:
    a, b, c = (cast.named[f"asks {country}"] for country in ("DE", "FR", "US"))
    cast.hold(a, "2018-07-02", None, "2018-07-02", basis=None, note="no legal basis", undocumented="no_basis")
    cast.hold(a, "2018-02-01", "2018-09-29", "2018-02-01", basis=None)  # over on the last day of the quarter
    cast.hold(b, "2017-05-02", None, "2017-05-02", reviewed="2017-10-02")  # reviewed 364 days ago
    cast.hold(b, "2016-05-02", None, "2016-05-02", "payment", reviewed="2017-09-29", note="reviewed 367 days ago",
              undocumented="review_overdue")  # fmt: skip
    cast.hold(c, "2017-09-28", None, "2017-09-28", note="begun 368 days ago, never reviewed",
              undocumented="review_overdue")  # fmt: skip
    cast.hold(c, "2018-03-05", None, "2018-03-05", case_closed="2018-09-01")  # its case closed 30 days ago
    cast.hold(c, "2018-03-06", None, "2018-03-06", case_closed="2018-08-29", note="its case closed 33 days ago",
              undocumented="case_closed")  # fmt: skip


def _extensions(cast: Cast) -> None:
    a = cast.named["asks ES"]
    cast.request(a, "access", "ES", "2018-07-06", "2018-09-20", extended_at="2018-08-06 18:00:00",
                 extension_reason="many systems concerned")  # told on the first due day, in time  # fmt: skip
    cast.request(a, "rectification", "ES", "2018-07-07", "2018-08-20", "told of the extension a day after the due day",
                 late="late", extended_at="2018-08-08 08:00:00", extension_reason="many systems concerned",
                 truth={"extension_notified": "late"})  # fmt: skip


def _identity(cast: Cast) -> None:
    a, late = cast.named["asks DE"], {"identity_asked_promptly": "late"}
    cast.request(a, "access", "DE", "2018-08-01", "2018-08-20", identity_requested_at="2018-08-08",
                 identity_verified_at="2018-08-09")  # asked on the seventh day  # fmt: skip
    cast.request(a, "portability", "DE", "2018-08-06", "2018-08-30", "identity asked for on the eighth day", truth=late,
                 identity_requested_at="2018-08-14 06:00:00", identity_verified_at="2018-08-16")  # fmt: skip
    cast.request(a, "access", "DE", "2018-08-03", "2018-08-13", "proof of identity of a person who was signed in",
                 truth={"identity_asked_promptly": "needless"}, channel="in_app", identity_requested_at="2018-08-04",
                 identity_verified_at="2018-08-05")  # fmt: skip
    cast.request(a, "access", "DE", "2018-08-07", "2018-08-13", channel="in_app")  # signed in, nothing asked


def _refusals(cast: Cast) -> None:
    a, reason = cast.named["asks IT"], "rights of another person"
    cast.request(a, "portability", "IT", "2018-08-01", "2018-08-15", outcome="refused", refusal_reason=reason)
    cast.request(a, "access", "IT", "2018-08-02", "2018-08-16", "refused without a reason", outcome="refused",
                 truth={"refusal_reasoned": "bare", "request_log_complete": "incomplete"})  # fmt: skip
    cast.request(a, "access", "IT", "2018-06-11", "2018-07-02", "refused without a reason; received before the quarter",
                 outcome="refused", truth={"refusal_reasoned": "bare"})  # fmt: skip
    cast.request(a, "access", "IT", "2018-08-03", "2018-08-17", "fulfilled in part, not told of the remedies",
                 outcome="fulfilled_in_part", refusal_reason=reason, remedies_told=0,
                 truth={"refusal_reasoned": "no_remedies"})  # fmt: skip
    cast.request(
        a, "rectification", "IT", "2018-08-04", "2018-08-18", outcome="withdrawn"
    )  # nothing to give a reason for


def _gaps(cast: Cast) -> None:
    a, gap = cast.named["asks GB"], {"request_log_complete": "incomplete"}
    cast.request(a, "access", "GB", "2018-08-13", "2018-08-24", "no channel recorded", truth=gap, channel=None)
    cast.request(NA, "access", "GB", "2018-08-14", "2018-08-24", "no account recorded", truth=gap)
    cast.request(a, None, "GB", "2018-08-15", "2018-08-24", "no right recorded", truth=gap)
    cast.request(a, "access", "GB", None, "2018-08-24", "no receipt recorded", truth=gap,
                 acknowledged_at="2018-08-16")  # fmt: skip
    cast.request(a, "access", "GB", "2018-08-17", "2018-08-24", "closed without an outcome", truth=gap, outcome=None)
    cast.request(a, "portability", "GB", "2018-09-17", None)  # still open: no outcome is due
    cast.request(NA, None, "GB", "2018-08-20", "2018-08-24", is_test=1, channel=None)  # a test of the own staff
    cast.request(a, "rectification", "GB", "2018-08-21", "2018-08-22", outcome="duplicate", channel=None)  # sent twice


def _restrictions(cast: Cast) -> None:
    a = cast.named["asks DE"]
    cast.request(
        a, "restriction", "DE", "2018-07-16", "2018-07-20 10:00:00", restriction_lifted_at="2018-08-20 09:00:00"
    )
    cast.event(a, "service_delivery", "2018-07-20 09:59:59", "server", legal_basis="contract")  # a second before
    cast.event(a, "service_delivery", "2018-07-20 10:00:00", "server", legal_basis="contract", restriction_respected=IGNORED,
               note="in the very second in which the restriction was granted")  # fmt: skip
    cast.event(a, "security", "2018-07-25", "server", legal_basis="legitimate_interest")  # allowed nevertheless
    cast.event(a, "service_messages", "2018-07-26", "email", legal_basis="contract")
    cast.event(a, "research", "2018-08-20 08:59:59", "server", legal_basis="legitimate_interest", restriction_respected=IGNORED,
               note="a second before the restriction was lifted")  # fmt: skip
    cast.event(a, "research", "2018-08-20 09:00:00", "server", legal_basis="legitimate_interest")  # lifted
    a = cast.named["asks FR"]
    cast.request(a, "restriction", "FR", "2018-07-30", "2018-08-10 10:00:00", outcome="fulfilled_in_part",
                 refusal_reason="needed for a legal claim", remedies_told=1, purposes="personalisation;research")  # fmt: skip
    cast.event(a, "personalisation", "2018-08-12", "server", legal_basis="legitimate_interest", restriction_respected=IGNORED,
               note="personalised while that was restricted")  # fmt: skip
    cast.event(a, "service_delivery", "2018-08-12", "server", legal_basis="contract")  # not among the purposes named
    a = cast.named["asks IT"]
    cast.request(a, "restriction", "IT", "2018-07-30", "2018-08-10", outcome="refused",
                 refusal_reason="no ground of Article 18 applies")  # fmt: skip
    cast.event(a, "personalisation", "2018-08-12", "server", legal_basis="legitimate_interest")  # never granted


def _objections(cast: Cast) -> None:
    a = cast.named["grant stands"]
    cast.event(a, "marketing", "2018-08-06 08:59:59", "email")  # a second before the objection came in
    cast.request(a, "objection", "IT", "2018-08-06 09:00:00", "2018-08-20", direct_marketing=1)
    cast.event(a, "marketing", "2018-08-06 09:00:00", "email", objection_respected=IGNORED,
               note="direct marketing in the very second in which the objection came in")  # fmt: skip
    cast.event(a, "advertising", "2018-08-15", country="BR", objection_respected=IGNORED,
               note="advertising after an objection to direct marketing that was not answered yet")  # fmt: skip
    cast.event(a, "personalisation", "2018-08-25", "server", legal_basis="legitimate_interest")  # not direct marketing
    a = cast.named["asks ES"]  # its objection of 2018-07-10 names no purpose and was fulfilled on 2018-08-30
    cast.event(a, "personalisation", "2018-08-30 11:59:59", "server", legal_basis="legitimate_interest")
    cast.event(a, "research", "2018-09-03", "server", legal_basis="legitimate_interest", objection_respected=IGNORED,
               note="research after the objection was granted")  # fmt: skip
    cast.event(a, "service_delivery", "2018-09-03", "server", legal_basis="contract")  # rests on the contract
    a = cast.named["asks IT"]
    cast.request(a, "objection", "IT", "2018-08-06", "2018-08-28", outcome="refused", purposes="research",
                 refusal_reason="compelling legitimate grounds")  # fmt: skip
    cast.event(a, "research", "2018-09-04", "server", legal_basis="legitimate_interest")  # the objection was refused
