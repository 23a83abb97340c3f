"""The console's app in a real Chromium: with the real server, and with the network really cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from campaigns.actions.devices import register_device
from campaigns.models import Activity, Attendance, ConsoleDevice, Scan, Shift, SignUp, Team
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_card, make_shift, make_volunteer
from volunteers.actions.cards import revoke_card
from volunteers.card_codes import rotating_url, signed_url
from volunteers.models import Organisation, Territory, User, Volunteer

# Everything that lies in the browser's database, as text: what is encrypted looks like noise.
RAW_DATABASE = """
async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const texts = [];
  const read = (value) => {
    if (value instanceof CryptoKey) texts.push(`key extractable=${value.extractable}`);
    else if (value instanceof ArrayBuffer) read(new Uint8Array(value));
    else if (ArrayBuffer.isView(value)) texts.push(new TextDecoder().decode(value));
    else if (value && typeof value === "object") for (const one of Object.values(value)) read(one);
    else texts.push(String(value));
  };
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const rows = database.transaction(store).objectStore(store);
      for (const value of await done(rows.getAll())) read(value);
    }
    database.close();
  }
  return texts.join("\\n");
}
"""


@pytest.fixture
def running(activity: Activity) -> Shift:
    """Began half an hour ago, ends in an hour and a half."""
    return make_shift(activity, starts_in=timedelta(minutes=-30))


@pytest.fixture
def place(running: Shift, alice: User) -> SignUp:
    return sign_up_for(running, alice.volunteer)


@pytest.fixture
def token(running: Shift, place: SignUp, bao: User, organisation: Organisation) -> str:
    return register_device(by=bao, organisation=organisation, shifts=[running], name="一号门")[1]


@pytest.fixture
def neighbours(running: Shift, territory: Territory) -> list[Volunteer]:
    """Four more who are expected."""
    people = [
        make_volunteer(user=None, name=name, community=territory, phone=f"+861390000000{number}")
        for number, name in enumerate(("王一", "李二", "赵三", "钱四"))
    ]
    for number, person in enumerate(people):
        make_card(person, number=f"LL00000001{number}8")
        sign_up_for(running, person)
    return people


@pytest.fixture
def console(live_site: str, open_page: Callable[..., Any], token: str) -> Any:
    """A phone with the token, the shift open, ready to be without a network."""
    return open_console(open_page(), f"{live_site}/console/#token={token}")


def open_console(page: Any, address: str) -> Any:
    page.goto(address)
    page.wait_for_selector("body[data-screen=scan]")
    page.wait_for_selector("body[data-worker=ready]", state="attached")
    page.wait_for_selector("[data-synced]:not([data-at=''])")
    return page


def address_of(site: str) -> str:
    return f"{site}/console/"


def code_of(person: Volunteer, **ago: float) -> str:
    card = person.cards.get()
    return rotating_url(card.token, timezone.now() - timedelta(**ago))


def scan(page: Any, text: str, *, kind: str = "in") -> tuple[str, str]:
    """Types it and returns the colour and the code of what is shown then."""
    page.locator(f"input[name=kind][value={kind}]").check(force=True)
    before = page.get_attribute("[data-result]", "data-nonce") or ""
    page.fill("[data-type] input[name=text]", text)
    page.press("[data-type] input[name=text]", "Enter")
    page.wait_for_selector(f"[data-result]:not([data-nonce='{before}']):not([data-outcome=asking])")
    return shown(page)


def shown(page: Any) -> tuple[str, str]:
    result = page.locator("[data-result]")
    return result.get_attribute("data-outcome"), result.get_attribute("data-code")


def go(page: Any, screen: str) -> None:
    page.click(f"[data-tabs] [data-go={screen}]")


def waits(page: Any, count: int) -> None:
    expect(page.locator("[data-waiting]")).to_have_attribute("data-count", str(count))


def sync(page: Any) -> None:
    before = page.get_attribute("[data-synced]", "data-at")
    page.click("[data-open-menu]")
    page.click("[data-sync-now]")
    page.wait_for_selector(f"[data-synced]:not([data-at='{before}'])")


def cut(page: Any, *, is_cut: bool = True) -> None:
    page.context.set_offline(is_cut)
    page.wait_for_selector(f"body[data-online={'false' if is_cut else 'true'}]")


# The two ways in


def test_an_organiser_makes_the_own_phone_a_console_and_checks_in_by_number(
    live_site: str,
    open_page: Callable[..., Any],
    running: Shift,
    place: SignUp,
    alice: User,
    bao: User,
) -> None:
    page = open_page()
    sign_in(page, user=bao, address=live_site)
    page.goto(f"{live_site}/console/#shift={running.pk}")
    expect(page.locator(f"[data-shift-choices] input[value='{running.pk}']")).to_be_checked()
    assert page.evaluate("location.hash") == ""
    page.click("[data-prepare] button[type=submit]")
    page.wait_for_selector("body[data-screen=scan]")
    assert scan(page, alice.volunteer.cards.get().number) == ("ok", "checked_in")
    waits(page, 0)

    attendance = Attendance.objects.get(sign_up=place)
    assert (attendance.check_in_door, attendance.checked_in_by) == ("console", bao)
    assert Scan.objects.get().device == ConsoleDevice.objects.get(account=bao)
    assert alice.volunteer.name not in page.content()
    assert alice.volunteer.masked_name in page.inner_text("[data-result]")


def test_a_helpers_token_leaves_the_address_at_once_and_a_wrong_one_is_told(
    live_site: str, open_page: Callable[..., Any], token: str
) -> None:
    page = open_page()
    page.goto(f"{live_site}/console/#token=nonsense")
    expect(page.locator("[data-pair-error]")).not_to_be_empty()
    assert page.evaluate("location.href") == address_of(live_site)
    page.goto(f"{live_site}/console/#token={token}")
    page.wait_for_selector("body[data-screen=scan]")
    assert page.evaluate("location.href") == address_of(live_site)


def test_of_several_shifts_one_is_chosen_and_what_was_downloaded_opens_without_a_network(
    live_site: str,
    open_page: Callable[..., Any],
    activity: Activity,
    running: Shift,
    place: SignUp,
    bao: User,
    organisation: Organisation,
) -> None:
    later = make_shift(activity, starts_in=timedelta(minutes=45))
    _device, token = register_device(
        by=bao, organisation=organisation, shifts=[running, later], name="一号门"
    )
    page = open_page()
    page.goto(f"{live_site}/console/#token={token}")
    page.wait_for_selector("body[data-screen=shifts]")
    page.click(f"[data-shift-list] [data-shift='{running.pk}']")
    page.wait_for_selector("body[data-screen=scan]")
    page.click("[data-open-menu]")
    page.click("[data-dialog-of=menu] [data-go=shifts]")
    page.wait_for_selector("body[data-screen=shifts]")
    expect(page.locator("[data-shift-list] [data-ready]:visible")).to_have_count(1)
    cut(page)
    page.click(f"[data-shift-list] [data-shift='{later.pk}']")
    expect(page.locator("[data-shifts-error]")).not_to_be_empty()
    page.click(f"[data-shift-list] [data-shift='{running.pk}']")
    page.wait_for_selector("body[data-screen=scan]")


# Without a network


def test_without_a_network_the_phone_decides_and_says_why(
    neighbours: list[Volunteer], console: Any, alice: User, running: Shift, territory: Territory
) -> None:
    stranger = make_volunteer(user=None, name="孙路过", community=territory)
    make_card(stranger, number="LL0000000992")
    cut(console)
    first, second, third, _fourth = neighbours
    card = first.cards.get()
    today = timezone.localdate()
    expected = [
        (code_of(alice.volunteer), "in", ("ok", "checked_in")),
        (code_of(alice.volunteer), "in", ("warn", "already_in")),
        (code_of(first)[:-4] + "AAAA", "in", ("refused", "code_tampered")),
        (code_of(first, minutes=3), "in", ("refused", "code_expired")),
        (code_of(first, minutes=-3), "in", ("refused", "clock_wrong")),
        (code_of(first).partition("?")[0], "in", ("refused", "code_missing")),
        (signed_url(card.token, today - timedelta(days=1)), "in", ("refused", "card_expired")),
        (signed_url(card.token, today)[:-8] + "AAAAAAAA", "in", ("refused", "code_tampered")),
        (signed_url(card.token, today), "in", ("ok", "checked_in")),
        ("https://elsewhere.example/x/", "in", ("refused", "card_unknown")),
        (code_of(stranger), "in", ("refused", "not_signed_up")),
        (second.cards.get().number.lower(), "in", ("ok", "checked_in")),
        (code_of(third), "out", ("warn", "not_in_yet")),
        (code_of(alice.volunteer), "out", ("ok", "checked_out")),
        (code_of(alice.volunteer), "out", ("warn", "already_out")),
    ]
    sentences = set()
    for number, (text, kind, verdict) in enumerate(expected, start=1):
        assert scan(console, text, kind=kind) == verdict, text
        sentences.add(console.inner_text("[data-result] [data-message]"))
        waits(console, number)
    assert len(sentences) == len({code for _text, _kind, (_tone, code) in expected})
    assert not Scan.objects.exists()

    cut(console, is_cut=False)
    waits(console, 0)
    # The server judges each of them as the phone did.
    kept = Scan.objects.filter(shift=running).order_by("made_at")
    assert [one.outcome for one in kept] == [code for _text, _kind, (_tone, code) in expected]
    assert Attendance.objects.get(volunteer=alice.volunteer).checked_out_at is not None
    expect(console.locator("[data-differs-banner]")).to_be_hidden()


def test_before_check_in_opens_the_phone_says_when(
    live_site: str,
    open_page: Callable[..., Any],
    activity: Activity,
    alice: User,
    bao: User,
    organisation: Organisation,
) -> None:
    tomorrow = make_shift(activity, starts_in=timedelta(hours=3))
    sign_up_for(tomorrow, alice.volunteer)
    _device, token = register_device(
        by=bao, organisation=organisation, shifts=[tomorrow], name="一号门"
    )
    page = open_console(open_page(), f"{live_site}/console/#token={token}")
    cut(page)
    assert scan(page, code_of(alice.volunteer)) == ("refused", "too_early")
    page.click("[data-act=override]")
    page.fill("#override-reason", "早")
    page.click("[data-dialog-of=override] [type=submit]")
    expect(page.locator("#override-error")).not_to_be_empty()
    page.fill("#override-reason", "提前来布置场地")
    page.click("[data-dialog-of=override] [type=submit]")
    page.wait_for_selector("[data-result][data-outcome=ok]")
    cut(page, is_cut=False)
    waits(page, 0)
    kept = Scan.objects.get(is_override=True)
    assert (kept.outcome, kept.reason) == ("checked_in", "提前来布置场地")


def test_a_closed_and_reopened_app_still_has_its_scans_and_sends_each_once(
    live_site: str, console: Any, alice: User, running: Shift, place: SignUp
) -> None:
    cut(console)
    assert scan(console, code_of(alice.volunteer)) == ("ok", "checked_in")
    waits(console, 1)
    context = console.context
    console.close()

    page = context.new_page()
    page.goto(address_of(live_site))
    page.wait_for_selector("body[data-screen=scan]")
    waits(page, 1)
    assert scan(page, code_of(alice.volunteer)) == ("warn", "already_in")
    go(page, "recent")
    expect(page.locator("[data-recent] > li")).to_have_count(2)
    cut(page, is_cut=False)
    waits(page, 0)
    expect(page.locator("[data-recent] > li[data-sent=true]")).to_have_count(2)
    assert Attendance.objects.get(sign_up=place).is_in
    assert Scan.objects.filter(shift=running).count() == 2


def test_an_answer_that_was_lost_makes_no_second_scan(
    console: Any, alice: User, running: Shift
) -> None:
    """Whoever sends it again, the page or the worker, sends the same nonce."""
    sent: list[str] = []

    def lose_the_answer(route: Any) -> None:
        sent.append(route.request.post_data)
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    console.context.route("**/api/v1/checkins", lose_the_answer)
    assert scan(console, code_of(alice.volunteer)) == ("ok", "checked_in")
    waits(console, 0)
    nonces = [re.findall(r'"nonce":"([^"]+)"', body) for body in sent]
    assert len(nonces) > 1
    assert {nonce for batch in nonces for nonce in batch} == {str(Scan.objects.get().nonce)}


def test_the_worker_sends_what_waits_after_the_page_was_closed(
    live_site: str, console: Any, alice: User, place: SignUp, wait_until: Callable[..., None]
) -> None:
    cut(console)
    scan(console, code_of(alice.volunteer))
    waits(console, 1)
    context = console.context
    console.close()
    context.set_offline(False)
    # What Chromium does by itself some time after the network has come back.
    blank = context.new_page()
    blank.goto(f"{live_site}/healthz/")
    tools = context.new_cdp_session(blank)
    registrations: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(one["registrationId"] for one in event["registrations"]),
    )
    tools.send("ServiceWorker.enable")
    blank.wait_for_timeout(500)
    tools.send(
        "ServiceWorker.dispatchSyncEvent",
        {
            "origin": live_site,
            "registrationId": registrations[0],
            "tag": "send-scans",
            "lastChance": False,
        },
    )
    wait_until(lambda: Attendance.objects.filter(sign_up=place).exists())


def test_what_the_server_decides_otherwise_is_shown(
    console: Any, alice: User, running: Shift
) -> None:
    cut(console)
    card = alice.volunteer.cards.get()
    revoke_card(card=card, reason="lost", by=None)
    assert scan(console, rotating_url(card.token, timezone.now())) == ("ok", "checked_in")
    cut(console, is_cut=False)
    console.wait_for_selector("[data-result][data-code=card_revoked]")
    assert shown(console) == ("refused", "card_revoked")
    expect(console.locator("[data-result] [data-corrected]")).not_to_be_empty()
    go(console, "people")
    expect(console.locator("[data-count-of=expected]")).to_have_text("1")


def test_two_consoles_agree_once_both_have_sent(
    live_site: str, open_page: Callable[..., Any], console: Any, token: str, alice: User
) -> None:
    other = open_console(open_page(), f"{live_site}/console/#token={token}")
    cut(console)
    cut(other)
    assert scan(console, code_of(alice.volunteer)) == ("ok", "checked_in")
    # The other gate has not seen them come; the check-out is kept all the same.
    assert scan(other, code_of(alice.volunteer), kind="out") == ("warn", "not_in_yet")
    cut(other, is_cut=False)
    waits(other, 0)
    cut(console, is_cut=False)
    waits(console, 0)
    for page in (console, other):
        sync(page)
        go(page, "people")
        expect(page.locator("[data-count-of=out]")).to_have_text("1")
    assert Attendance.objects.get().checked_out_at is not None


def test_who_is_not_on_the_list_is_added_while_places_remain(
    console: Any, running: Shift, territory: Territory
) -> None:
    Shift.objects.filter(pk=running.pk).update(capacity=2)
    people = [
        make_volunteer(user=None, name=name, community=territory, phone=f"+861390000001{number}")
        for number, name in enumerate(("孙路过", "吴也来"))
    ]
    for number, person in enumerate(people):
        make_card(person, number=f"LL00000002{number}8")
    sync(console)
    cut(console)
    assert scan(console, code_of(people[0])) == ("refused", "not_signed_up")
    console.click("[data-act=walk-in]")
    console.wait_for_selector("[data-result][data-outcome=warn][data-code=checked_in]")
    scan(console, code_of(people[1]))
    expect(console.locator("[data-act=walk-in]")).to_be_disabled()
    cut(console, is_cut=False)
    waits(console, 0)
    added = SignUp.objects.get(shift=running, volunteer=people[0])
    assert added.is_walk_in
    assert Attendance.objects.filter(sign_up=added).exists()


def test_a_leaders_card_brings_the_team_in_and_evidence_brings_everybody_out(
    live_site: str,
    open_page: Callable[..., Any],
    token: str,
    running: Shift,
    neighbours: list[Volunteer],
) -> None:
    team = Team.objects.create(shift=running, name="东门组", leader=neighbours[0])
    SignUp.objects.filter(volunteer__in=neighbours[:3]).update(team=team)
    page = open_console(open_page(), f"{live_site}/console/#token={token}")
    scan(page, neighbours[1].cards.get().number)
    waits(page, 0)
    cut(page)
    assert scan(page, code_of(neighbours[0])) == ("ok", "checked_in")
    page.click("[data-act=team]")
    members = page.locator("[data-members] input")
    expect(members).to_have_count(3)
    expect(page.locator("[data-members] input:disabled:not(:checked)")).to_have_count(2)
    expect(page.locator("[data-members] input:checked")).to_have_count(1)
    page.click("[data-dialog-of=team] [type=submit]")
    waits(page, 2)

    go(page, "people")
    page.click("[data-show=in]")
    expect(page.locator("[data-people] > li")).to_have_count(3)
    page.click("[data-check-out-all]")
    page.fill("#together-evidence", "东门合影，王主任清点")
    page.click("[data-together-submit]")
    expect(page.locator("[data-sure]")).to_be_visible()
    waits(page, 2)
    page.click("[data-together-submit]")
    waits(page, 5)
    cut(page, is_cut=False)
    waits(page, 0)
    left = Attendance.objects.filter(sign_up__shift=running)
    assert left.count() == 3
    assert all(one.checked_out_at is not None for one in left)


def test_what_the_phone_cannot_keep_is_not_called_done(console: Any, alice: User) -> None:
    cut(console)
    console.evaluate(
        """() => {
          IDBObjectStore.prototype.put = () => {
            throw new DOMException("", "QuotaExceededError");
          };
        }"""
    )
    number = alice.volunteer.cards.get().number
    console.fill("[data-type] input[name=text]", number)
    console.press("[data-type] input[name=text]", "Enter")
    console.wait_for_selector("[data-result][data-code=not_kept]")
    assert shown(console) == ("refused", "not_kept")
    go(console, "people")
    expect(console.locator("[data-count-of=expected]")).to_have_text("1")


def test_a_name_is_searched_and_pressed(console: Any, alice: User, place: SignUp) -> None:
    console.fill("[data-type] input[name=text]", alice.volunteer.name)
    console.click(f"[data-found] [data-take='{place.pk}']")
    console.wait_for_selector("[data-result][data-outcome=ok]")
    waits(console, 0)
    assert Scan.objects.get().proof == "name"


def test_a_browser_without_ed25519_says_that_the_code_is_checked_later(
    live_site: str, open_page: Callable[..., Any], token: str, alice: User
) -> None:
    page = open_page()
    page.add_init_script(
        """
        const importKey = SubtleCrypto.prototype.importKey;
        SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
          if (algorithm === "Ed25519") return Promise.reject(new Error("unknown"));
          return importKey.call(this, format, key, algorithm, ...rest);
        };
        """
    )
    open_console(page, f"{live_site}/console/#token={token}")
    cut(page)
    card = alice.volunteer.cards.get()
    assert scan(page, signed_url(card.token, card.expires_on)) == ("warn", "checked_in")
    cut(page, is_cut=False)
    page.wait_for_selector("[data-result][data-outcome=ok]")


def test_a_clock_that_is_wrong_is_told(
    live_site: str, open_page: Callable[..., Any], token: str
) -> None:
    page = open_page()
    page.add_init_script("const now = Date.now; Date.now = () => now() + 150_000;")
    open_console(page, f"{live_site}/console/#token={token}")
    expect(page.locator("[data-clock-banner]")).to_be_visible()
    assert re.search("2.+30", page.inner_text("[data-clock-banner]"))


# What lies in the phone


def test_nothing_can_be_read_in_the_phone_and_nothing_is_left_after_signing_off(
    live_site: str, console: Any, token: str, alice: User, place: SignUp
) -> None:
    card = alice.volunteer.cards.get()
    cut(console)
    scan(console, code_of(alice.volunteer))
    waits(console, 1)
    lies_there = console.evaluate(RAW_DATABASE)
    assert "key extractable=false" in lies_there
    for private in (token, card.number, card.token, alice.volunteer.masked_name, "巡逻员"):
        assert private not in lies_there
    assert console.evaluate("localStorage.length + sessionStorage.length") == 0
    # The same reading does find what is not encrypted.
    found = console.evaluate(
        f"""async (text) => {{
          const opening = indexedDB.open("control", 1);
          opening.onupgradeneeded = () => opening.result.createObjectStore("rows");
          const database = await new Promise((resolve) => {{
            opening.onsuccess = () => resolve(opening.result);
          }});
          const rows = database.transaction("rows", "readwrite").objectStore("rows");
          rows.put({{ deep: [new TextEncoder().encode(text)] }}, 1);
          await new Promise((resolve) => {{ rows.transaction.oncomplete = resolve; }});
          database.close();
          return await ({RAW_DATABASE})();
        }}""",
        card.number,
    )
    assert card.number in found
    console.evaluate("indexedDB.deleteDatabase('control')")

    # What waits is not thrown away: first it is to be sent.
    console.click("[data-open-menu]")
    console.click("[data-log-out]")
    expect(console.locator("[data-unsent]")).to_be_visible()
    expect(console.locator("[data-just-go]")).to_be_hidden()
    cut(console, is_cut=False)
    console.click("[data-send-first]")
    console.wait_for_selector("body[data-screen=pair]")
    assert Attendance.objects.filter(sign_up=place).exists()
    expect(console.locator("[data-waiting]")).to_have_attribute("data-count", "0")
    assert console.evaluate(RAW_DATABASE) == ""
    assert alice.volunteer.masked_name not in console.locator("main").inner_text()


def test_who_signs_off_without_a_network_loses_no_scan(
    console: Any, alice: User, place: SignUp
) -> None:
    cut(console)
    scan(console, code_of(alice.volunteer))
    waits(console, 1)
    console.click("[data-open-menu]")
    console.click("[data-log-out]")
    console.click("[data-keep-and-go]")
    console.wait_for_selector("body[data-screen=pair]")
    waits(console, 1)
    expect(console.locator("[data-refusal-banner]")).to_be_visible()
    cut(console, is_cut=False)
    waits(console, 0)
    assert Attendance.objects.get(sign_up=place).is_in


def test_the_day_after_the_list_and_the_token_are_gone(
    live_site: str, console: Any, running: Shift
) -> None:
    context = console.context
    cut(console)
    console.close()
    page = context.new_page()
    page.clock.set_fixed_time(running.ends_at + timedelta(minutes=5))
    page.goto(address_of(live_site))
    page.wait_for_selector("body[data-screen=scan]")
    page.close()
    page = context.new_page()
    page.clock.set_fixed_time(running.ends_at + timedelta(hours=30))
    page.goto(address_of(live_site))
    page.wait_for_selector("body[data-screen=pair]")
    assert page.evaluate(RAW_DATABASE) == ""


def test_a_page_that_stays_open_throws_the_list_away_by_itself(
    live_site: str, open_page: Callable[..., Any], token: str
) -> None:
    page = open_page()
    page.clock.install(time=timezone.now())
    open_console(page, f"{live_site}/console/#token={token}")
    cut(page)
    page.clock.fast_forward("30:00:00")
    page.wait_for_selector("body[data-screen=pair]")
    assert page.evaluate(RAW_DATABASE) == ""


def test_a_signed_off_device_is_told_and_its_shell_holds_nothing(
    console: Any, token: str, bao: User
) -> None:
    from campaigns.actions.devices import revoke_device

    revoke_device(device=ConsoleDevice.objects.get(), by=bao)
    console.click("[data-open-menu]")
    console.click("[data-sync-now]")
    expect(console.locator("[data-refusal-banner]")).to_be_visible()


def sign_in(page: Any, *, user: User, address: str) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}]
    )
