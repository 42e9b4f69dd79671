"""Fields that are kept encrypted: what the key may be, how it is changed."""

from __future__ import annotations

from typing import Any

import pytest

from bot import encryption


def test_a_text_comes_back_and_its_token_does_not_show_it(settings: Any) -> None:
    settings.FIELD_KEYS = "a" * 32
    token = encryption.encrypt("13900000000")
    assert "13900000000" not in token
    assert token.startswith("fernet:")
    assert encryption.decrypt(token) == "13900000000"


def test_the_same_text_never_makes_the_same_token(settings: Any) -> None:
    settings.FIELD_KEYS = "a" * 32
    assert encryption.encrypt("1") != encryption.encrypt("1")


def test_after_a_change_of_keys_old_tokens_are_read_and_new_ones_need_the_new_key(
    settings: Any,
) -> None:
    settings.FIELD_KEYS = "a" * 32
    old = encryption.encrypt("old")
    settings.FIELD_KEYS = f"{'b' * 32}, {'a' * 32}"
    new = encryption.encrypt("new")
    assert encryption.decrypt(old) == "old"
    settings.FIELD_KEYS = "b" * 32
    assert encryption.decrypt(new) == "new"
    with pytest.raises(encryption.Undecipherable):
        encryption.decrypt(old)


@pytest.mark.parametrize("token", ["", "fernet:", "fernet:abc", "sm4:abc", "13900000000"])
def test_what_no_cipher_made_is_refused(settings: Any, token: str) -> None:
    settings.FIELD_KEYS = "a" * 32
    with pytest.raises(encryption.Undecipherable):
        encryption.decrypt(token)
