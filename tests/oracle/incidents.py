"""Security incidents: whether the authority and the persons concerned were told in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from .export import Export, Item, Row, item


def breach_notified(export: Export) -> list[Item]:
    """Incidents with personal data, unless they are recorded as being without risk."""
    found = []
    for incident in export.table("security_incidents"):
        if incident.get("personal_data") is False or incident.get("risk") == "none":
            continue
        latest, told = _began(incident) + timedelta(hours=72), incident.get("authority_notified_at")
        reason = "never" if told is None else "in_time" if told <= latest else "late"
        judged, on_day, risk = reason != "in_time", export.day(latest), incident.get("risk")
        found.append(item(incident["incident_id"], None, on_day, judged, None, reason, group_risk=risk))
    return found


def persons_told(export: Export) -> list[Item]:
    """Incidents of high risk; those with personal data and no recorded risk may be of high risk."""
    found = []
    for incident in export.table("security_incidents"):
        risk, has_personal_data = incident.get("risk"), incident.get("personal_data") is not False
        if risk in ("none", "risk") or (risk is None and not has_personal_data):
            continue
        latest = export.day(_began(incident)) + timedelta(days=int(export.scalars["persons_told_days"]))
        told = export.day(incident["persons_notified_at"]) if incident.get("persons_notified_at") else None
        judged: bool | None = told is None or told > latest
        reason = "told" if not judged else "late" if told else "never"
        if judged and risk is None:
            judged, reason = None, "risk_unknown"
        groups = {"group_risk": risk, "group_personal_data": "yes" if has_personal_data else "no"}
        found.append(item(incident["incident_id"], None, latest, judged, None, reason, **groups))
    return found


def _began(incident: Row) -> datetime:
    """When the controller knew, else when the incident was detected."""
    began: datetime = incident.get("aware_at") or incident["detected_at"]
    return began
