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


def test_words_are_separated_by_commas_and_spaces_do_not_count() -> None:
    assert settings.names(" detect, redact ,") == ("detect", "redact")
    assert settings.names("") == ()
