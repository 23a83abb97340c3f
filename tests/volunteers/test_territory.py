"""The territory tree: Qingdao as shipped, any other city by one command."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from volunteers.actions.territory import import_territory
from volunteers.forms.community import community_label, find_communities
from volunteers.models import Territory

pytestmark = pytest.mark.django_db


def rows(*lines: str) -> list[dict[str, str]]:
    names = ("code", "level", "name", "parent", "name_en")
    return [dict(zip(names, line.split(","), strict=False)) for line in lines]


JINAN = rows("3701,2,济南市,,Jinan", "370102,3,历下区,3701", "370102001,4,解放路街道,370102")


def load(lines: list[dict[str, str]], version: str = "2023") -> object:
    return import_territory(rows=lines, code_system="stats", code_version=version)


@pytest.fixture
def qingdao() -> Territory:
    call_command("import_territory", stdout=io.StringIO())
    return Territory.objects.get(level=Territory.Level.CITY)


def test_qingdao_is_shipped_down_to_its_communities(qingdao: Territory) -> None:
    assert str(qingdao) in ("青岛市", "Qingdao")
    assert Territory.objects.districts().count() == 10
    assert Territory.objects.streets().count() == 141
    assert Territory.objects.communities().count() == 2120
    assert not Territory.objects.districts().filter(name_en="").exists()
    assert set(Territory.objects.values_list("code_system", "code_version")) == {
        ("stats", "2023-06-30")
    }


def test_every_place_stands_below_its_parent(qingdao: Territory) -> None:
    for place in Territory.objects.select_related("parent").exclude(level=2):
        assert place.parent is not None
        assert place.path == f"{place.parent.path}{place.code}/"
        assert place.parent.contains(place)


def test_a_branch_is_found_by_its_root(qingdao: Territory) -> None:
    shinan = Territory.objects.get(code="370202")

    branch = Territory.objects.all().within(shinan)

    assert branch.count() > 50
    assert all(place.code.startswith("370202") for place in branch)
    assert Territory.objects.all().within(qingdao).count() == Territory.objects.count()


def test_importing_the_same_file_twice_changes_nothing(qingdao: Territory) -> None:
    said = io.StringIO()

    call_command("import_territory", stdout=said)

    assert said.getvalue().startswith("0 added, 0 changed, 2272 as they were")


def test_importing_costs_few_statements(
    django_assert_max_num_queries: object, tmp_path: Path
) -> None:
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        call_command("import_territory", stdout=io.StringIO())


def test_another_city_is_one_file_and_one_command(tmp_path: Path) -> None:
    file = tmp_path / "jinan.csv"
    file.write_text("code,level,name,parent\n370102,3,历下区,3701\n", encoding="utf-8-sig")

    call_command("import_territory", str(file), "--city", "3701=济南市=Jinan", stdout=io.StringIO())

    assert Territory.objects.get(code="370102").path == "/3701/370102/"
    assert Territory.objects.get(code="3701").name_en == "Jinan"


def test_rows_may_stand_in_any_order() -> None:
    result = load(list(reversed(JINAN)))

    assert result.added == 3  # type: ignore[attr-defined]
    assert Territory.objects.get(code="370102001").path == "/3701/370102/370102001/"


def test_bad_rows_are_named_by_line_and_the_rest_is_kept() -> None:
    result = load(
        [
            *JINAN,
            *rows(
                ",3,无名,3701",
                "370103,x,市中区,3701",
                "370104,3,槐荫区,9999",
                "370102,3,历下区,3701",
                "370105,4,北园街道,370102001",
                "370102002,4,千佛山街道,370102",
            ),
        ]
    )

    assert [error.line for error in result.errors] == [5, 6, 7, 8, 9]  # type: ignore[attr-defined]
    assert all(error.reason for error in result.errors)  # type: ignore[attr-defined]
    assert Territory.objects.filter(code="370102002").exists()


def test_a_file_with_bad_rows_ends_the_command_with_an_error(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("code,level,name,parent\n370102,3,历下区,3701\n", encoding="utf-8")
    said = io.StringIO()

    with pytest.raises(CommandError):
        call_command("import_territory", str(file), stdout=io.StringIO(), stderr=said)

    assert "line 2" in said.getvalue()


def test_a_new_name_is_taken_over_and_an_english_one_kept() -> None:
    load(JINAN)
    place = Territory.objects.get(code="3701")

    result = load(rows("3701,2,济南,"))

    place.refresh_from_db()
    assert result.changed == 1  # type: ignore[attr-defined]
    assert (place.name, place.name_en) == ("济南", "Jinan")


def test_a_moved_branch_moves_with_all_that_stands_below_it() -> None:
    load([*JINAN, *rows("370103,3,市中区,3701")])

    load([*JINAN[:2], *rows("370103,3,市中区,3701", "370102001,4,解放路街道,370103")])

    assert Territory.objects.get(code="370102001").path == "/3701/370103/370102001/"


def test_two_versions_of_one_city_stand_side_by_side() -> None:
    load(JINAN, version="2022")
    load(JINAN, version="2023")

    old = Territory.objects.get(code="3701", code_version="2022")
    new_street = Territory.objects.get(code="370102001", code_version="2023")
    assert Territory.objects.all().within(old).count() == 3
    assert not old.contains(new_street)
    with pytest.raises(IntegrityError), transaction.atomic():
        Territory.objects.create(
            code_system="stats", code_version="2022", code="3701", level=2, name="又", path="/x/"
        )


def test_communities_are_found_by_part_of_a_name_a_street_or_a_district(qingdao: Territory) -> None:
    by_name = find_communities("浮山所")
    assert by_name
    assert "浮山所" in by_name[0].name

    by_street = find_communities("香港中路")
    assert by_street
    assert all("香港中路" in community_label(place) for place in by_street)

    assert find_communities("市南 浮山所")[0] == by_name[0]
    assert find_communities("   ") == []
    assert find_communities("%_'\"; DROP TABLE") == []


def test_names_follow_the_readers_language(client: object, qingdao: Territory) -> None:
    from django.utils.translation import override

    shinan = Territory.objects.get(code="370202")
    with override("en"):
        assert str(shinan) == "Shinan District"
    with override("zh-hans"):
        assert str(shinan) == "市南区"
