"""One page that shows what a command left: sections of a heading, a sentence and a picture, in French and English.

The page is a single HTML file beside its pictures; it opens by double click, follows the browser's language and its
light or dark theme, and asks nothing of a network.
"""

import html
import os
from dataclasses import dataclass
from pathlib import Path

from utils import files
from utils.speech import number, percent, typeset

LANGUAGES = ("fr", "en")
STYLE = """
:root { color-scheme: light dark; --ground: #f6f5f2; --ink: #22252a; --faint: #5d646d; --line: #c9cdd2; }
@media (prefers-color-scheme: dark) { :root { --ground: #16181b; --ink: #e8e6e1; --faint: #a3a9b1; --line: #3a3f45; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0 0.3rem; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 0.3rem; }
p { margin: 0.3rem 0 0.8rem; max-width: 44rem; }
img { display: block; max-width: 100%; height: auto; border: 1px solid #80868c; }
img.exact { image-rendering: pixelated; }
figure { margin: 0; display: inline-block; max-width: 100%; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
figcaption { color: var(--faint); font-size: 0.9rem; padding-top: 0.3rem; }
table { border-collapse: collapse; font-size: 0.9rem; display: block; overflow-x: auto; }
td, th { border-bottom: 1px solid var(--line); padding: 0.25rem 0.8rem 0.25rem 0; text-align: left; }
td + td { font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; border-left: 3px solid var(--line); padding: 0.4rem 0.8rem; font-size: 0.85rem; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--faint); border-radius: 0.3rem;
  padding: 0.15rem 0.6rem; cursor: pointer; }
button:focus-visible { outline: 3px solid #3f7fbf; }
html:lang(fr) [lang=en]:not(html), html:lang(en) [lang=fr]:not(html) { display: none; }
"""
SCRIPT = """
const speak = language => { document.documentElement.lang = language; };
speak((navigator.language || "fr").startsWith("fr") ? "fr" : "en");
document.querySelector("button").onclick = () => speak(document.documentElement.lang === "fr" ? "en" : "fr");
"""


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Attributes:
        file: its path, relative to the page.
        seen: what is to be seen in it, (French, English): its caption and its alternative text.
        exact: whether its pixels stay sharp when it is enlarged.
        width: its width on the page in pixels; its own if None.
    """

    file: str
    seen: tuple[str, str]
    exact: bool = False
    width: int | None = None


@dataclass(frozen=True)
class Section:
    """A section of a page: texts as (French, English), the pictures side by side, then a table or a command.

    Attributes:
        heading, text: its texts.
        pictures: its `Picture`s.
        table: rows of cells, the first one the headings; a cell is a text, or a pair of texts.
        command: lines for a terminal.
    """

    heading: tuple[str, str]
    text: tuple[str, str]
    pictures: tuple[Picture, ...] = ()
    table: tuple[tuple, ...] = ()
    command: str = ""


def write_page(path: str | os.PathLike, title: tuple[str, str], intro: tuple[str, str], sections) -> Path:
    """Write the page.

    Args:
        path: the HTML file.
        title, intro: (French, English).
        sections: iterable of `Section`.

    Returns:
        The path.

    Raises:
        FileNotFoundError: a picture is not there.
    """
    path = Path(path)
    body = "\n".join(_section(section, path.parent) for section in sections)
    files.write_text(
        path,
        f"""<!doctype html>
<html lang="fr">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title[0])}</title><style>{STYLE}</style></head>
<body>
<p><button type="button"><span lang="fr">English</span><span lang="en">Français</span></button></p>
{_both("h1", title)}
{_both("p", intro)}
{body}
<script>{SCRIPT}</script>
</body>
</html>
""",
    )
    return path


def in_both(value: float, spec: str = ".2f", unit: str = "") -> tuple[str, str]:
    """A number as (French, English), with a unit that both languages share; arguments as of `utils.speech.number`."""
    return tuple(f"{number(value, spec, language)}{unit}" for language in LANGUAGES)


def share(value: float, digits: int = 0) -> tuple[str, str]:
    """A share of 0 to 1 as a percentage, (French, English)."""
    return tuple(percent(value, digits, language) for language in LANGUAGES)


def _both(tag: str, texts) -> str:
    """An element in each language."""
    french, english = texts
    return "\n".join(
        f'<{tag} lang="{language}">{html.escape(text)}</{tag}>'
        for language, text in zip(LANGUAGES, (typeset(french), english), strict=True)
    )


def _section(section: Section, folder: Path) -> str:
    parts = [_both("h2", section.heading), _both("p", section.text)]
    shown = [_picture(picture, folder) for picture in section.pictures]
    if shown:
        parts.append(f'<div class="pair">{"".join(shown)}</div>' if len(shown) > 1 else shown[0])
    if section.table:
        rows = [_row(row, "th" if number == 0 else "td") for number, row in enumerate(section.table)]
        parts.append(f"<table>{''.join(rows)}</table>")
    if section.command:
        parts.append(f"<pre>{html.escape(section.command)}</pre>")
    return "\n".join(parts)


def _row(cells, tag: str) -> str:
    inside = [html.escape(cell) if isinstance(cell, str) else _both("span", cell) for cell in cells]
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in inside) + "</tr>"


def _picture(picture: Picture, folder: Path) -> str:
    if not (folder / picture.file).is_file():
        raise FileNotFoundError(f"{folder / picture.file} is to be shown on the page, but is not there")
    width = f' width="{picture.width}"' if picture.width else ""
    kind = ' class="exact"' if picture.exact else ""
    seen = html.escape(f"{typeset(picture.seen[0])} / {picture.seen[1]}", quote=True)
    image = f'<img src="{html.escape(picture.file, quote=True)}" alt="{seen}"{width}{kind}>'
    return f"<figure>{image}<figcaption>{_both('span', picture.seen)}</figcaption></figure>"
