"""Model fields encrypted at rest: what the code reads is plain, what the table holds is not.

They cannot be searched; what must be found again is kept beside them as a keyed digest.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import models

from bot.encryption import decrypt, encrypt

if TYPE_CHECKING:
    Text = models.TextField[Any, Any]
else:
    Text = models.TextField


class SealedTextField(Text):
    """A text, encrypted; the empty text stays empty."""

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Decrypt what the table holds; raises Undecipherable."""
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt what goes into the table."""
        return encrypt(str(value)) if value else value


class SealedJSONField(Text):
    """Plain data as JSON, encrypted."""

    # What the type checker's plugin reads: any plain data, as with Django's own JSONField.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        """Decrypt and read what the table holds; raises Undecipherable."""
        return json.loads(decrypt(value)) if value else None

    def to_python(self, value: Any) -> Any:
        """Plain data stays what it is; a text is read as JSON."""
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt what goes into the table."""
        return None if value is None else encrypt(json.dumps(value, ensure_ascii=False))

    def value_to_string(self, obj: models.Model) -> str:
        """Return the JSON that ``to_python`` reads, for the way to another database."""
        return json.dumps(self.value_from_object(obj), ensure_ascii=False)
