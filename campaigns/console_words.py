"""What the console says by itself, in the reader's language: its scripts hold no words.

Sentences that the server says too are the same here (campaigns/outcomes.py).
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def words() -> dict[str, str]:
    return _outcomes() | _verdicts() | _state() | _people() | _camera() | _refusals()


def _outcomes() -> dict[str, str]:
    return {
        "checked_in": _("Checked in at %(in)s. Thank you for coming!"),
        "checked_out": _("Checked out at %(out)s. Thank you!"),
        "moved_here": _("Checked in at %(in)s. The check-in at the place before ended with it."),
        "already_in": _("Already checked in at %(in)s. All is well."),
        "already_out": _("Already checked out at %(out)s. Nothing more to do."),
        "not_in_yet": _("Nobody has seen them come in yet. The check-out is kept all the same."),
        "not_signed_up": _("Not on this shift's list."),
        "too_early": _("A little early: check-in opens at %(opens)s."),
        "shift_over": _("This shift ended at %(end)s."),
        "shift_cancelled": _("This shift has been cancelled."),
        "card_expired": _("This card has run out and has to be renewed."),
        "card_unknown": _("No card has this code or number. Please look again."),
        "code_expired": _("This code is out of date. Please scan the one of this moment."),
        "code_missing": _("This code proves nothing. Please open the card on the phone."),
        "code_tampered": _("This is not a code of ours. Please scan the real one."),
        "clock_wrong": _("This phone's clock is wrong. Please set it and scan again."),
        "provisional": _("Added for now. Whether a place is left is decided when this is sent."),
        "unchecked": _("On the list. The code itself is checked when this is sent."),
    }


def _verdicts() -> dict[str, str]:
    return {
        "verdict_ok": pgettext("scan", "Done"),
        "verdict_warn": pgettext("scan", "Please look"),
        "verdict_refused": pgettext("scan", "Refused"),
        "verdict_asking": pgettext("scan", "Asking…"),
        "asking": _("Not on the list here. Asking the server…"),
        "not_kept": _("This phone could not keep the scan. Make room on it, then scan again."),
        "corrected": _("The server decided otherwise. Before: %(before)s"),
        "differs": _("Decided otherwise by the server: %(count)s. Look at them"),
        "not_sent": pgettext("scan", "Not sent yet"),
        "sent": pgettext("scan", "Sent"),
        "walk_in": _("Add them (places left: %(count)s)"),
        "no_place_left": _("No place is left at this shift."),
        "team_in": _("Check in the team “%(team)s”"),
        "team_out": _("Check out the team “%(team)s”"),
        "number": _("No. %(number)s"),
        "unknown_person": _("Unknown card"),
        "override_said": _("Let through: %(reason)s"),
        "out_of_time": _("%(name)s: %(sentence)s"),
    }


def _state() -> dict[str, str]:
    return {
        "app": _("Linli check-in"),
        "online": _("Connected"),
        "offline": _("No network: this phone decides"),
        "waiting": _("%(count)s to be sent"),
        "synced": _("Synced %(time)s"),
        "never_synced": _("Not synced yet"),
        "clock_ahead": _(
            "This phone's clock is %(time)s ahead. Set it to automatic, or codes are refused."
        ),
        "clock_behind": _(
            "This phone's clock is %(time)s behind. Set it to automatic, or codes are refused."
        ),
        "minutes": _("%(minutes)s min %(seconds)s s"),
        "device": _("This phone: %(name)s"),
        "device_until": _("Its token ends %(time)s"),
        "unsent": _("Not sent yet: %(count)s. They stay locked on this phone until they are."),
        "unsent_without_device": _(
            "Still waiting here, locked and without names: %(count)s. They are sent by"
            " themselves once there is a network."
        ),
        "still_unsent": _("There is no network: they could not be sent now."),
    }


def _people() -> dict[str, str]:
    return {
        "state_expected": pgettext("attendance", "Expected"),
        "state_in": _("In since %(time)s"),
        "state_out": _("Left at %(time)s"),
        "take_in": _("Check in"),
        "take_out": _("Check out"),
        "more_people": _("More: %(count)s. Search for a number or name under “Scan”."),
        "missing": _("The shift has ended. Never checked out: %(count)s."),
        "check_out_all": _("Check out all %(count)s, with evidence"),
        "together_title": _("Check out together: %(count)s"),
        "together_sure": _("Checked out now, at %(time)s: %(count)s. Is that right?"),
        "together_go": _("Yes, check out %(count)s"),
        "go_on": _("Go on"),
        "evidence_short": _("Please write at least four characters: what others could check."),
        "reason_short": _("Please write at least four characters."),
        "team_none": _("Please tick at least one."),
        "team_submit_in": _("Check in %(count)s"),
        "team_submit_out": _("Check out %(count)s"),
        "nobody_found": _("Nobody on the list fits. As a number it was not on the list either."),
    }


def _camera() -> dict[str, str]:
    return {
        "camera_denied": _(
            "The browser was not allowed to use the camera. Allow it in the browser's settings"
            " for this site, or type the card's number."
        ),
        "camera_missing": _("No camera was found. Type the card's number instead."),
        "camera_busy": _(
            "Another program is using the camera. Close it and try again, or type the card's"
            " number."
        ),
        "camera_failed": _(
            "The camera's reader did not start. Try again, or type the card's number."
        ),
        "camera_insecure": _(
            "Browsers open the camera only on https addresses. Type the card's number, or use a"
            " hand scanner."
        ),
    }


def _refusals() -> dict[str, str]:
    return {
        "no_network": _("There is no network here. Please try again where there is one."),
        "signed_out": _("Please sign in as the organiser first."),
        "not_organiser": _("This account runs no shifts."),
        "no_shifts": _("No shift of yours is coming up."),
        "choose_shifts": _("Choose what this phone scans for. Where shall it help?"),
        "not_prepared": _("This phone does not scan for that shift yet. Add it here."),
        "prepare_failed": _("That did not work. Please try again."),
        "insecure": _("The console needs an https address: only there may a browser lock things."),
        "no_storage": _(
            "This browser keeps nothing (a private window?). Please open the page in another one."
        ),
    }
