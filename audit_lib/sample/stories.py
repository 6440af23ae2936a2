"""The stories of the cast about deletion, deadlines, consent, age and transfers."""

from __future__ import annotations

from audit_lib.sample.age_stories import tell_ages
from audit_lib.sample.cast import UNKNOWN_ACCOUNT, Cast
from audit_lib.sample.consent_stories import tell_consents
from audit_lib.sample.people import device
from audit_lib.sample.rights_stories import tell_rights
from audit_lib.sample.world import NA


def write_cast() -> Cast:
    """All stories; their accounts have the numbers from 1 to `accounts`."""
    cast = Cast()
    for tell in (_deletions, _duties_and_holds, _requests, _grants, _opt_outs, _ages, _signals, _transfers):
        tell(cast)
    for tell in (tell_rights, tell_consents, tell_ages):
        tell(cast)
    return cast


IGNORED = {"processing_after_withdrawal": "not_respected", "opt_out_honoured": "not_honoured"}
BOTH = {"deletion_after_closure": "still_stored", "retention_overrun": "overdue"}


def _deletions(cast: Cast) -> None:
    a = cast.account("FR", "2016-03-02", "2018-06-15 20:15:00")
    cast.record(a, "registration", "2016-03-02", "2018-07-15 23:59:59")  # last second of the due day
    cast.record(a, "profile", "2016-03-03", "2018-07-16 00:00:01", "deleted one second after the due day had ended",
                deletion_after_closure="late")  # fmt: skip
    cast.record(a, "usage", "2018-06-01", None, "never deleted; due on 2018-07-15", **BOTH)
    cast.record(a, "usage", "2018-06-14", "2018-06-15 20:14:00")  # deleted before the closing: nothing to test
    a = cast.account("BR", "2017-01-20", "2018-08-01 09:00:00", name="record after the closing")
    cast.record(a, "registration", "2017-01-20", "2018-08-10")
    cast.record(a, "usage", "2018-08-20", "2018-09-19 18:00:00")  # collected after the closing, its own due day
    cast.record(a, "device", "2018-08-20", "2018-09-21", "collected after the closing, due 30 days after its collection",
                deletion_after_closure="late")  # fmt: skip
    a = cast.account("US", "2015-07-04", "2018-08-31 23:30:00", region="NY")
    cast.record(a, "registration", "2015-07-04", "2018-09-30 21:00:00")  # due on the last day of the quarter
    cast.record(a, "usage", "2018-02-02", "2018-10-02", "due on 2018-09-30, deleted only after the quarter", **BOTH)
    a = cast.account("MX", "2014-05-05", "2018-09-01 00:30:00")
    cast.record(a, "registration", "2014-05-05", None)  # due on 2018-10-01: not judged yet
    a = cast.account("PH", "2013-09-09", "2018-03-01")
    cast.record(a, "usage", "2018-01-09", None, "due on 2018-03-31 and still stored: fell due before the quarter",
                retention_overrun="overdue")  # fmt: skip
    cast.record(a, "profile", "2013-09-10", "2018-06-30")  # late, but judged in March
    a = cast.account(
        "ES", "2016-06-06", "2018-10-02", name="closed after the quarter"
    )  # closed after the quarter: still open for the audit
    cast.record(a, "registration", "2016-06-06")
    cast.record(UNKNOWN_ACCOUNT, "profile", "2016-01-05", None, "the account it names is not in the export",
                orphaned_records="orphan")  # fmt: skip
    cast.record(UNKNOWN_ACCOUNT, "usage", "2016-01-05")  # usage may stand without an account
    cast.record(UNKNOWN_ACCOUNT, "user_content", "2016-01-06", "2018-09-30 23:00:00")  # deleted in time for the audit
    cast.record(NA, "payment", "2016-01-05", None, "names no account at all", orphaned_records="orphan")
    cast.record(NA, "device", "2016-01-05")  # device data may stand without an account


def _duties_and_holds(cast: Cast) -> None:
    a = cast.account("DE", "2015-02-02", "2018-06-20", name="duty of ten years")
    cast.record(a, "registration", "2015-02-02", "2018-07-01")
    cast.record(a, "transaction", "2016-08-08")  # kept by RET-EU-OSS to the end of 2026
    cast.record(a, "payment", "2016-08-08", None, "payment data of an EEA account: the duty covers transactions only",
                **BOTH)  # fmt: skip
    a = cast.account("KR", "2013-01-10", "2018-06-25", name="duty of five years")
    cast.record(a, "registration", "2013-01-10", "2018-07-02")
    cast.record(a, "payment", "2015-03-03")  # kept by RET-KR-EC-PAYMENT for five years
    cast.record(a, "transaction", "2015-03-03")
    a = cast.account("KR", "2012-11-11", "2017-11-11")
    cast.record(a, "payment", "2013-04-20", None, "duty of five years ended in April 2018, grace in May, still stored",
                retention_overrun="overdue")  # fmt: skip
    a = cast.account("US", "2014-04-04", "2018-06-10", region="CA")
    cast.hold(a, "2018-06-20", None, "2018-06-20")
    cast.record(a, "registration", "2014-04-04")  # open hold: never due
    cast.record(a, "support", "2018-06-01")
    a = cast.account("US", "2014-06-04", "2018-06-05", region="TX")
    cast.hold(a, "2018-06-15", "2018-07-20", "2018-06-15")
    cast.record(a, "registration", "2014-06-04", "2018-08-19 22:00:00")  # last day of the hold + 30
    cast.record(a, "support", "2018-05-05", "2018-08-22", "the hold ended on 2018-07-20, due on 2018-08-19",
                deletion_after_closure="late")  # fmt: skip
    a = cast.account("GB", "2014-06-14", "2018-06-18")
    cast.hold(a, "2018-08-05", None, "2018-08-05")
    cast.record(a, "usage", "2018-05-05", None, "the hold began after the due day and changes nothing", **BOTH)
    a = cast.account("IT", "2016-06-14", "2018-06-18", name="hold on support")
    cast.hold(a, "2018-06-25", None, "2018-06-25", category="support")
    cast.record(a, "support", "2018-05-05")
    cast.record(a, "usage", "2018-05-05", None, "the hold covers support data only", **BOTH)
    a = cast.account("NL", "2016-02-14", "2018-05-20", name="two holds")
    cast.hold(a, "2018-06-01", "2018-06-25", "2018-06-01")
    cast.hold(a, "2018-07-10", "2018-08-20", "2018-07-10")  # follows within the grace: one hold
    cast.record(a, "registration", "2016-02-14", "2018-09-19")


def _requests(cast: Cast) -> None:
    a = cast.account("DE", "2016-01-01", name="asks DE")
    cast.request(a, "access", "DE", "2018-07-14", "2018-08-14 23:00:00")  # answered on the due day
    cast.request(a, "rectification", "DE", "2018-06-04", "2018-07-05 08:00:00", "due on 2018-07-04, answered a day later",
                 late="late")  # fmt: skip
    a = cast.account("FR", "2016-01-02", name="asks FR")
    cast.request(a, "access", "FR", "2018-08-08", "2018-09-10 17:00:00")  # due on Saturday 8, moves to Monday 10
    cast.request(a, "portability", "FR", "2018-07-30", "2018-09-03", "due on 2018-08-30", late="late")
    cast.request(
        a, "access", "FR", "2018-08-29", None
    )  # due on Saturday 2018-09-29, moves to 1 October: not yet judged
    a = cast.account("ES", "2016-01-03", name="asks ES")
    cast.request(
        a,
        "access",
        "ES",
        "2018-06-20",
        "2018-08-28",
        extended_at="2018-07-15",
        extension_reason="many systems concerned",
    )  # valid extension to 2018-09-20
    cast.request(a, "portability", "ES", "2018-07-02", "2018-08-20", "extended without a reason, so due on 2018-08-02",
                 late="late", extended_at="2018-07-20", truth={"extension_notified": "no_reason"})  # fmt: skip
    cast.request(a, "objection", "ES", "2018-07-10", "2018-08-30", "told of the extension after the due day",
                 late="late", extended_at="2018-08-15", extension_reason="many systems concerned",
                 truth={"extension_notified": "late"})  # fmt: skip
    a = cast.account("IT", "2016-01-04", name="asks IT")
    cast.request(
        a,
        "access",
        "IT",
        "2018-07-03",
        "2018-08-09",
        identity_requested_at="2018-07-05",
        identity_verified_at="2018-07-13",
    )  # eight days' pause: 2018-08-11, a Saturday, moves to Monday 13
    cast.request(a, "access", "IT", "2018-06-11", "2018-06-28", outcome="withdrawn")  # withdrawn before due
    cast.request(a, "access", "IT", "2018-06-12", "2018-07-25", "withdrawn only after the due day had passed",
                 late="late", outcome="withdrawn")  # fmt: skip
    cast.request(a, "access", "IT", "2018-06-13", None, is_test=1)  # a test of the own staff
    cast.request(a, "access", "IT", "2018-06-14", "2018-06-20", outcome="duplicate")  # sent twice
    a = cast.account("GB", "2016-01-05", name="asks GB")
    cast.request(a, "access", "GB", "2018-09-03", "2018-10-04 10:00:00")  # counts from the day after: due 2018-10-04
    cast.request(a, "access", "GB", "2018-07-31", "2018-08-31")  # start 1 August, due 3 September (Saturday 1)
    cast.request(a, "rectification", "GB", "2018-07-16", None, "still waiting, due on 2018-08-17", late="open_late",
                 truth={"request_backlog": "overdue"})  # fmt: skip
    a = cast.account("US", "2016-01-06", region="CA", name="asks US")
    cast.request(a, "third_party_marketing_list", "US", "2018-07-10", "2018-08-09", region="CA")  # day 30
    cast.request(a, "third_party_marketing_list", "US", "2018-07-23", "2018-08-23", "answered on day 31", late="late",
                 region="CA")  # fmt: skip
    a = cast.account("KR", "2016-01-07", name="asks KR")
    cast.request(a, "access", "KR", "2018-08-06", "2018-08-16 20:00:00")  # day 10
    cast.request(a, "rectification", "KR", "2018-08-06", "2018-08-17", "answered on day 11", late="late")
    a = cast.account("SG", "2016-01-08", name="asks SG")
    cast.request(a, "access", "SG", "2018-07-04", "2018-08-03")
    cast.request(a, "access", "SG", "2018-08-10", None, "still waiting, due on 2018-09-09", late="open_late",
                 truth={"request_backlog": "overdue"})  # fmt: skip
    a = cast.account("CA", "2016-01-09", region="ON", name="asks CA")
    cast.request(a, "access", "CA", "2018-06-18", "2018-07-18")
    cast.request(a, "access", "CA", "2018-06-19", "2018-08-06", "answered after 48 days, due on 2018-07-19", late="late",
                 region="ON")  # fmt: skip
    a = cast.account("US", "2016-01-11", region="WA", active=None, note="no activity is known since the opening",
                     truth={"dormant_accounts": "dormant"})  # fmt: skip
    cast.request(a, "question", "US", "2018-07-12", "2018-07-13")  # no law sets a period
    a = cast.account("JP", "2016-01-10", name="asks JP")
    cast.request(a, "access", "JP", "2018-08-01", "2018-08-10")  # Japanese law sets no number of days


def _grants(cast: Cast) -> None:
    a = cast.account("FR", "2017-01-01", name="withdraws FR")
    cast.decide(a, "marketing", "given", "2018-07-02 10:00:00")
    cast.event(a, "marketing", "2018-07-02 10:00:00", "email")  # in the same second: a grant covers its own second
    cast.decide(a, "marketing", "withdrawn", "2018-08-02 10:00:00", "unsubscribe_link", "mail in the very second of the withdrawal",
                IGNORED)  # fmt: skip
    cast.event(a, "marketing", "2018-08-02 09:59:59", "email")
    cast.event(a, "marketing", "2018-08-02 10:00:00", "email", note="in the very second of the withdrawal",
               consent_coverage="withdrawn", marketing_to_opted_out="not_respected")  # fmt: skip
    cast.decide(a, "marketing", "given", "2018-09-01 08:00:00")
    cast.event(a, "marketing", "2018-09-01 12:00:00", "email")  # a later grant ends the opt-out
    cast.event(a, "service_messages", "2018-08-10", "email", legal_basis="contract")  # not marketing
    a = cast.account("DE", "2017-01-02", birth="2002-08-10", name="turns 16")
    cast.decide(a, "advertising", "refused", "2018-06-01")
    cast.event(a, "advertising", "2018-07-11", note="advertising cookie after a refusal", consent_coverage="refused")
    cast.decide(a, "cookies", "given", "2016-07-11", policy_version="2012-03-01")
    cast.event(a, "cookies", "2018-07-11 23:00:00")  # the last day of the 24 months
    cast.event(a, "cookies", "2018-07-12 10:00:00", note="the grant ran out on 2018-07-11", consent_coverage="expired")
    cast.decide(a, "cookies", "renewed", "2018-08-01", note="renewed at 15, nine days before the birthday",
                truth={"young_consent_authorised": "own"})  # fmt: skip
    cast.event(a, "cookies", "2018-08-02")
    a = cast.account("ES", "2017-01-03", name="by use only")
    cast.decide(a, "cookies", "given", "2017-01-03", "use", policy_version="2016-11-15")
    cast.event(
        a, "cookies", "2018-07-20", note="the only grant was made by use of the site", consent_coverage="use_only"
    )
    cast.decide(a, "promotions", "given", "2017-01-04", "import", policy_version="2016-11-15")
    cast.event(a, "promotions", "2018-07-21", "email", note="the only grant came with an imported list",
               consent_coverage="import_only")  # fmt: skip
    cast.decide(a, "marketing", "requested", "2018-05-20", "email_link")
    cast.event(a, "marketing", "2018-07-22", "email", note="asked, never answered", consent_coverage="no_answer")
    cast.event(a, "advertising", "2018-07-23", note="never asked", consent_coverage="never_asked")
    cast.event(a, "advertising", "2018-07-24", country="BR")  # while outside the EEA
    a = cast.account("IT", "2017-01-04", name="grant stands")
    cast.decide(a, "marketing", "given", "2017-06-01", policy_version="2016-11-15")
    cast.decide(a, "marketing", "given", "2018-06-01", "use")  # an earlier grant stands
    cast.event(a, "marketing", "2018-07-03", "email")
    cast.decide(a, "marketing", "requested", "2018-07-04", "banner")  # a prompt changes nothing
    cast.event(a, "marketing", "2018-07-05", "email")
    visitor = int(device(a, 3))
    cast.decide(NA, "cookies", "given", "2018-07-01", "banner", device_id=visitor)
    cast.event(NA, "cookies", "2018-07-02", device_id=visitor, country="IT")
    cast.event(NA, "advertising", "2018-07-02", device_id=visitor, country="IT", note="a visitor never asked",
               consent_coverage="never_asked")  # fmt: skip


def _opt_outs(cast: Cast) -> None:
    a = cast.account("US", "2016-10-01", region="CA")
    cast.decide(a, "marketing", "withdrawn", "2018-07-09 09:00:00", "unsubscribe_link",
                "mail within the grace, and on the eleventh business day", IGNORED)  # fmt: skip
    cast.event(a, "marketing", "2018-07-13", "email", country="US")  # within ten business days
    cast.event(a, "marketing", "2018-07-23 11:00:00", "email", country="US")  # on the tenth
    cast.event(a, "marketing", "2018-07-24 11:00:00", "email", country="US", note="on the eleventh business day",
               marketing_to_opted_out="not_respected")  # fmt: skip
    cast.event(a, "service_messages", "2018-08-01", "email", country="US", legal_basis="contract")
    a = cast.account("CA", "2016-10-02", region="BC")
    cast.decide(a, "promotions", "refused", "2018-06-04", "banner")  # followed to 2018-07-04: honoured
    cast.event(a, "promotions", "2018-06-11", "push", country="CA")  # within the grace
    cast.event(a, "promotions", "2018-07-30", "push", country="CA", note="weeks after the refusal",
               marketing_to_opted_out="not_respected")  # fmt: skip
    a = cast.account("BR", "2016-10-03", name="no grace")
    cast.decide(a, "marketing", "withdrawn", "2018-08-06 09:00:00", "support", "mail a second later", IGNORED)
    cast.event(a, "marketing", "2018-08-06 09:00:01", "email", note="no grace in Brazil: a second is too much",
               marketing_to_opted_out="not_respected")  # fmt: skip
    cast.event(a, "marketing", "2018-08-05", "email")
    cast.event(a, "marketing", "2018-08-10", "server")  # neither e-mail nor push
    a = cast.account("AU", "2016-10-04", active=None, name="gives again")  # its newest processing event counts as activity
    cast.decide(a, "marketing", "withdrawn", "2018-07-01", "settings")
    cast.decide(a, "marketing", "given", "2018-07-20", "settings")
    cast.event(a, "marketing", "2018-07-25", "email")


def _ages(cast: Cast) -> None:
    cast.account("US", "2018-03-14", birth="2005-03-14", region="NY", name="exactly 13")  # exactly 13 on the opening day
    cast.account("US", "2018-03-13", birth="2005-03-14", region="NY", name="a day short", note="a day short of 13 at sign-up",
                 truth={"under_13_accounts": "under_13_at_sign_up"})  # fmt: skip
    cast.account("CA", "2017-02-28", birth="2004-02-29", name="born on a leap day", note="born on 29 February: 13 only on 2017-03-01",
                 truth={"under_13_accounts": "under_13_at_sign_up"})  # fmt: skip
    cast.account("CA", "2017-03-01", birth="2004-02-29")  # completes on 1 March
    cast.account("BR", "2017-05-05", birth="2018-05-05")  # not credible: after the opening
    cast.account("BR", "2017-05-06", birth="1899-12-31")  # not credible: before 1900
    under = {"under_13_accounts": "under_13_now", "under_13_signals": "birth_date_under_13"}
    cast.account("MX", "2018-02-11", birth="2008-06-30", name="nine years old", note="nine years old at sign-up, still open",
                 truth=under)  # fmt: skip
    cast.account("US", "2017-08-19", birth="2007-01-15", name="on file only", note="on file only, no declaration logged", truth=under,
                 declared=False)  # fmt: skip
    a = cast.account("PH", "2017-04-04", birth="2006-12-01", truth={"under_13_accounts": "under_13_now"},
                     note="under 13; a review cleared the signal, the birth date still says so")  # fmt: skip
    cast.review(a, "2018-06-01", "staff", "2018-06-08", "cleared")
    a = cast.account("GB", "2017-04-06", "2018-09-10", birth="2007-02-02", name="closed child", note="closed, a record is still stored",
                     truth={"under_13_accounts": "under_13_now"})  # fmt: skip
    cast.record(a, "registration", "2017-04-06")  # not due before 2018-10-10
    a = cast.account("GB", "2017-04-07", "2018-06-11", birth="2007-02-03")  # closed and everything deleted
    cast.record(a, "registration", "2017-04-07", "2018-06-12")
    cast.review(a, "2018-06-05", "guardian_report", "2018-06-10", "confirmed_under_13")
    cast.account("IN", "2016-03-03", birth="2004-06-01", note="11 at sign-up, 14 now; last active on 2016-10-01, 730 days before",
                 active="2016-10-01", truth={"under_13_accounts": "under_13_at_sign_up", "dormant_accounts": "dormant"})  # fmt: skip


def _signals(cast: Cast) -> None:
    under = {"under_13_accounts": "under_13_now", "under_13_signals": "birth_date_under_13"}
    a = cast.account("US", "2018-01-20", birth="1990-01-20", truth=under, declared=False, name="changed",
                     note="stated 2007, changed to 1990 two days later: birth_date_changed as well")  # fmt: skip
    cast.declare(a, "2007-03-03", "2018-01-20")
    cast.declare(a, "1990-01-20", "2018-01-22", "profile_edit")
    a = cast.account("MX", "2018-04-02 16:00:00", birth="2000-04-02", declared=False,
                     note="refused at 15:58, accepted at 16:00 on the same device",
                     truth={"under_13_signals": "gate_bypassed"})  # fmt: skip
    cast.declare(None, "2007-04-02", "2018-04-02 15:58:00", accepted=0, device_id=int(device(a, 0)))
    cast.declare(a, "2000-04-02", "2018-04-02 16:00:00")
    a = cast.account("MX", "2018-04-05 16:00:00", birth="1999-04-02", declared=False, name="no bypass")  # two days later: no bypass
    cast.declare(None, "2007-04-02", "2018-04-03 15:58:00", accepted=0, device_id=int(device(a, 0)))
    cast.declare(a, "1999-04-02", "2018-04-05 16:00:00")
    cast.declare(None, "2008-01-01", "2018-08-08 16:00:00", accepted=0, device_id=int(device(a, 3)))
    a = cast.account("FR", "2017-09-09", birth="1995-09-09", method="facebook", note="Facebook said 2006, the account 1995",
                     truth={"under_13_signals": "third_party_under_13"})  # fmt: skip
    cast.declare(a, "2006-09-09", "2017-11-01", "third_party_sign_in", accepted=0, device_id=int(device(a, 1)))
    a = cast.account("US", "2017-12-01", birth="1993-03-03", note="a guardian's report of August, not decided",
                     truth={"under_13_signals": "guardian_report"})  # fmt: skip
    cast.review(a, "2018-08-13", "guardian_report", note="open since August; data were collected two days after the report",
                under_13_report_decided="open", collection_after_report="collected")  # fmt: skip
    cast.record(a, "usage", "2018-08-15")
    a = cast.account("US", "2017-12-02", birth="1993-03-04")
    cast.review(a, "2018-08-13", "guardian_report", "2018-08-20", "cleared")  # cleared: no exception
    cast.record(a, "usage", "2018-08-16")  # collected before it was cleared, in time: nothing to hold against anybody
    a = cast.account("US", "2017-12-03", birth="1993-03-05", note="cleared in July, reported again in September",
                     truth={"under_13_signals": "guardian_report"})  # fmt: skip
    cast.review(a, "2018-07-02", "guardian_report", "2018-07-09", "cleared")
    cast.review(a, "2018-09-12", "guardian_report", note="not decided by 2018-09-22", under_13_report_decided="open")
    cast.record(a, "usage", "2018-09-12 11:59:59")  # a second before the report
    cast.record(a, "usage", "2018-09-12 12:00:00")  # in its very second: on its way
    cast.record(a, "usage", "2018-09-23 00:00:01")  # after the ten days
    a = cast.account("US", "2017-06-06", birth="1999-06-06", note="holder writes in English that they are 11",
                     truth={"under_13_signals": "text_states_age"})  # fmt: skip
    cast.text(a, "2018-08-08", "I'm 11 years old and I love this show!")
    a = cast.account("US", "2016-06-07", birth="1999-06-07",
                     active="2016-10-02")  # 12 two years ago: 13 or older by now; 729 days without activity  # fmt: skip
    cast.text(a, "2016-09-01", "I am 12 years old and I love this show")
    a = cast.account("AU", "2016-06-08", birth="1985-06-08")
    cast.text(a, "2018-07-07", "My daughter is 9 years old, is this drama suitable for her?")
    cast.text(a, "2018-07-09", "Rated 13+ so she has to wait. Episode 11 was sad.")


def _transfers(cast: Cast) -> None:
    invalid, undeclared = "transfer_tool_valid", "transfer_destination_declared"
    cast.transfer("HELPLINE", "US", "2018-06-30 23:00:00", "adequacy", "support")  # last day of the certification
    cast.transfer("HELPLINE", "US", "2018-07-01 01:00:00", "adequacy", "support", truth={invalid: "lapsed_tool"},
                  note="the day after the certification ended")  # fmt: skip
    cast.transfer("MAILCHECK", "US", "2018-08-20", "scc")  # on the day the new clauses were signed
    cast.transfer("MAILCHECK", "US", "2018-08-10", "scc", truth={invalid: "lapsed_tool"},
                  note="between the old and the new clauses")  # fmt: skip
    cast.transfer("BLUEPEAK", "US", "2018-07-19", "bcr", truth={invalid: "tool_not_for_recipient"},
                  note="names BCR for a service provider")  # fmt: skip
    cast.transfer("SEOULFAN", "KR", "2018-09-04", "none", truth={invalid: "no_tool"},
                  note="names no tool and the recipient has none")  # fmt: skip
    cast.transfer("CHENNAI", "IN", "2018-08-02", "scc", "user_content", truth={undeclared: "undeclared"},
                  note="destination IN is not in the policy; the tool is valid")  # fmt: skip
    cast.transfer("RAK-JP", "JP", "2018-08-15", None, "usage")  # no tool named: member of the group's BCR
    cast.transfer("MARQUEE", "US", "2018-08-16", "derogation", "profile")
    cast.transfer("CHENNAI", "IN", "2018-08-17", "none", "user_content", origin="US")  # not out of the EEA
    cast.transfer("RAK-EU", "LU", "2018-08-18", None, "usage", origin="FR")  # within the EEA
    cast.transfer("LUXCOURT", "LU", "2018-08-21", None, "registration", origin="FR",
                  legal_ground="order of an investigating judge", persons=1, records=3)  # fmt: skip
