"""What differs in Google Colab: files come by upload and leave by download. Elsewhere the same calls name the paths.

The repository's address stands here alone. `python -m utils.colab` writes it into the badges and clone lines of READMEs
and notebooks, and into CITATION.cff, after you change it.
"""

import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from utils import files
from utils.speech import say

TEXTS = {"ready": ("{path} is ready.", "{path} est prêt.")}  # key -> (English, French)
REPOSITORY = "https://github.com/kaugrv/models_words"
BRANCH = "main"

NOTEBOOK_LINK = re.compile(
    r"https://colab\.research\.google\.com/github/[^)\s\"]+?/blob/[^)\s\"]+?/(notebooks/[^)\s\"]+?\.ipynb)"
)
CLONE_LINE = re.compile(r"(git clone (?:--\S+ (?:\d+ )?)*)https://\S+(?= )")
CITED = re.compile(r"(repository-code: )https://\S+")  # in CITATION.cff
ADDRESSED = ("README*.md", "CITATION.cff", "notebooks/**/*.ipynb")  # files that hold the address


def in_colab() -> bool:
    """Whether this notebook runs in Google Colab."""
    return "google.colab" in sys.modules


def upload(name: str) -> Path:
    """Get a file into the working folder: by Colab's upload button there, by its path elsewhere.

    Args:
        name: the file that is wanted, e.g. `data.zip` or `generator.h5`.

    Returns:
        Its path. In Colab a file of that name that is already there is taken, and nothing asked. Of several files
        chosen at once the one of that name is taken; the others stay under theirs.

    Raises:
        FileNotFoundError: nothing was uploaded, or (elsewhere) there is no such file.
        ValueError: several files were uploaded, and none has that name.
    """
    path = Path(name)
    if path.exists():
        if in_colab():
            print(f"{path} is there already and is taken; to choose another one, remove it first.")
        return path
    if not in_colab():
        raise FileNotFoundError(
            f"{path.absolute()} does not exist. Put the file there, or change its name in the parameters."
        )
    from google.colab import files as colab_files

    print(f"Choose your {path.name}:")
    before = set(Path().iterdir())
    uploaded = colab_files.upload()
    chosen = _chosen(uploaded, path.name)
    content = uploaded[chosen]
    files.write_bytes(path, content)
    for copy in set(Path().iterdir()) - before - {path}:  # Colab's own, under a name that may be another than it tells
        if copy.is_file() and copy.stat().st_size == len(content) and copy.read_bytes() == content:
            copy.unlink()
    if len(uploaded) > 1:
        print(f"{chosen} is taken as {path}. Uploaded besides: {', '.join(sorted(set(uploaded) - {chosen}))}.")
    return path


def _chosen(uploaded: dict[str, bytes], name: str) -> str:
    """Which of the files that Colab tells of is the one that is wanted."""
    filled = [one for one in uploaded if uploaded[one]]
    if not filled:
        raise FileNotFoundError(f"No file was uploaded; run this cell again and choose your {name}.")
    alike = [one for one in filled if _bare(one) == _bare(name)]
    if len(alike) == 1 or len(filled) == 1:
        return (alike or filled)[0]
    exact = [one for one in alike if re.split(r"[/\\]", one)[-1] == name]
    if len(exact) == 1:
        return exact[0]
    raise ValueError(
        f"{len(filled)} files were uploaded ({', '.join(sorted(filled))}), and not one of them alone is {name}: run "
        "this cell again and choose one file, or give its name in the parameters"
    )


def _bare(name: str) -> str:
    """A file's name without folders, capitals, and the number that Colab gives to a second one: `data (1).zip`."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1]).casefold()
    return re.sub(r" \(\d+\)(?=(\.[^.]*)?$)", "", name)


def download(*paths) -> None:
    """Hand files to the visitor: as downloads in Colab, as paths elsewhere."""
    for path in map(Path, paths):
        if in_colab():
            from google.colab import files as colab_files

            colab_files.download(str(path))
        else:
            print(say(TEXTS, "ready", path=path))


def addressed(text: str, repository: str = REPOSITORY, branch: str = BRANCH) -> str:
    """`text` with every Colab link, clone line and citation pointing to the repository."""
    owner_and_name = repository.removeprefix("https://github.com/").removesuffix("/")
    link = f"https://colab.research.google.com/github/{owner_and_name}/blob/{branch}/"
    text = NOTEBOOK_LINK.sub(lambda found: link + found[1], text)
    for line in (CLONE_LINE, CITED):
        text = line.sub(lambda found: found[1] + repository, text)
    return text


def write_addresses(root: str | Path = ".", repository: str = REPOSITORY, branch: str = BRANCH) -> Sequence[Path]:
    """Point READMEs, notebooks and the citation to the repository; gives the files that changed."""
    changed = []
    for path in sorted(path for name in ADDRESSED for path in Path(root).glob(name)):
        text = path.read_text(encoding="utf-8")
        new = addressed(text, repository, branch)
        if new != text:
            files.write_text(path, new)
            changed.append(path)
    return changed


if __name__ == "__main__":
    for changed_path in write_addresses():
        print(f"{changed_path} now points to {REPOSITORY}")
