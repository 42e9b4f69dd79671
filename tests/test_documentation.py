"""The documentation says what is there: settings, commands, links, addresses."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.urls import Resolver404, resolve

from bot import settings
from bot.__main__ import _parser

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
READMES = [ROOT / "README.md", ROOT / "README.zh.md"]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
LARGEST_PICTURE_BYTES = 150_000

_NAME = re.compile(r"\bBOT_[A-Z][A-Z_]*[A-Z]\b")
_ROW = re.compile(r"^\| `(BOT_\w+)` \|(.+)\|$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]*\bsrc=\"([^\"]+)\"")
_URL = re.compile(r"\b[a-z]+://[^\s`|)\"“”，。）]+")
_HOST = re.compile(r"\b(?:[\w-]+\.)+(?:org|com|net|io|co|cn|dev)\b")
_OURS = {"127.0.0.1", "localhost", "ask.example.org"}
_MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:root|home|work|usr|opt|tmp|etc|var|mnt|Users)\b")
_ENDPOINT = re.compile(r"(?<![\w./])/(?:api|healthz|readyz|actions|voice)\b[\w/{}-]*")
_COMMAND = re.compile(r"python -m bot ([a-z][a-z-]*)([^`\n|#]*)")
_OPTION = re.compile(r"(?<!\S)--[a-z-]+")
_FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def names_in(text: str) -> set[str]:
    return set(_NAME.findall(text))


def launcher_section() -> str:
    return SETTINGS.split("## Set by the launcher", 1)[1]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", text_of(ROOT / "Makefile"), re.MULTILINE))


def made_in(text: str) -> set[str]:
    """Targets that a document tells to make: in backticks, or a line of a code block."""
    blocks = "\n".join(_FENCE.findall(text))
    return {
        *re.findall(r"`make ([a-z-]+)", text),
        *re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z-]+)", blocks, re.MULTILINE),
    }


def commands() -> dict[str, ArgumentParser]:
    choices = next(a.choices for a in _parser()._actions if a.dest == "command")
    assert isinstance(choices, dict)
    return choices


def links_in(text: str) -> Iterator[str]:
    for markdown, image in _LINK.findall(text):
        yield markdown or image


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def headings(path: Path) -> set[str]:
    return {slug(h) for h in re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)}


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split(" | ")]


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_every_setting_has_one_row_with_default_meaning_and_example():
    rows = _ROW.findall(SETTINGS)
    named = [name for name, _ in rows]
    assert sorted(set(named)) == sorted(named), "a setting has two rows"
    assert set(settings.NAMES) <= set(named)
    for name, row in rows:
        assert len([cell for cell in cells(row) if cell]) == 3, f"{name}: {row}"


def test_the_defaults_in_the_table_are_those_of_the_code():
    defaults = dict(
        re.findall(r'_env\("(BOT_\w+)", "([^"]+)"\)', text_of(ROOT / "bot" / "settings.py"))
    )
    rows = {name: cells(row)[0] for name, row in _ROW.findall(SETTINGS)}
    assert len(defaults) > 8
    for name, default in defaults.items():
        assert rows[name] == f"`{default}`", name


def test_no_document_names_a_setting_that_nobody_reads():
    known = {*settings.NAMES, *names_in(launcher_section())}
    for path in (*DOCUMENTS, ROOT / ".env.example"):
        assert names_in(text_of(path)) <= known, path.name


def test_every_name_that_the_code_uses_is_documented():
    code = [
        path
        for part in ("bot", "nlu", "knowledge", "voice")
        for path in (ROOT / part).rglob("*.py")
    ]
    used = set[str]()
    for path in (*code, *(ROOT / "nlu").glob("*.yml"), ROOT / "config.yml"):
        used |= names_in(text_of(path))
    assert used <= names_in(SETTINGS)
    internal = {name for name, _ in _ROW.findall(SETTINGS)} - set(settings.NAMES)
    assert internal == used - set(settings.NAMES)
    assert internal <= names_in(launcher_section())


def test_every_make_target_that_a_document_names_exists(document: Path):
    assert made_in(text_of(document)) <= make_targets()


def test_both_readmes_name_the_same_targets_and_the_main_ones():
    english, chinese = (made_in(text_of(path)) for path in READMES)
    assert english == chinese
    assert {"run", "test", "check", "bench", "soak", "train"} <= english


def test_every_command_that_a_document_names_exists_with_its_options(document: Path):
    known = commands()
    for name, rest in _COMMAND.findall(text_of(document)):
        assert name in known, name
        options = set(known[name]._option_string_actions)
        assert name == "manage" or set(_OPTION.findall(rest)) <= options, name + rest


def test_both_readmes_name_every_command():
    for readme in READMES:
        named = {name for name, _ in _COMMAND.findall(text_of(readme))}
        assert named == set(commands()), readme.name


def test_every_module_that_a_document_runs_exists(document: Path):
    for name in set(re.findall(r"python -m ((?:knowledge|nlu|tests)[\w.]*\w)", text_of(document))):
        spec = find_spec(name)
        assert spec is not None, name
        assert spec.origin, name
        runs = '__name__ == "__main__"' in text_of(Path(spec.origin))
        assert runs or find_spec(f"{name}.__main__"), f"{name} has nothing to run"


def test_every_link_and_picture_is_there(document: Path):
    for link in links_in(text_of(document)):
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        assert target.exists(), link
        assert ROOT in target.parents, f"{link} leaves the project"
        if anchor:
            assert anchor in headings(target), link


def pictures_of() -> list[Path]:
    return sorted(p for p in (ROOT / "docs" / "pictures").rglob("*") if p.is_file())


def test_pictures_are_small_and_well_formed():
    pictures = pictures_of()
    assert {"chat-phone.png", "chat-desk.png", "architecture.svg"} <= {p.name for p in pictures}
    for picture in pictures:
        assert picture.stat().st_size < LARGEST_PICTURE_BYTES, picture.name
        if picture.suffix == ".svg":
            ElementTree.parse(picture)


def test_every_picture_is_shown_somewhere():
    shown = {Path(link).name for path in DOCUMENTS for link in links_in(text_of(path))}
    assert {picture.name for picture in pictures_of()} <= shown


def test_documents_name_no_host_but_ours_and_no_path_of_a_machine(document: Path):
    text = text_of(document)
    for url in _URL.findall(text):
        host = urlsplit(url).hostname
        assert host is None or host in _OURS, url
    assert set(_HOST.findall(text)) <= _OURS
    assert not _MACHINE_PATH.findall(text)


def test_every_endpoint_that_a_document_names_is_served(document: Path):
    for endpoint in set(_ENDPOINT.findall(text_of(document))):
        path = re.sub(r"\{\w+\}", "SB13", endpoint)
        try:
            resolve(path, urlconf="bot.urls")
        except Resolver404:
            assert path == endpoint.PATH


def test_what_runs_on_every_submission_checks_and_tests():
    lines = text_of(ROOT / ".ci" / "run").splitlines()
    assert {"make check", "make test"} <= set(lines)
    assert {line.removeprefix("make ") for line in lines if line.startswith("make ")} == {
        target
        for target in ("system-deps", "venv", "check", "test")
        if f"`make {target}`" in text_of(READMES[0])
    }


def test_the_changelog_tells_of_this_version_in_two_headings():
    project = text_of(ROOT / "pyproject.toml")
    version = re.search(r'^version = "([^"]+)"', project, re.MULTILINE)
    assert version is not None
    newest = text_of(ROOT / "CHANGELOG.md").split("\n## ")[1]
    assert newest.startswith(f"{version[1]} ")
    assert re.findall(r"^### (.+)$", newest, re.MULTILINE) == ["Improvements", "Bug fixes"]


def test_the_documents_for_clerks_and_authors_are_linked_from_the_readmes():
    for readme in READMES:
        linked = {link.partition("#")[0] for link in links_in(text_of(readme))}
        others = {str(p.relative_to(ROOT)) for p in DOCUMENTS if p not in READMES}
        assert others <= linked, readme.name
