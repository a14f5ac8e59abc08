"""The app in a real browser: what a visitor sees, does, and gets wrong. Needs Chromium at its Debian path."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
HOSTILE = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>${window.hacked=1}"


class Visit:
    """A page that is open, and what it asked the network for."""

    def __init__(self, browser: Browser, url: str, size: dict[str, int], query: str = "") -> None:
        self.page: Page = browser.new_page(viewport=size)
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        self.page.goto(url + query)
        self.page.wait_for_selector(".lab-card")

    def card(self, model: str) -> Any:
        return self.page.locator(f".lab-card[data-model='{model}']")

    def upload(self, name: str, data: bytes, kind: str = "image/png") -> None:
        self.page.locator("#page input[type=file]").first.set_input_files(
            {"name": name, "mimeType": kind, "buffer": data}
        )

    def example(self, question: str) -> None:
        self.page.get_by_role("button", name=question).click()

    def stop(self) -> None:
        self.page.locator("#stop").click()

    def compare(self) -> None:
        """Press the button and wait for another finished comparison."""
        self.page.locator("#compare").click()
        self.page.wait_for_selector(".lab-board[data-finished=no]")
        self.page.wait_for_selector(".lab-board[data-finished=yes]")


@pytest.fixture
def visit(browser: Browser, server: Any) -> Iterator[Callable[..., Visit]]:
    open_pages: list[Visit] = []

    def opened(size: dict[str, int] = DESK, query: str = "") -> Visit:
        open_pages.append(Visit(browser, server.url, size, query))
        return open_pages[-1]

    yield opened
    for each in open_pages:
        assert not each.errors
        each.page.close()


def test_the_first_screen_has_an_answered_example_and_asks_nobody_else(
    visit: Callable[..., Visit], server: Any
) -> None:
    here = visit()
    for model in ("tiny", "tiny-50", "tiny-75"):
        expect(here.card(model)).to_be_in_viewport()
        expect(here.card(model).locator("dl")).to_contain_text("tokens/s")
    expect(here.card("tiny").locator(".answer")).to_have_text('{"Q1": 11, "Q2": 82, "Q3": 10, "Q4": 14}')
    expect(here.card("tiny-75").locator("ins").first).to_be_visible()
    expect(here.page.locator("svg.page").first).to_be_visible()
    assert here.asked and all(url.startswith((server.url, "data:", "blob:")) for url in here.asked)


def test_an_example_is_one_click_away_and_can_be_stopped(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.example("Table to Markdown.")
    here.page.wait_for_selector(".lab-card.reading")
    here.stop()
    here.page.wait_for_selector(".lab-board[data-finished=stopped]")
    assert not here.page.locator(".reading, .waiting, .caret").count()
    expect(here.card("tiny").locator(".answer")).to_contain_text("|")  # what was read stays
    expect(here.page.locator("#panel-0")).to_have_text("Stopped before everybody had read.")


@pytest.mark.parametrize("stopped", [True, False])
def test_the_next_comparison_takes_over(visit: Callable[..., Visit], stopped: bool) -> None:
    here = visit()
    for _ in range(2):  # the second one can be stopped as well
        here.example("Table to Markdown.")
        here.page.wait_for_selector(".lab-card.reading")
        if stopped:
            here.stop()
    here.example("Value of Swanson?")
    expect(here.card("tiny").locator(".answer")).to_have_text("6357")
    here.page.wait_for_selector(".lab-board[data-finished=yes]")
    expect(here.page.locator("#question textarea, #question input")).to_have_value("Value of Swanson?")
    expect(here.page.locator("#panel-0")).to_contain_text("token by token")


def test_upload_ask_compare_and_change_the_stride(
    visit: Callable[..., Visit], page: Image.Image, encode_as: Callable[..., bytes]
) -> None:
    here = visit()
    here.page.locator("#page").get_by_label("Remove Image").click()
    here.upload("<img src=x onerror=window.hacked=1>.png", encode_as(page))
    here.page.get_by_role("button", name="Read the text", exact=True).click()
    here.page.get_by_label("50 % fewer (tiny-50)").uncheck()
    here.compare()
    expect(here.card("tiny").locator(".tokens")).to_contain_text("48 visual tokens")
    expect(here.card("tiny-75").locator(".tokens")).to_contain_text("12 visual tokens")
    expect(here.card("tiny-50")).to_have_count(0)
    here.page.get_by_label("50 % fewer (tiny-50)").check()
    here.page.get_by_label("75 % fewer (tiny-75)").uncheck()
    threshold = here.page.get_by_label("number input for Fall back below this confidence")
    expect(threshold).to_have_count(1)  # before it is shown, or Gradio would reset what is typed at once
    expect(threshold).to_be_hidden()
    here.page.get_by_text("Options", exact=True).click()
    threshold.fill("1")
    threshold.press("Tab")
    expect(threshold).to_have_value("1")
    here.page.locator("#question textarea, #question input").fill(HOSTILE)
    here.compare()
    expect(here.card("tiny-50").locator(".fallback")).to_contain_text("Fell back")
    expect(here.card("tiny-75")).to_have_count(0)
    here.page.get_by_role("tab", name="Visual tokens on the page").click()
    expect(here.page.get_by_text("a token covers 56 × 28 px of the page")).to_be_visible()
    here.page.get_by_role("tab", name="Save").click()
    with here.page.expect_download() as saved:
        here.page.get_by_role("link", name="Save as JSON").click()
    found = json.loads(Path(saved.value.path()).read_text())
    assert found["question"] == HOSTILE and [model["model"] for model in found["models"]] == ["tiny", "tiny-50"]
    assert here.page.evaluate("window.hacked") is None


def test_mistakes_are_told(visit: Callable[..., Visit], encode_as: Callable[..., bytes]) -> None:
    here = visit()
    toast = here.page.get_by_test_id("toast-body")
    question = here.page.locator("#question textarea, #question input")
    question.fill("<IMG_CONTEXT>")
    here.page.locator("#compare").click()
    expect(toast.last).to_contain_text("the question contains <IMG_CONTEXT>, which only")
    question.fill("Read the text.")
    here.page.locator("#page").get_by_label("Remove Image").click()
    here.page.locator("#compare").click()
    expect(toast.last).to_contain_text("upload a page first")
    here.upload("sliver.png", encode_as(Image.new("L", (20000, 1))))
    here.page.locator("#page img").wait_for()
    here.page.locator("#compare").click()
    expect(toast.last).to_contain_text("this file has 20000 × 1 pixels")
    expect(here.page.locator(".lab-board")).to_have_attribute("data-finished", "yes")  # what was there stays


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_sees_all_of_it_in_readable_colours(visit: Callable[..., Visit], theme: str) -> None:
    here = visit(PHONE, f"?__theme={theme}")
    assert here.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(here.card("tiny").locator(".tokens")).to_be_in_viewport()
    weak = here.page.evaluate(CONTRAST)
    assert not weak, weak


CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('.lab-card *, .lab-header *, .lab-panel > p, #compare, #question label span')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)
    .map(e => [e.className || e.tagName, light(parse(getComputedStyle(e).color)), light(ground(e))])
    .map(([name, a, b]) => [name, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)])
    .filter(([, ratio]) => ratio < 4.5);
}"""
"""Texts whose contrast is below what WCAG AA asks."""
