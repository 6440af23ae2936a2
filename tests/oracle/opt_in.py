"""Whether people who opted out of sale are asked again within twelve months."""

from __future__ import annotations

from .dates import months_later
from .export import Export, Item, item
from .requests import _population, place, regime


def opt_in_asked_again(export: Export) -> list[Item]:
    """Opt-outs of sale under California law, judged when twelve months have gone by."""
    found = []
    for request in _population(export):
        if request.get("right_requested") != "opt_out_of_sale" or not request.get("received_at"):
            continue
        received = export.day(request["received_at"])
        if regime(export, request, received) != "CCPA":
            continue
        end = months_later(received, 12)
        asked = 0
        for prompt in export.table("consent_events"):
            moment = prompt.get("acted_at") or prompt["recorded_at"]
            is_prompt = prompt["status"] == "requested" and prompt.get("purpose") in _advertising(export)
            if is_prompt and prompt.get("account_id") == request.get("account_id"):
                asked += moment > request["received_at"] and export.day(moment) <= end
        account = request.get("account_id")
        groups = {"group_country": place(export, request)[0], "group_channel": request.get("channel")}
        if account is None:
            found.append(item(request["request_id"], None, end, None, None, "no_account", **groups))
        else:
            reason = "asked_again" if asked else "left_alone"
            found.append(item(request["request_id"], account, end, asked > 0, asked, reason, **groups))
    return found


def _advertising(export: Export) -> set[str]:
    return {row["purpose"] for row in export.lists["purpose"] if row.get("is_advertising")}
