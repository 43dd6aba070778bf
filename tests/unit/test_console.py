"""The console's files: served as they are, under a strict policy, and complete in every language."""

import re
import shutil
import subprocess
from collections import Counter

import pytest

from rapor.errors import NotFound
from rapor.http.console import CONTENT_TYPES, Console
from rapor.http.gateway import Request, Response
from tests.builders import ROOT, load_event

FOLDER = ROOT / "functions/read_report/static/console"
BUCKET = "https://documents.s3.eu-central-1.amazonaws.com"
MODULES = sorted(FOLDER.glob("*.js"))
LANGUAGES = ("en", "tr")
MOST_AT_ONCE = 12  # each may start a function of its own; start.js tries again where an account may not run so many


def served(event: str, **path: str) -> Response:
    return Console(FOLDER, lambda: BUCKET)(Request.from_event({**load_event(event), "pathParameters": path}))


def words(language: str) -> dict[str, str]:
    return dict(re.findall(r'^  "?([\w.]+)"?:\s+"(.*)",$', (FOLDER / f"{language}.js").read_text(), re.MULTILINE))


def imported(module: str) -> set[str]:
    return set(re.findall(r'(?:from|import\() ?"\./(\w+\.js)"', (FOLDER / module).read_text()))


def test_the_page_may_load_our_files_and_documents_and_nothing_else() -> None:
    headers = served("read_report/get_console.json").headers

    policy = dict(it.split(" ", 1) for it in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "font-src", "img-src")} == {"'self'"}
    assert policy["connect-src"] == f"'self' {BUCKET}"
    assert policy["frame-src"] == "blob:"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir() if path.suffix in CONTENT_TYPES))
def test_every_file_is_served_as_it_is(name: str) -> None:
    answer = served("read_report/get_console_file.json", file=name)

    assert answer.body == (FOLDER / name).read_bytes()
    assert answer.headers["Content-Type"] == CONTENT_TYPES[f".{name.rpartition('.')[2]}"]


@pytest.mark.parametrize("name", ["", "README.md", "newsreader-LICENSE.txt", "../docs.html", "APP.JS", "app"])
def test_no_other_file_is_served(name: str) -> None:
    with pytest.raises(NotFound):
        served("read_report/get_console_file.json", file=name)


def test_nothing_is_asked_of_others_and_nothing_is_inline() -> None:
    page = (FOLDER / "index.html").read_text()

    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert {it for it in addresses if it != "docs"} <= {f"console/{path.name}" for path in FOLDER.iterdir()}
    assert re.findall(r"<script[^>]*>[^<]+|<style|\son\w+=|style=", page) == []
    for path in [*MODULES, *FOLDER.glob("*.css")]:
        assert re.findall(r"https?://|innerHTML|@import|eval\(", path.read_text()) == [], path.name


def test_every_import_is_there_and_everything_is_imported() -> None:
    found = {"start.js"}.union(*(imported(path.name) for path in MODULES))

    assert found == {path.name for path in MODULES}


def test_a_browser_asks_for_few_files_at_once() -> None:
    seen, wave = {"start.js"}, {"start.js"}
    while wave:
        wave = set().union(*(imported(name) for name in wave)) - seen
        seen |= wave

        assert len(wave) <= MOST_AT_ONCE


def test_all_languages_have_the_same_words_with_the_same_gaps() -> None:
    gaps = [
        {key: Counter(re.findall(r"\{\w+\}", text)) for key, text in words(language).items()} for language in LANGUAGES
    ]

    assert len(gaps[0]) > 200
    assert gaps[0] == gaps[1]


def test_every_word_asked_for_is_there_and_none_is_idle() -> None:
    code = "\n".join(path.read_text() for path in MODULES if path.stem not in LANGUAGES)
    asked = set(re.findall(r'\bt\(\s*(?:\w+ \? )?"([\w.]+)"', code))
    named = set(re.findall(r'"([\w.]+)"', code))
    made = tuple(f"{it}." for it in re.findall(r"`([\w.]+)\.\$\{", code))

    named |= {f"{it}_one" for it in re.findall(r'plural\("([\w.]+)"', code)}

    known = words("en").keys() - {"name"}
    assert asked - known == set()
    assert [it for it in known if it not in named and not it.startswith(made)] == []


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_modules_are_javascript() -> None:
    for path in MODULES:
        subprocess.run(["node", "--check", "--input-type=module"], input=path.read_bytes(), check=True)
