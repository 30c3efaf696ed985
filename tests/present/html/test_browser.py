"""The page in a real browser: Debian's chromium, headless, and axe-core's rules. One browser for all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azext_acrpulldiag.present.html import page

from . import pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROJECT = Path(__file__).parents[3]
WIDTHS = (400, 1400)
SEVERAL, OF_THEM = "several reports", ("healthy", "inconclusive", "one cause")
KINDS = (*pages.KINDS, SEVERAL)
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
CONTRAST = "color-contrast"
AXE = """async asked => (await axe.run({resultTypes: ['violations'], ...asked})).violations.map(
    each => each.id + ': ' + each.nodes.slice(0, 3).map(node => node.html).join(' | '))"""
SELECTED = """() => {
    const selection = getSelection();
    selection.selectAllChildren(document.querySelector('pre'));
    return selection.toString();
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, which asks nobody for anything of its own."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed for this Python")
    with sync_api.sync_playwright() as driver:
        # Root, as which pipelines run, may not use the sandbox.
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The rules of axe-core, which ``make axe`` fetches."""
    found = sorted((PROJECT / "build").glob("axe-core-*/axe.min.js"))
    if not found:
        pytest.skip("axe-core is not installed (make axe)")
    return found[-1].read_text(encoding="utf-8")


def text_of(kind: str) -> str:
    return page([pages.reported(each) for each in (OF_THEM if kind == SEVERAL else (kind,))])


@contextmanager
def opened(browser: Browser, text: str, folder: Path, **options: Any) -> Iterator[Page]:
    """The page from a file, as somebody opens it; no complaint is on its console, and it asked for nothing else."""
    file = folder / "report.html"
    file.write_text(text, encoding="utf-8")
    context = browser.new_context(**options)
    shown, said, asked = context.new_page(), [], []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("dialog", lambda dialog: said.append(dialog.message))
    shown.goto(file.as_uri())
    try:
        yield shown
    finally:
        context.close()
    assert said == []
    assert asked == [file.as_uri()]


def wider_than_the_window(shown: Page) -> int:
    found: int = shown.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_no_rule_of_axe_is_broken(kind: str, browser: Browser, axe: str, tmp_path: Path) -> None:
    """On a wide page as it opens, and on a narrow one with all that can be opened; in both schemes."""
    with opened(browser, text_of(kind), tmp_path, viewport={"width": WIDTHS[1], "height": 900}) as shown:
        shown.evaluate(axe)
        assert wider_than_the_window(shown) <= 0
        assert shown.evaluate(AXE, {"rules": {CONTRAST: {"enabled": False}}}) == []
        shown.set_viewport_size({"width": WIDTHS[0], "height": 900})
        assert wider_than_the_window(shown) <= 0
        shown.evaluate(OPEN_ALL)
        assert wider_than_the_window(shown) <= 0
        assert shown.evaluate(AXE, {}) == []
        shown.emulate_media(color_scheme="dark")  # what differs then are colours
        assert shown.evaluate(AXE, {"runOnly": [CONTRAST]}) == []


def test_the_fault_is_seen_without_colour(browser: Browser, tmp_path: Path) -> None:
    """By its word, and by a shape that no other state has."""
    with opened(browser, text_of("12 pools"), tmp_path) as shown:
        rows = shown.locator("li.hop.blocks > details > summary")
        assert rows.count() == 6
        assert all("Blocks" in each for each in rows.all_inner_texts())
        shape = "each => document.querySelector(each.querySelector('use').href.baseVal + ' .shape').getAttribute('d')"
        of_state = {
            state: shown.locator(f"li.hop.{state} .mark").first.evaluate(shape) for state in ("blocks", "works")
        }
        assert len(set(of_state.values())) == len(of_state)


def test_a_hop_opens_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, text_of("12 pools"), tmp_path) as shown:
        hop = shown.locator("li.hop.works > details").first
        assert hop.get_attribute("open") is None
        hop.locator("summary").focus()
        shown.keyboard.press("Enter")
        assert hop.get_attribute("open") == ""
        shown.keyboard.press("Tab")
        assert shown.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_screen_reader_hears_the_way_as_a_list(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, text_of("several causes"), tmp_path) as shown:
        heard = shown.locator("article.way").first.aria_snapshot()
    assert "heading" in heard
    assert "- list:" in heard
    assert heard.count("listitem") > 4
    assert "Firewall fw-hub Blocks" in heard


@pytest.mark.parametrize("width", WIDTHS)
def test_a_command_is_copied_as_it_is(width: int, browser: Browser, tmp_path: Path) -> None:
    report = pages.reported("several causes")
    with opened(browser, page([report]), tmp_path, viewport={"width": width, "height": 900}) as shown:
        copied = shown.evaluate(SELECTED)
    command = report["rootCauses"][0]["remedies"][0]["command"]
    assert " ".join(copied.replace(" \\\n", " ").split()) == command


def test_names_keep_their_direction(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, text_of("right to left"), tmp_path) as shown:
        title = shown.locator("h1")
        assert title.evaluate("each => getComputedStyle(each).direction") == "ltr"
        assert title.locator("bdi").first.evaluate("each => each.matches(':dir(rtl)')")


def test_it_prints(browser: Browser, tmp_path: Path) -> None:
    """On paper nothing is cut off, and what is closed on the screen is there."""
    with opened(browser, text_of("several causes"), tmp_path, viewport={"width": 720, "height": 1000}) as shown:
        assert shown.pdf().startswith(b"%PDF")
        shown.emulate_media(media="print")
        assert wider_than_the_window(shown) <= 0
        assert shown.locator("article.cause > details dd").first.is_visible()
        assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_what_a_cluster_says_runs_nowhere(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, text_of("hostile names"), tmp_path) as shown:
        assert shown.locator("script, img, iframe").count() == 0
        assert "alert(1)" in shown.locator("body").inner_text()
