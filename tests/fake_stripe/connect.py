"""Connected accounts and webhook endpoints: how a platform sets its foundations up."""

from typing import Any

import stripe

from tests.fake_stripe.errors import Refused
from tests.fake_stripe.shapes import shape
from tests.fake_stripe.store import Account, Object
from tests.fake_stripe.webhooks import Endpoint

LINK_HOLDS = 300


def connect_account(
    platform: Account, values: dict[str, Any], *, ready: bool = False, named: str | None = None
) -> Object:
    """A new connected account with a store of its own; not able to charge until set up."""
    name = named or platform.world.new_id("acct")
    platform.world.open_account(name, platform=platform)
    capabilities = dict.fromkeys(values.get("capabilities", {}), "active" if ready else "inactive")
    details = shape(
        stripe.Account, id=name, created=platform.world.now(), country=values.get("country", "HK"),
        email=values.get("email"), type=values.get("type", "none"),
        business_type=values.get("business_type"), default_currency="cny",
        metadata=values.get("metadata", {}), charges_enabled=ready, payouts_enabled=ready,
        details_submitted=ready, capabilities=capabilities, requirements=_requirements(ready),
        business_profile={"name": None} | values.get("business_profile", {}),
        controller={"type": "application", "is_controller": True},
    )  # fmt: skip
    return platform.keep(details)


def finish_onboarding(platform: Account, details: Object) -> None:
    """The account's owner has answered everything: charges and payouts are on."""
    active = dict.fromkeys(details["capabilities"], "active")
    details.update(
        charges_enabled=True, payouts_enabled=True, details_submitted=True, capabilities=active,
        requirements=_requirements(True),
    )  # fmt: skip
    platform.world.accounts[details["id"]].emit("account.updated", details)


def _requirements(ready: bool) -> Object:
    due = [] if ready else ["external_account", "tos_acceptance.date"]
    return {
        "currently_due": due, "eventually_due": due, "past_due": due, "pending_verification": [],
        "disabled_reason": None if ready else "requirements.past_due", "current_deadline": None,
        "alternatives": [], "errors": [],
    }  # fmt: skip


def own_account(account: Account) -> Object:
    """What `GET /v1/account` says, for a platform and for a connected account."""
    if account.platform:
        return account.platform.get("account", account.id)
    return shape(
        stripe.Account, id=account.id, charges_enabled=True, payouts_enabled=True,
        details_submitted=True, country="HK", default_currency="cny", type="standard",
    )  # fmt: skip


def onboarding_link(platform: Account, values: dict[str, Any]) -> Object:
    details = platform.get("account", values["account"], param="account")
    if values["type"] == "account_onboarding" and not values.get("return_url"):
        raise Refused("You must pass a return_url.", code="parameter_missing", param="return_url")
    details["_return_url"] = values.get("return_url")
    now = platform.world.now()
    return shape(
        stripe.AccountLink, created=now, expires_at=now + LINK_HOLDS,
        url=f"{platform.world.address}/setup/{platform.id}/{details['id']}",
    )  # fmt: skip


# Webhook endpoints


def register_endpoint(
    account: Account, values: dict[str, Any], *, secret: str | None = None
) -> Object:
    """Registers where events go. Its secret is in this answer only."""
    made = account.make(
        stripe.WebhookEndpoint, "we", url=values["url"], enabled_events=values["enabled_events"],
        description=values.get("description"), metadata=values.get("metadata") or {},
        status="enabled", api_version=values.get("api_version"),
    )  # fmt: skip
    secret = secret or account.world.new_id("whsec")
    account.world.postman.register(
        Endpoint(
            id=made["id"], url=values["url"], secret=secret, owner=account.id,
            connect=values.get("connect", False), types=frozenset(values["enabled_events"]),
        )
    )  # fmt: skip
    return made | {"secret": secret}


def remove_endpoint(account: Account, endpoint: Object) -> Object:
    account.world.postman.unregister(endpoint["id"])
    account.forget("webhook_endpoint", endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}
