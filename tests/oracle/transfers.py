"""Transfers: where they go, on which tool they rest, how much they carry."""

from __future__ import annotations

from datetime import date

from .dates import holds, in_area, on, reference
from .export import Export, Item, Row, item

KINDS = ("adequacy", "bcr", "scc")
DEROGATIONS = ("consent", "contract", "derogation")


def _third_country(export: Export) -> list[Row]:
    """Transfers out of the area to a country outside it, and those of which that cannot be ruled out."""
    area = export.scalars["destination_scope"]
    found = []
    for transfer in export.table("transfers"):
        day = export.day(transfer["occurred_at"])
        origin, destination = transfer.get("origin_country"), transfer.get("destination_country")
        may_leave = origin is None or in_area(area, origin, day)
        may_be_third = destination is None or not in_area(area, destination, day)
        if may_leave and may_be_third:
            found.append(transfer)
    return found


def _recipient_type(export: Export, transfer: Row) -> str | None:
    for recipient in export.table("recipients"):
        if transfer.get("recipient_id") is not None and recipient["recipient_id"] == transfer["recipient_id"]:
            kind: str | None = recipient.get("recipient_type")
            return kind
    return None


def _groups(export: Export, transfer: Row) -> dict[str, str | None]:
    return {
        "group_destination": transfer.get("destination_country"),
        "group_recipient_type": _recipient_type(export, transfer),
        "group_data_category": transfer.get("data_category"),
        "group_tool": transfer.get("transfer_tool"),
    }


def transfer_destination_declared(export: Export) -> list[Item]:
    """Transfers to third countries, held against the destinations the policy names."""
    named = {row["country"] for row in export.lists["destination"]}
    found = []
    for transfer in _third_country(export):
        day = export.day(transfer["occurred_at"])
        judged: bool | None
        if transfer.get("origin_country") is None or transfer.get("destination_country") is None:
            judged, reason = None, "unknown"
        else:
            judged = transfer["destination_country"] not in named
            reason = "undeclared" if judged else "declared"
        found.append(item(transfer["transfer_id"], None, day, judged, None, reason, **_groups(export, transfer)))
    return found


def transfer_volume(export: Export) -> list[Item]:
    """Every transfer with what it carried."""
    found = []
    for transfer in export.table("transfers"):
        amounts = {f"sum_{name}": transfer.get(name) for name in ("persons", "records", "bytes")}
        reason = "amount_missing" if None in amounts.values() else "counted"
        groups = _groups(export, transfer) | {"group_origin": transfer.get("origin_country")}
        day = export.day(transfer["occurred_at"])
        found.append(item(transfer["transfer_id"], None, day, False, None, reason, **groups, **amounts))
    return found


def transfer_tool_valid(export: Export) -> list[Item]:
    """Transfers to third countries, held against the tools that held on that day."""
    found = []
    for transfer in _third_country(export):
        day = export.day(transfer["occurred_at"])
        judged, reason, verified = _judged(export, transfer, day)
        groups = _groups(export, transfer) | {"group_source_verified": verified}
        found.append(item(transfer["transfer_id"], None, day, judged, None, reason, **groups))
    return found


def _judged(export: Export, transfer: Row, day: date) -> tuple[bool | None, str, str]:
    """Whether it is an exception, why, and whether what that rests on is verified."""
    named = transfer.get("transfer_tool")
    kinds = [named] if named in (*KINDS, *DEROGATIONS) else KINDS
    if transfer.get("destination_country") is None:
        return None, "unknown_destination", "yes"
    if transfer.get("origin_country") is None:
        return None, "unknown_origin", "yes"
    if named in DEROGATIONS:
        return False, "derogation", "yes"
    for kind in kinds:
        if grounds := _that_hold(export, transfer, kind, day):
            return False, kind, "yes" if "yes" in grounds else "no"
    if lapsed := [verified for kind in kinds for verified in _lapsed(export, transfer, kind, day)]:
        return True, "lapsed_tool", "no" if "no" in lapsed else "yes"
    if any(_of_another(export, transfer, kind, day, named) for kind in kinds):
        return True, "tool_not_for_recipient", "yes"
    return True, "no_tool", "yes"


def _tools(export: Export, transfer: Row, kind: str) -> list[Row]:
    """The tools of a kind agreed with the transfer's recipient."""
    return [
        tool
        for tool in export.table("recipient_tools")
        if transfer.get("recipient_id") is not None
        and tool["recipient_id"] == transfer["recipient_id"]
        and tool["transfer_tool"] == kind
    ]


def _is_for(export: Export, transfer: Row, kind: str, law: dict[str, str]) -> bool:
    """Whether a recipient and destination like these can rest on it: BCR in a group company, a programme in its country."""
    if kind == "bcr":
        return _recipient_type(export, transfer) == "group_company"
    return kind != "adequacy" or law["country"] == transfer.get("destination_country")


def _law(export: Export, tool: Row) -> list[dict[str, str]]:
    """The reference rows behind a tool; BCR only those that cover exports from the area looked at."""
    named, scope = tool.get("tool_reference"), export.scalars["destination_scope"]
    if tool["transfer_tool"] == "bcr":
        return [row for row in reference("bcr") if row["bcr_id"] == named and row["area"] == scope]
    if tool["transfer_tool"] == "scc":
        return [row for row in reference("scc") if row["version_id"] == named]
    if tool["transfer_tool"] == "adequacy":
        return [row for row in reference("programme") if row["programme"] == named]
    return []


def _runs(tool: Row, law: dict[str, str], day: date) -> bool:
    """Whether both the agreement with the recipient and the law behind it held on the day."""
    if day < tool["valid_from"] or (tool.get("valid_to") is not None and day > tool["valid_to"]):
        return False
    if tool["transfer_tool"] != "scc":
        return holds(law, day)
    first, last = date.fromisoformat(law["first_day"]), date.fromisoformat(law["last_signing_day"])
    return first <= tool["valid_from"] <= last and day <= date.fromisoformat(law["last_reliance_day"])


def _that_hold(export: Export, transfer: Row, kind: str, day: date) -> list[str]:
    """`verified` of everything of this kind that held for this transfer."""
    decision = on("adequacy", day, country=transfer.get("destination_country") or "") if kind == "adequacy" else None
    grounds = [decision["verified"]] if decision else []
    for tool in _tools(export, transfer, kind):
        for law in _law(export, tool):
            if _is_for(export, transfer, kind, law) and _runs(tool, law, day):
                grounds.append(law["verified"])
    return grounds


def _lapsed(export: Export, transfer: Row, kind: str, day: date) -> list[str]:
    """`verified` of every known tool of this kind that began on or before the day but did not hold, and of ended decisions."""
    grounds = []
    for tool in _tools(export, transfer, kind):
        for law in _law(export, tool):
            if tool["valid_from"] <= day and _is_for(export, transfer, kind, law):
                grounds.append(law["verified"])
    if kind == "adequacy":
        for row in reference("adequacy"):
            if row["country"] == transfer["destination_country"] and date.fromisoformat(row["last_day"]) < day:
                grounds.append(row["verified"])
    return grounds


def _of_another(export: Export, transfer: Row, kind: str, day: date, named: str | None) -> bool:
    """Whether the tool named is none of this recipient's, or BCR run for a recipient outside the group."""
    tools = _tools(export, transfer, kind)
    if kind == "bcr" and any(_runs(tool, law, day) for tool in tools for law in _law(export, tool)):
        return True
    if named != kind or tools:
        return False
    if kind == "adequacy":
        destination = transfer["destination_country"]
        return any(row["country"] == destination and holds(row, day) for row in reference("programme"))
    return True
