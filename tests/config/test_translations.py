import gettext
import io
import json
import re

import polib
import pytest

from config import translations


def entry(msgid: str, msgstr: str = "", **more: object) -> polib.POFile:
    po = polib.POFile()
    po.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    po.append(polib.POEntry(msgid=msgid, msgstr=msgstr, **more))
    return po


@pytest.mark.parametrize(
    ("po", "problem"),
    [
        (entry("Hours"), "not translated"),
        (entry("Hours", "时长", flags=["fuzzy"]), "fuzzy"),
        (entry("%(n)s places left", "还有名额"), "other placeholders"),
        (entry("{name} signed up", "{名字}报名了"), "other placeholders"),
        (entry("%(n)s hour", msgid_plural="%(n)s hours", msgstr_plural={0: ""}), "not translated"),
        (entry("%(n)s hour", msgid_plural="%(n)s hours", msgstr_plural={0: "%(m)s 小时"}), "other"),
    ],
)
def test_an_unfinished_translation_is_found(po, problem):
    assert problem in translations.problems_of(po)[0]


@pytest.mark.parametrize(
    "po",
    [
        entry("%(n)s places left", "还有 %(n)s 个名额"),
        entry("One hour", msgid_plural="%(n)s hours", msgstr_plural={0: "%(n)s 小时"}),
        entry("Hours", "", obsolete=True),
    ],
)
def test_a_finished_translation_passes(po):
    assert translations.problems_of(po) == []


def test_what_is_compiled_without_gettexts_programs_is_what_gettext_reads(tmp_path, monkeypatch):
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    entry("Hours", "时长").save(str(folder / "django.po"))
    monkeypatch.setattr(translations, "LOCALE", tmp_path)
    monkeypatch.setenv("PATH", "")
    assert translations.compile_all() == 1
    assert translations.compile_all() == 0, "what is up to date is left alone"
    compiled = gettext.GNUTranslations(io.BytesIO((folder / "django.mo").read_bytes()))
    assert compiled.gettext("Hours") == "时长"


def test_wagtails_editor_speaks_chinese_in_the_browser_too(client, db):
    said = client.get("/admin/jsi18n/").content.decode()
    catalog = json.loads(re.search(r"newcatalog = (\{.*?\n  \});", said, re.DOTALL)[1])
    assert catalog["Changes have been autosaved."] == "已自动保存。"
    assert catalog["Broken link"] == "无效链接", "Wagtail's own Chinese is still there"
