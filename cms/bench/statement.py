"""The page «My points» as its owner gets it, beside the bare SQL of its twenty lines."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from cms.bench import Figure
from cms.bench.large import alternate, movements, rolled_back, run, some_accounts
from volunteers.models import User, Volunteer

NAME = "statement_page"
LARGE = True

PAGES = 40

LINES_SQL = """
SELECT m.*, r.activity_name, r.served_on
FROM points_movement m LEFT JOIN volunteers_servicerecord r ON r.id = m.record_id
WHERE m.credit_account_id = %(account)s OR m.debit_account_id = %(account)s
ORDER BY m.id DESC LIMIT 20
"""


def measure() -> Figure:
    accounts = some_accounts(PAGES)
    with rolled_back():
        clients = [_log_in(account.volunteer, number) for number, account in enumerate(accounts)]
        address = reverse("my_points")

        def ours() -> None:
            for client in clients:
                if client.get(address).status_code != 200:
                    raise RuntimeError("The page did not come.")

        def bare() -> None:
            for account in accounts:
                run(LINES_SQL, {"account": account.pk})

        taken, limit = alternate(3, ours, bare)
    return Figure(
        name=NAME,
        value=len(accounts) / taken,
        unit="pages/s",
        limit=len(accounts) / limit,
        note=f"at {movements():,} movements; {1000 * taken / len(accounts):.0f} ms a page, template"
        " and session included",
    )


def _log_in(volunteer: Volunteer | None, number: int) -> Client:
    assert volunteer is not None
    user = User.objects.create_user(name="林爱丽", phone=f"+8613700{number:06d}")
    Volunteer.objects.filter(pk=volunteer.pk).update(user=user)
    client = Client(headers={"host": "127.0.0.1:8000"})
    client.force_login(user)
    return client
