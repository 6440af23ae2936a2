"""The report in a real browser with the network shut: nothing is fetched, everything is drawn, anybody can read it."""

# ruff: noqa: F401, F811 (fixtures are imported by name)

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_report import SCRIPT, Built, built
from playwright.sync_api import Browser, Page, sync_playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("Chromium is not installed; run `make browser` (or install the package 'chromium').")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield started
        started.close()


class Visit:
    """A page opened with the network shut, with what went wrong on it."""

    def __init__(self, page: Page, address: str, *, scripts: bool) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.route("**/*", self._let_through)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.goto(address)
        if scripts:
            page.wait_for_function("document.documentElement.dataset.ready === '1'")

    def _let_through(self, route: Any) -> None:
        if re.match("(file|data|blob):", route.request.url):
            route.continue_()
        else:
            self.requests.append(route.request.url)
            route.abort()

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()


def visit(browser: Browser, built: Built, size: dict[str, int], *, scheme: str = "light", scripts: bool = True) -> Visit:
    context = browser.new_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts, offline=True)
    return Visit(context.new_page(), f"file://{built.folder / 'report.html'}", scripts=scripts)


@pytest.fixture(scope="module")
def wide(browser: Browser, built: Built) -> Visit:
    return visit(browser, built, WIDE)


def test_nothing_is_fetched_and_nothing_fails(wide: Visit) -> None:
    assert wide.requests == [] and wide.errors == []


def test_every_figure_is_live(wide: Visit) -> None:
    assert wide.count("figure.drawn") >= 14
    assert wide.count('figure.drawn[data-live="1"]') == wide.count("figure.drawn")
    assert wide.count("figure[data-err]") == 0


def test_every_figure_has_title_caption_table_and_words(wide: Visit) -> None:
    figures = wide.count("figure.drawn")
    for part in (".figure-title", "figcaption", "details.table table", '.chart svg[role="img"][aria-label]'):
        assert wide.count(f"figure.drawn {part}") == figures, part


def test_no_word_of_the_exports_runs(wide: Visit) -> None:
    assert wide.page.evaluate("window.pwned === undefined")
    assert SCRIPT in wide.page.locator("#chapter-retention").inner_text()


def test_the_policy_stops_scripts_that_are_not_ours(browser: Browser, built: Built) -> None:
    page = visit(browser, built, WIDE).page
    page.evaluate("document.body.appendChild(Object.assign(document.createElement('script'), {textContent: 'window.pwned = 1'}))")
    assert page.evaluate("window.pwned === undefined")


def test_without_scripts_every_figure_is_a_still_picture(browser: Browser, built: Built) -> None:
    still = visit(browser, built, WIDE, scripts=False)
    assert still.count("figure.drawn .chart > svg") == still.count("figure.drawn") >= 14
    assert still.requests == []


def test_worst_findings_and_open_questions_stand_on_the_first_screen(wide: Visit) -> None:
    for selector in (".tile.not-satisfied", ".findings > li:nth-child(5)", ".open h3", ".open summary"):
        box = wide.page.locator(f"#verdict {selector}").first.bounding_box()
        assert box is not None and box["y"] + box["height"] <= WIDE["height"], selector


def test_a_finding_leads_to_its_criterion(browser: Browser, built: Built) -> None:
    page = visit(browser, built, WIDE).page
    page.locator("#verdict .findings .finding").first.click()
    page.wait_for_function("location.hash.startsWith('#criterion-')")
    assert page.evaluate("document.getElementById(location.hash.slice(1)).getBoundingClientRect().top < innerHeight")


def test_a_link_into_a_fold_opens_it(browser: Browser, built: Built) -> None:
    page = visit(browser, built, WIDE).page
    page.locator("#verdict .open summary").last.click()
    page.locator("#verdict .open details[open] li a").last.click()
    page.wait_for_function("document.getElementById(location.hash.slice(1))?.closest('details')?.open === true")


def test_code_is_hidden_and_one_click_away(wide: Visit) -> None:
    assert wide.count("details.code") > 20
    assert wide.count("details.code[open]") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_accessible(browser: Browser, built: Built, size: dict[str, int], scheme: str) -> None:
    page = visit(browser, built, size, scheme=scheme).page
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_prints_on_a4(browser: Browser, built: Built) -> None:
    page = visit(browser, built, WIDE).page
    pdf = page.pdf(prefer_css_page_size=True, tagged=True)
    assert pdf.startswith(b"%PDF")
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf))
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}
