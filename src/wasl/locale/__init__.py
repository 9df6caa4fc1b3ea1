"""What people read, in French, Arabic and English: one catalogue per language.

The key of a message is its English text. ``catalogues/fr`` and ``catalogues/ar`` hold the translations, one gettext
file per package whose texts they are; together the files of a folder are one catalogue. ``.ci/messages.py`` finds the
messages in the code and in the templates, and fails where a translation is missing.

Texts that belong to one typed thing stand beside it instead, in three languages: the sentences of audit events in
``audit.events`` and the words of their fields in ``audit.field_words``.
"""

from wasl.locale.messages import LANGUAGES, N_, Language, Messages, in_language, messages, negotiate

__all__ = ["LANGUAGES", "N_", "Language", "Messages", "in_language", "messages", "negotiate"]
