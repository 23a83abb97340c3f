import os

import pytest

from config import environment


def test_a_database_address_with_a_socket_folder_becomes_django_settings():
    found = environment.database("postgresql://ada@/linli?host=/run/db&sslmode=disable")
    assert (found["USER"], found["HOST"], found["NAME"]) == ("ada", "/run/db", "linli")
    assert found["OPTIONS"] == {"sslmode": "disable", "prepare_threshold": 5}


def test_behind_a_pooler_no_statement_is_prepared():
    found = environment.database("postgresql://db.example/linli?prepare_threshold=none")
    assert found["OPTIONS"] == {"prepare_threshold": None}


def test_a_password_with_reserved_characters_survives():
    found = environment.database("postgres://ada:p%40ss%2Fword@db.example:6432/linli")
    assert (found["PASSWORD"], found["HOST"], found["PORT"]) == ("p@ss/word", "db.example", "6432")


def test_another_kind_of_database_is_refused_in_words():
    with pytest.raises(ValueError, match="must start with postgresql://"):
        environment.database("mysql://localhost/linli")


@pytest.mark.parametrize(
    ("url", "cache", "queue"),
    [
        ("redis://cache:6379/0", "redis://cache:6379/3", "redis://cache:6379/3"),
        ("rediss://:key@cache:6379", "rediss://:key@cache:6379/3", "rediss://:key@cache:6379/3"),
        ("unix:///run/v.sock?db=0", "unix:///run/v.sock?db=3", "redis+socket:///run/v.sock?virtual_host=3"),
    ],
)  # fmt: skip
def test_one_redis_address_gives_numbered_ones_for_cache_and_queue(url, cache, queue):
    assert environment.redis(url, database=3) == cache
    assert environment.broker(url, database=3) == queue


def test_a_number_that_is_none_names_its_variable(monkeypatch):
    monkeypatch.setenv("PORT", "eighty")
    with pytest.raises(ValueError, match="PORT must be a whole number"):
        environment.number("PORT", 8000)


def test_the_suite_runs_under_the_test_settings_however_it_was_started(settings):
    assert settings.SETTINGS_MODULE == "config.settings.test"
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings.test"
