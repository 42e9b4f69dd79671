"""What the commands hand on, and when they ask the server to publish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot import __main__ as commands
from bot import spreadsheets


def run(*arguments: str) -> int:
    """``python -m bot …`` in this process."""
    given = commands._parser().parse_args(arguments)
    code: int = given.run(given)
    return code


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that asked to publish; the server refuses each time."""
    asked: list[str] = []

    def publish(given: Any) -> int:
        asked.append(given.command)
        return 1

    monkeypatch.setattr(commands, "_publish", publish)
    return asked


def imports(monkeypatch: pytest.MonkeyPatch, stored: int | None) -> list[dict[str, Any]]:
    """The import stores so many guides, or finds errors."""
    given: list[dict[str, Any]] = []

    def import_items(source: Path, **more: Any) -> int | None:
        given.append({"source": source, **more})
        return stored

    monkeypatch.setattr(spreadsheets, "import_items", import_items)
    return given


def test_what_an_import_stored_is_published_at_once(
    monkeypatch: pytest.MonkeyPatch, published: list[str]
) -> None:
    imports(monkeypatch, 2)
    assert run("import-items", "a.xlsx") == 1
    assert published == ["import-items"]


@pytest.mark.parametrize(("stored", "code"), [(0, 0), (None, 1)])
def test_an_import_that_stored_nothing_publishes_nothing(
    monkeypatch: pytest.MonkeyPatch, published: list[str], stored: int | None, code: int
) -> None:
    imports(monkeypatch, stored)
    assert run("import-items", "a.xlsx") == code
    assert published == []


@pytest.mark.parametrize(
    ("flags", "is_dry_run", "shows_all"),
    [((), False, False), (("--dry-run",), True, False), (("--all-rows",), False, True)],
)
def test_an_import_is_told_whether_to_try_and_what_to_show(
    monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], is_dry_run: bool, shows_all: bool
) -> None:
    given = imports(monkeypatch, 0)
    run("import-items", "a.xlsx", *flags)
    assert given == [{"source": Path("a.xlsx"), "is_dry_run": is_dry_run, "shows_all": shows_all}]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((), ([], "guide")),
        (("--items", "SB13", "GG08"), (["SB13", "GG08"], "guide")),
        (("--form", "exchange"), ([], "exchange")),
    ],
)
def test_an_export_is_told_which_guides_and_in_which_form(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], wanted: tuple[list[str], str]
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(spreadsheets, "export_items", lambda *more: given.append(more) or 7)
    assert run("export-items", "a.xlsx", *arguments) == 7
    assert given == [(Path("a.xlsx"), *wanted)]


def test_a_form_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("export-items", "a.xlsx", "--form", "pdf")
    assert "pdf" in capsys.readouterr().err
