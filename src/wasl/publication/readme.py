"""The first file a user opens: what the release is and holds, what may be done with it, and how to check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wasl.publication.description import DatasetDescription

__all__ = ["README_NAME", "readme_text"]

README_NAME = "README.txt"

TEMPLATE = """\
{title}
{title_fr}
{producer}, version {version}, {created}

{abstract}

{abstract_fr}

Files / Fichiers
{files}

Conditions of use
{conditions}

Conditions d'utilisation
{conditions_fr}

Checking / Vérification
Every file is listed with its SHA-256 in manifest.json, which manifest.json.sig signs.
Chaque fichier figure avec son SHA-256 dans manifest.json, que signe manifest.json.sig.

    wasl verify . --public-key {key}

The key above is worth what the place is worth where you found it: compare it with the producer's site.
La clé ci-dessus vaut ce que vaut l'endroit où vous l'avez trouvée : comparez-la au site du producteur.
{notices}{citation}"""


def readme_text(
    description: DatasetDescription, titles: Mapping[str, str], *, created: str, key: str, notices: Sequence[str] = ()
) -> bytes:
    """The text, in English and French where the description has both.

    Args:
        description: What the dataset is.
        titles: Path and title of each file.
        created: Date of publication.
        key: The publisher's verifier key.
        notices: What a format of the data files could not take.
    """
    width = max(map(len, titles), default=0)
    producer = description.producer
    text = TEMPLATE.format(
        title=description.title,
        title_fr=description.title_fr,
        producer=f"{producer.name} ({producer.abbreviation})" if producer.abbreviation else producer.name,
        version=description.version,
        created=created,
        abstract=description.abstract,
        abstract_fr=description.abstract_fr,
        files="\n".join(f"  {path:<{width}}  {title}" for path, title in titles.items()),
        conditions=description.conditions,
        conditions_fr=description.conditions_fr or description.conditions,
        key=key,
        notices="\nFormats\n" + "\n".join(notices) + "\n" if notices else "",
        citation=f"\nCite as / Citer\n{description.citation}\n" if description.citation else "",
    )
    paragraphs = [part.strip("\n") for part in text.split("\n\n") if part.strip()]
    return ("\n\n".join(paragraphs) + "\n").encode()
