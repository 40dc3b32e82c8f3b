"""Settings: one typed object out of the environment."""

from __future__ import annotations

import pytest

from streams import settings
from streams.settings import SettingError, Settings


def test_nothing_set_means_the_defaults() -> None:
    assert settings.load({}) == Settings()
    assert settings.load({}).kafka_url == "127.0.0.1:9092"


def test_settings_come_from_the_environment_in_their_own_types() -> None:
    given = {"KAFKA_URL": "a:1,b:2", "IMAGEBUS_MAX_AGE_S": "0.5", "IMAGEBUS_PARTITIONS": "4", "HOME": "/nowhere"}
    said = settings.load(given)
    assert (said.kafka_url, said.max_age_s, said.partitions) == ("a:1,b:2", 0.5, 4)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("IMAGEBUS_PARTITIONS", "many", "IMAGEBUS_PARTITIONS='many': Expected `int`, got `str`"),
        ("IMAGEBUS_PARTITIONS", "0", "IMAGEBUS_PARTITIONS='0': Expected `int` >= 1"),
        ("IMAGEBUS_MAX_AGE_S", "-1", "IMAGEBUS_MAX_AGE_S='-1': Expected `float` > 0.0"),
        ("KAFKA_URL", "", "KAFKA_URL='': Expected `str` of length >= 1"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_variable(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingError) as refused:
        settings.load({variable: value})
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("given", "brokers"),
    [("kafka://a:1", "a:1"), ("kafka://a:1/, kafka://b:2", "a:1,b:2"), ("a:1, b:2", "a:1,b:2"), ("a", "a")],
)
def test_brokers_may_be_written_as_urls(given: str, brokers: str) -> None:
    assert settings.load({"KAFKA_URL": given}).kafka_url == brokers


@pytest.mark.parametrize(
    "given", ["http://a:1", "kafka+ssl://a:1", "a:1,tcp://b:2", "kafka://", "user:secret@a:1", ","]
)
def test_another_url_than_of_brokers_is_refused_at_once_and_not_shown(given: str) -> None:
    with pytest.raises(SettingError, match="KAFKA_URL: expected brokers as host:port,host:port") as refused:
        settings.load({"KAFKA_URL": given})
    assert "secret" not in str(refused.value)


def test_words_are_separated_by_commas_and_spaces_do_not_count() -> None:
    assert settings.names(" detect, redact ,") == ("detect", "redact")
    assert settings.names("") == ()
