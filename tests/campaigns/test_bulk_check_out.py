"""A whole shift goes home together: who is still in is checked out, and what shows it is kept."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import threading
import uuid
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from campaigns.actions.attendance import check_in, check_out
from campaigns.actions.bulk import (
    LeftOutsideTheShift,
    NobodyIn,
    NonceOfAnother,
    PhotoNotKept,
    TextTooShort,
    check_out_everybody,
)
from campaigns.models import Attendance, Evidence, Scan, Shift
from campaigns.models.attendance import Door
from campaigns.photos import LONGEST_SIDE, NotAPhoto, plain_jpeg
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_shift, make_volunteer
from tests.conftest import PROJECT, START_SECONDS, _answers, _end_group
from tests.test_accessible_pages import check
from volunteers.models import ServiceRecord

MINUTE = timedelta(minutes=1)
PLACE_AND_PHONE = (b"Qingdao Phone", b"36 deg")


@pytest.fixture
def ended(activity) -> Shift:
    """Two hours long, over for ten minutes."""
    return make_shift(activity, starts_in=-130 * MINUTE)


def be_there(shift: Shift, name: str, *, after: timedelta = 0 * MINUTE) -> Any:
    """A new volunteer, in since so long after the start."""
    volunteer = make_volunteer(user=None, name=name, community=None)
    shift.refresh_from_db()
    sign_up_for(shift, volunteer)
    result = check_in(
        shift=shift, volunteer=volunteer, door=Door.CONSOLE, by=None,
        made_at=shift.starts_at + after,
    )  # fmt: skip
    assert result.is_done, result
    return volunteer


def send_home(shift: Shift, by: Any, **fields: Any) -> Any:
    fields = {
        "left_at": shift.ends_at, "text": "门口合影后一起离开", "photo": None,
        "nonce": uuid.uuid4(),
    } | fields  # fmt: skip
    return check_out_everybody(shift=shift, by=by, **fields)


def names(results: Any) -> list[str]:
    return sorted(result.volunteer.name for result in results)


# The action


def test_everybody_still_in_is_checked_out_as_of_that_moment(ended, bao):
    for name in ("孙一", "孙二"):
        be_there(ended, name)
    result = send_home(ended, bao)
    assert names(result.checked_out) == ["孙一", "孙二"]
    assert result.not_checked_out == result.came_later == []
    for attendance in Attendance.objects.all():
        assert attendance.checked_out_at == ended.ends_at
        assert attendance.check_out_door == Door.BULK
        assert attendance.checked_out_by == bao
        assert attendance.review == Attendance.Review.BULK
    scans = Scan.objects.filter(kind="out")
    assert set(scans.values_list("door", "reason", "made_at", "by", "counts")) == {
        ("bulk", "门口合影后一起离开", ended.ends_at, bao.pk, True)
    }
    evidence = Evidence.objects.get()
    assert (evidence.shift, evidence.by, evidence.left_at) == (ended, bao, ended.ends_at)
    assert result.evidence == evidence


def test_who_left_by_themselves_is_not_touched(ended, bao):
    early, stays = be_there(ended, "孙早走"), be_there(ended, "孙还在")
    left_at = ended.ends_at - 20 * MINUTE
    check_out(shift=ended, volunteer=early, door=Door.CONSOLE, by=None, made_at=left_at)
    assert names(send_home(ended, bao).checked_out) == [stays.name]
    assert Attendance.objects.get(volunteer=early).checked_out_at == left_at


def test_who_came_after_that_moment_is_left_out_and_told(ended, bao):
    be_there(ended, "孙一")
    late = be_there(ended, "孙晚到", after=100 * MINUTE)
    result = send_home(ended, bao, left_at=ended.starts_at + 90 * MINUTE)
    assert names(result.checked_out) == ["孙一"]
    assert [one.volunteer for one in result.came_later] == [late]
    assert Attendance.objects.get(volunteer=late).is_in


@pytest.mark.parametrize(
    "moment",
    [
        lambda shift: shift.starts_at - 61 * MINUTE,
        lambda shift: shift.ends_at + 61 * MINUTE,
        lambda shift: timezone.now() + MINUTE,
    ],
    ids=["before check-in opened", "after the time of grace", "still to come"],
)
def test_the_moment_lies_between_the_opening_of_check_in_and_now(activity, bao, moment):
    for starts_in in (-60 * MINUTE, -200 * MINUTE):
        shift = make_shift(activity, starts_in=starts_in)
        be_there(shift, "孙一")
        left_at = moment(shift)
        if left_at > timezone.now() or left_at < shift.ends_at:
            with pytest.raises(LeftOutsideTheShift):
                send_home(shift, bao, left_at=left_at)
        Attendance.objects.update(checked_out_at=timezone.now(), check_out_door="desk")
    assert not Evidence.objects.exists()
    assert not Scan.objects.filter(kind="out").exists()


def test_it_takes_words_and_somebody_to_send_home(ended, bao):
    with pytest.raises(NobodyIn):
        send_home(ended, bao)
    be_there(ended, "孙一")
    with pytest.raises(TextTooShort):
        send_home(ended, bao, text=" 合影  ")
    assert not Evidence.objects.exists()
    assert Attendance.objects.get().is_in


def test_the_same_press_sent_twice_answers_the_same_and_does_nothing_more(ended, bao):
    be_there(ended, "孙一")
    be_there(ended, "孙晚到", after=100 * MINUTE)
    press = {"nonce": uuid.uuid4(), "left_at": ended.starts_at + 90 * MINUTE}
    first = send_home(ended, bao, **press)
    be_there(ended, "孙二", after=10 * MINUTE)
    scans = Scan.objects.count()
    second = send_home(ended, bao, **press, text="换了一种说法")
    assert names(second.checked_out) == names(first.checked_out) == ["孙一"]
    assert second.came_later == first.came_later
    assert second.evidence == first.evidence
    assert (Evidence.objects.count(), Scan.objects.count()) == (1, scans)
    assert Evidence.objects.get().text == "门口合影后一起离开"


def test_a_number_of_another_shift_is_refused(ended, activity, bao):
    be_there(ended, "孙一")
    nonce = uuid.uuid4()
    send_home(ended, bao, nonce=nonce)
    other = make_shift(activity, starts_in=-130 * MINUTE)
    be_there(other, "孙二")
    with pytest.raises(NonceOfAnother):
        send_home(other, bao, nonce=nonce)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one(ended, bao):
    for number in range(5):
        be_there(ended, f"孙{number}")
    nonce, answers = uuid.uuid4(), []
    start = threading.Barrier(4)

    def press() -> None:
        try:
            start.wait()
            answers.append(names(send_home(ended, bao, nonce=nonce).checked_out))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[f"孙{number}" for number in range(5)]] * 4
    assert Evidence.objects.count() == 1
    assert Scan.objects.filter(kind="out").count() == 5


def test_what_fails_half_way_leaves_nothing_behind(ended, bao, monkeypatch):
    be_there(ended, "孙一")

    def full_disk(*_args: Any, **_kwargs: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Storage, "save", full_disk)
    with pytest.raises(PhotoNotKept):
        send_home(ended, bao, photo=b"x")
    assert Attendance.objects.get().is_in
    assert not Evidence.objects.exists()
    assert not Scan.objects.filter(kind="out").exists()


def test_the_hours_come_to_the_organiser_with_that_remark(ended, bao, client):
    be_there(ended, "孙一")
    send_home(ended, bao)
    from campaigns.actions.closing import close_shift

    assert close_shift(shift=ended)
    record = ServiceRecord.objects.get()
    assert (record.credited_minutes, record.review_reason) == (120, Attendance.Review.BULK)


# Photographs


def photograph(kind: str = "JPEG", *, size: tuple[int, int] = (640, 480), turned: int = 1) -> bytes:
    """As a camera makes it: with its own name and the place in it. The upper left is red."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 4, size[1] // 4))
    exif = Image.Exif()
    exif[0x0110] = PLACE_AND_PHONE[0].decode()
    exif[0x0112] = turned
    exif.get_ifd(0x8825)[0x001D] = "2026:11:24"
    exif.get_ifd(0x8825)[0x001B] = PLACE_AND_PHONE[1]
    kept = BytesIO()
    fields: dict[str, Any] = {"comment": PLACE_AND_PHONE[0]} if kind == "JPEG" else {}
    picture.save(kept, kind, exif=exif, **fields)
    return kept.getvalue()


def opened(photo: bytes) -> Image.Image:
    return Image.open(BytesIO(photo))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_kept_without_what_the_camera_wrote_into_it(kind):
    sent = photograph(kind)
    assert all(secret in sent for secret in PLACE_AND_PHONE), "the test's own picture is plain"
    kept = plain_jpeg(BytesIO(sent))
    assert not any(secret in kept for secret in PLACE_AND_PHONE)
    picture = opened(kept)
    assert picture.format == "JPEG"
    assert not picture.getexif()
    assert not {"comment", "exif", "xmp", "icc_profile"} & set(picture.info)


def test_a_picture_taken_sideways_stands_upright():
    kept = opened(plain_jpeg(BytesIO(photograph(size=(640, 480), turned=6))))
    assert kept.size == (480, 640)
    red, _green, blue = kept.getpixel((470, 10))
    assert red > 200 > 60 > blue


def test_a_large_picture_is_made_smaller_and_a_transparent_one_stands_on_white():
    large = BytesIO()
    Image.new("RGB", (6000, 3000), "blue").save(large, "JPEG")
    assert max(opened(plain_jpeg(large)).size) <= LONGEST_SIDE
    clear = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(clear, "PNG")
    assert opened(plain_jpeg(clear)).getpixel((5, 5)) == (255, 255, 255)


def gif() -> bytes:
    kept = BytesIO()
    Image.new("RGB", (10, 10)).save(kept, "GIF")
    return kept.getvalue()


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"hello", b"<svg onload='alert(1)'/>", b"\xff\xd8\xff\xe0", photograph()[:900],
        photograph("PNG")[:200], gif(), b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    ],
    ids=[
        "empty", "text", "svg", "first bytes of a jpeg", "half a jpeg", "half a png", "gif",
        "empty webp",
    ],
)  # fmt: skip
def test_what_is_no_photograph_is_refused(wrong):
    with pytest.raises(NotAPhoto):
        plain_jpeg(BytesIO(wrong))


def test_a_picture_that_would_fill_the_memory_is_refused():
    bomb = BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(NotAPhoto):
        plain_jpeg(bomb)


# The page


def everybody(shift: Shift) -> str:
    return reverse("desk_check_out_everybody", args=[shift.pk])


def local(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def nonce_in(page: Any) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_look_whom_it_concerns_then_press_once(client, bao, ended):
    be_there(ended, "孙一")
    be_there(ended, "孙晚到", after=100 * MINUTE)
    client.force_login(bao)
    desk = client.get(reverse("desk_shift", args=[ended.pk])).content.decode()
    assert everybody(ended) in desk
    check(desk)
    left_at = local(ended.starts_at + 90 * MINUTE)
    page = client.get(everybody(ended), {"left_at": left_at})
    assert [one.volunteer.name for one in page.context["leaving"]] == ["孙一"]
    assert [one.volunteer.name for one in page.context["staying"]] == ["孙晚到"]
    check(page.content.decode())
    photo = SimpleUploadedFile("合影.jpg", photograph(), content_type="image/jpeg")
    press = {"left_at": left_at, "text": "门口合影", "nonce": nonce_in(page), "photo": photo}
    told = client.post(everybody(ended), press, follow=True)
    assert told.redirect_chain == [(reverse("desk_shift", args=[ended.pk]), 302)]
    html = told.content.decode()
    check(html)
    assert "孙晚到" in " ".join(str(message) for message in told.context["messages"])
    evidence = Evidence.objects.get()
    assert evidence.text in html
    assert reverse("desk_evidence_photo", args=[evidence.pk]) in html
    assert [row["state"] for row in told.context["rows"]].count("out") == 1
    client.post(everybody(ended), press)
    assert Evidence.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": "合影"}, "text"),
        ({"text": ""}, "text"),
        ({"text": "长" * 401}, "text"),
        ({"left_at": "gestern"}, "left_at"),
        ({"left_at": ""}, "left_at"),
        ({"left_at": "0001-01-01T00:00"}, "left_at"),
        ({"left_at": "9999-12-31T23:59"}, "left_at"),
        ({"nonce": "1"}, "nonce"),
        ({"photo": SimpleUploadedFile("a.jpg", b"no picture")}, "photo"),
        ({"photo": SimpleUploadedFile("a.jpg", b"x" * (5 * 1024 * 1024 + 1))}, "photo"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_beside_the_field_and_nobody_is_checked_out(
    client, bao, ended, wrong, field
):
    be_there(ended, "孙一")
    client.force_login(bao)
    good = {"left_at": local(ended.ends_at), "text": "门口合影后离开", "nonce": str(uuid.uuid4())}
    response = client.post(everybody(ended), good | wrong)
    assert response.status_code == 422
    check(response.content.decode())
    assert list(response.context["form"].errors) == [field]
    assert str(response.context["form"].errors[field][0]) in response.content.decode()
    if field != "text":
        assert good["text"] in response.content.decode()
    assert Attendance.objects.get().is_in
    assert not Evidence.objects.exists()


def test_a_chosen_photograph_is_asked_for_again_when_something_else_is_wrong(client, bao, ended):
    be_there(ended, "孙一")
    client.force_login(bao)
    photo = SimpleUploadedFile("a.jpg", photograph(), content_type="image/jpeg")
    press = {"left_at": local(ended.ends_at), "text": "", "nonce": uuid.uuid4(), "photo": photo}
    assert "photo" in client.post(everybody(ended), press).context["form"].errors


def test_a_time_outside_the_shift_is_refused_already_when_looking(client, bao, ended):
    be_there(ended, "孙一")
    client.force_login(bao)
    response = client.get(everybody(ended), {"left_at": local(timezone.now() + 60 * MINUTE)})
    assert response.status_code == 422
    assert response.context["when"].errors["left_at"]
    assert "孙一" not in response.content.decode()


def test_who_never_checked_out_stands_apart_and_leaves_by_one_press(client, bao, ended):
    forgot = be_there(ended, "孙忘记")
    client.force_login(bao)
    page = client.get(reverse("desk_shift", args=[ended.pk])).content.decode()
    section = re.search(r'aria-labelledby="still-in-title".*?</section>', page, re.DOTALL)
    assert section
    assert forgot.name in section[0]
    action = re.search(r'action="([^"]+)"', section[0])
    assert action
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', section[0]))
    client.post(action[1], sent)
    attendance = Attendance.objects.get()
    assert (attendance.is_in, attendance.check_out_door) == (False, Door.DESK)
    page = client.get(reverse("desk_shift", args=[ended.pk])).content.decode()
    assert "still-in-title" not in page


def test_nobody_is_said_to_have_forgotten_while_the_shift_runs(client, bao, activity):
    running = make_shift(activity, starts_in=-30 * MINUTE)
    be_there(running, "孙一")
    client.force_login(bao)
    page = client.get(reverse("desk_shift", args=[running.pk])).content.decode()
    assert "still-in-title" not in page
    assert everybody(running) in page


def test_other_peoples_shifts_cannot_be_sent_home(client, alice, chen, dai, ended):
    be_there(ended, "孙一")
    press = {"left_at": local(ended.ends_at), "text": "门口合影后离开", "nonce": uuid.uuid4()}
    for user in (alice, chen, dai):
        client.force_login(user)
        assert client.get(everybody(ended)).status_code == 404, user.name
        assert client.post(everybody(ended), press).status_code == 404, user.name
    assert not Evidence.objects.exists()


# Nobody else sees the photograph


@pytest.fixture
def evidence(ended, bao) -> Evidence:
    be_there(ended, "孙一")
    photo = plain_jpeg(BytesIO(photograph()))
    return send_home(ended, bao, photo=photo).evidence


def test_the_photograph_is_shown_to_those_who_run_the_shift_only(
    client, evidence, bao, rui, city_staff, alice, chen, dai
):
    address = reverse("desk_evidence_photo", args=[evidence.pk])
    assert client.get(address).status_code == 302
    for user in (alice, chen, dai):
        client.force_login(user)
        assert client.get(address).status_code == 404, user.name
    for user in (bao, rui, city_staff):
        client.force_login(user)
        response = client.get(address)
        assert response.status_code == 200, user.name
        assert response["Content-Type"] == "image/jpeg"
        assert "no-store" in response["Cache-Control"]
        assert opened(b"".join(response.streaming_content)).size == (640, 480)


def test_a_photograph_that_is_gone_is_not_found(client, evidence, bao):
    evidence.photo.storage.delete(evidence.photo.name)
    client.force_login(bao)
    assert client.get(reverse("desk_evidence_photo", args=[evidence.pk])).status_code == 404


def test_evidence_without_a_photograph_has_none_to_show(client, ended, bao):
    be_there(ended, "孙一")
    evidence = send_home(ended, bao).evidence
    client.force_login(bao)
    assert client.get(reverse("desk_evidence_photo", args=[evidence.pk])).status_code == 404


def test_nobody_can_guess_what_the_photograph_is_called(evidence):
    assert re.fullmatch(r"evidence/\d{4}/\d\d/[0-9a-f]{32}\.jpg", evidence.photo.name)
    assert Path(evidence.photo.path).is_relative_to(settings.MEDIA_ROOT / "evidence")


def ways_round(name: str) -> list[str]:
    """Addresses that might lead from the public pictures to the evidence."""
    return [
        f"/media/{name}", f"/media//{name}", f"/media/images/../{name}",
        f"/media/images/%2e%2e/{name}", f"/media/images/..%2f{name}",
        f"/media/images/x/../../{name}", f"/media/original_images/../{name}",
        f"/media/images/%252e%252e/{name}", f"/media/images/..\\{name}",
    ]  # fmt: skip


def keep_picture(folder: str) -> str:
    """A public picture that is there, so that a closed door is not merely an empty house."""
    from django.core.files.storage import default_storage

    name = default_storage.save(f"{folder}/a.jpg", ContentFile(photograph()))
    return f"/media/{name}"


def test_django_serves_pictures_and_no_evidence(client, evidence):
    for folder in ("images", "original_images"):
        assert client.get(keep_picture(folder)).status_code == 200
    for address in ways_round(evidence.photo.name):
        assert client.get(address).status_code in {400, 404}, address


def ask(port: int, address: str) -> bytes:
    """As it stands: a client's library would put the dots in order first."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(
            f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        )
        return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.mark.django_db(transaction=True)
def test_the_web_server_as_the_procfile_starts_it_serves_pictures_and_no_evidence(
    evidence, live_environment, wait_until, tmp_path
):
    picture = keep_picture("images")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lines = dict(line.split(": ", 1) for line in (PROJECT / "Procfile").read_text().splitlines())
    log = tmp_path / "web.log"
    path = f"{PROJECT / '.venv/bin'}:{live_environment['PATH']}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", lines["web"]],
            cwd=PROJECT,
            env=live_environment
            | {"PORT": str(port), "WEB_WORKERS": "1", "PATH": path,
               "LINLI_MEDIA": str(settings.MEDIA_ROOT)},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_until(lambda: _answers(port), seconds=START_SECONDS, process=process, log=log)
        assert ask(port, picture).startswith(b"HTTP/1.1 200")
        for address in ways_round(evidence.photo.name):
            answer = ask(port, address)
            assert re.match(rb"HTTP/1.1 (400|404)", answer), (address, answer[:80])
    finally:
        _end_group(process)


def test_in_production_only_public_pictures_are_mounted_and_evidence_can_be_written():
    web = shlex.split((PROJECT / "Procfile").read_text().splitlines()[0])
    assert [word for word in web if word.startswith("${LINLI_MEDIA")] == [
        "${LINLI_MEDIA:-media}/images"
    ]
    compose = (PROJECT / "docker-compose.yml").read_text()
    assert re.findall(r'--static-path-mount", "([^"]+)"', compose) == ["/app/media/images"]
    made = re.search(r"install -d -o linli (.*)", (PROJECT / "Dockerfile").read_text())
    assert made
    # `install -d` gives the owner to the folders it is told, not to those above them.
    assert "/app/media" in made[1].split()
