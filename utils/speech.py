"""The language of what a notebook shows: its texts, its captions, the words and numbers in its figures.

It is chosen once, by `speak` at the notebook's top, and holds for all that is shown afterwards. A room keeps its words
in one table, key -> (English, French), and takes them with `say`.
"""

import locale
import os
import re
from collections.abc import Iterable, Mapping

LANGUAGES = ("en", "fr")
NO_BREAK = "\u00a0"
NARROW = "\u202f"  # narrow no-break space: French thousands, before a French percent sign and ; ? !

_chosen = "en"


def speak(language: str) -> None:
    """Choose the language of what is shown from now on.

    Args:
        language: "en" or "fr".

    Raises:
        ValueError: another language.
    """
    global _chosen
    _chosen = spoken(language)


def spoken(language: str | None = None) -> str:
    """The language that is spoken: the given one if it is not None, else the chosen one.

    Raises:
        ValueError: a language other than those of `LANGUAGES`.
    """
    language = _chosen if language is None else language
    if language not in LANGUAGES:
        raise ValueError(f"the notebooks speak {' and '.join(map(repr, LANGUAGES))}, not {language!r} (LANGUAGE)")
    return language


def of_system() -> str:
    """The visitor's language by the system's settings: "fr" or "en"."""
    variables = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next(filter(None, variables), None) or locale.getlocale()[0] or ""
    return "fr" if chosen.lower().startswith("fr") else "en"


def say(texts: Mapping[str, tuple[str, str]], key: str, language: str | None = None, **values) -> str:
    """A text of a table, with its values filled in.

    Args:
        texts: key -> (English, French).
        key: which.
        language: "en" or "fr"; None for the chosen one.
        **values: what stands in braces; a pair of texts stands for (English, French).

    Returns:
        The text.
    """
    side = LANGUAGES.index(spoken(language))
    # Texts alone are typeset, not the values: the name of a file stays as it is.
    written = typeset if LANGUAGES[side] == "fr" else str
    filled = {name: written(value[side]) if _is_pair(value) else value for name, value in values.items()}
    return written(texts[key][side]).format(**filled)


def typeset(french: str) -> str:
    """French text with spaces that do not break where French has them: before : ; ? ! % », after «, and in 92%.

    What stands between backquotes or dollars stays.

    Example:
        >>> typeset("Et après ? 92% : « bien »")
        'Et après\\u202f? 92\\u202f%\\xa0: «\\xa0bien\\xa0»'
    """
    pieces = re.split(r"(`[^`]*`|\$[^$\n]*\$)", french)
    for i in range(0, len(pieces), 2):
        held = re.sub(r"(?<=\d) ?%", f"{NARROW}%", pieces[i])
        held = re.sub(r" (?=[;?!](?:[\s)*_|]|$))", NARROW, held)
        pieces[i] = re.sub(r" (?=[:»](?:[\s,.;)*_|]|$))|(?<=«) ", NO_BREAK, held)
    return "".join(pieces)


def _is_pair(value):
    """Whether a value is a text in each language, not a colour or a size."""
    return isinstance(value, tuple) and len(value) == len(LANGUAGES) and all(isinstance(one, str) for one in value)


def seen(texts: Mapping[str, tuple[str, str]], key: str, **values) -> tuple[str, str]:
    """What is said of a picture, (alternative text, caption): the texts `<key> alt` and `<key> caption` of a table."""
    return say(texts, f"{key} alt", **values), say(texts, f"{key} caption", **values)


def number(value: float, spec: str = ".2f", language: str | None = None) -> str:
    """A number as people write it: a true minus sign, none before a zero, and a comma in French decimals.

    Args:
        value: the number.
        spec: Python's format of it.
        language: "en" or "fr"; None for the chosen one.

    Returns:
        The text.

    Example:
        >>> number(-0.3), number(-0.3, language="fr"), number(-1457, ",.0f"), number(-0.001, ".2f")
        ('−0.30', '−0,30', '−1,457', '0.00')
    """
    text = format(value, spec)
    if not text.strip("+-0.,%"):
        text = text.lstrip("+-")
    text = text.replace("-", "−")
    return text.translate({ord(","): NARROW, ord("."): ","}) if spoken(language) == "fr" else text


def listed(parts: Iterable[str], language: str | None = None) -> str:
    """Things in a row that may have commas of their own: a; b, in French with a narrow space before the semicolon."""
    return (f"{NARROW}; " if spoken(language) == "fr" else "; ").join(parts)


def roughly(value: float, digits: int = 2, language: str | None = None) -> str:
    """A number in so many digits, as people write it, a larger one whole: in two 0.32, 9.6, 33 and 1,457."""
    return number(value, ",.0f" if abs(value) >= 10**digits - 0.5 else f".{digits}g", language)


def percent(share: float, digits: int = 0, language: str | None = None) -> str:
    """A share of 0 to 1 as a percentage: 90.4%, in French 90,4 % with a narrow space that does not break."""
    text = number(100 * share, f".{digits}f", language)
    return f"{text}{NARROW}%" if spoken(language) == "fr" else f"{text}%"
