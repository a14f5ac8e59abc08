"""The report in a real browser: nothing sticks out on a phone, tables sort, pages are chosen, no network."""

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from fcotvl_hf.eval_harness.plots import curves, radar
from fcotvl_hf.eval_harness.report import Example, answer, render_report
from fcotvl_hf.eval_harness.token_grid import token_grid

HOSTILE = "<img src=x onerror=window.hacked=1>"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a report of four models."""
    rows = [
        {
            "label": label,
            "kind": kind,
            "tokens_per_image": 40.0,
            "tokens_over_layers": 40.0,
            "tasks": {"tiny-a": score, "tiny-b": score},
        }
        | {"score": score, "retention": score, "difference": [0.0, 0.1], "prefill_ratio": 1.0, "kv_ratio": 1.0}
        for label, kind, score in (
            ("teacher", "teacher", 0.9),
            ("student", "student", 0.5),
            ("a rival with a name that does not end, keep:0.5,window=square,layer=1", "baseline", 0.1),
            (HOSTILE, "baseline", 0.7),
        )
    ]
    record = {"prediction": f"Total {HOSTILE}", "score": 0.4, "confidence": [["Total ", 0.99], [HOSTILE, 0.3]]}
    answers = [answer(row["label"], row["kind"], record, "Total 128") for row in rows]
    worse = [answer("student", "student", record | {"score": 0.3}, "Total 128")]
    page = Image.new("RGB", (224, 112), "white")
    grid = token_grid("student", page.size, 8, (1, 2), 112, 1, 4)
    examples = [
        Example("a", page, HOSTILE, "Total 128", answers, [grid]),
        Example("b", page, HOSTILE, "Total 128", answers, [grid]),
        Example("b", page, HOSTILE, "Total 128", [answers[0], *worse, *answers[2:]], [grid]),
    ]
    shares = {
        name: {"recognition": 1, "chart": 0.5, "table": share} for name, share in (("teacher", 1), ("rival", 0.2))
    }
    losses = curves({"run": ([1, 2], [3, 2])}, "step", "loss", "Losses")
    charts = [("Losses.", losses), ("Kept.", radar(shares))]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report("A report", {"seed": 0}, rows, charts, examples))
    return path.as_uri()


def _labels(page: Page) -> list[str]:
    return [cell.text_content() for cell in page.query_selector_all("tbody th")]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_and_nothing_is_fetched(browser: Browser, report: str, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(report)
    for summary in page.query_selector_all(".example:not([open]) > summary"):
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in asked if not url.startswith("data:")] == [report] and not errors
    assert page.evaluate("window.hacked") is None
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
    page.close()


def test_tables_sort_by_mouse_keyboard_and_list(browser: Browser, report: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(report)
    listed = _labels(page)
    page.click("thead button:has-text('score')")
    assert [label[:7] for label in _labels(page)] == ["teacher", "<img sr", "student", "a rival"]
    page.press("thead button:has-text('score')", "Enter")
    assert [label[:7] for label in _labels(page)] == ["a rival", "student", "<img sr", "teacher"]
    assert page.get_attribute("th:has-text('score')", "aria-sort") == "ascending"
    page.click("thead button:has-text('score')")
    assert _labels(page) == listed and page.locator("[aria-sort], .sorted").count() == 0
    page.close()
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(report)
    phone.select_option(".sort select", label="kept, highest first")
    assert _labels(phone)[1].startswith("<img")
    phone.select_option(".sort select", label="kept, lowest first")
    assert _labels(phone)[0].startswith("a rival")
    phone.select_option(".sort select", label="as listed")
    assert _labels(phone) == listed
    phone.close()


def test_rivals_are_folded_on_a_phone_and_charts_scroll_by_keyboard(browser: Browser, report: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(report)
    rivals, fold = page.locator("tr.baseline"), page.get_by_role("button", name="untrained rivals (2)")
    assert fold.get_attribute("aria-expanded") == "false" and rivals.first.is_hidden()
    fold.press("Enter")
    assert fold.get_attribute("aria-expanded") == "true" and rivals.first.is_visible()
    chart = page.get_by_role("region", name="Losses")
    chart.press("ArrowRight")
    page.wait_for_function("document.querySelector('.chart').scrollLeft > 0")
    kept = page.get_by_role("region", name="Share of the teacher's score")
    assert kept.evaluate("chart => chart.scrollWidth <= chart.clientWidth")
    fold.press("Enter")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert rivals.first.is_visible() and fold.is_hidden()
    page.close()


def test_pages_are_chosen_by_task_and_difference(browser: Browser, report: str) -> None:
    page = browser.new_page()
    page.goto(report)
    pages, count = page.locator(".example:visible > summary"), page.locator("#filter output")
    assert count.inner_text() == "3 of 3 pages"
    page.locator("#filter").get_by_label("Task").select_option("b")
    assert count.inner_text() == "2 of 3 pages" and pages.count() == 2
    page.get_by_label("only where a student differs").press("Space")
    assert count.inner_text() == "1 of 3 pages" and pages.inner_text() == "#3 b teacher 0.40 · student 0.30"
    page.locator("#filter").get_by_label("Task").select_option("a")
    assert count.inner_text() == "0 of 3 pages" and pages.count() == 0
    page.close()


def test_doubt_and_tokens_show_without_script(browser: Browser, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    assert page.locator("#filter").is_hidden() and page.locator(".example").count() == 3
    first = page.locator(".example[open]")
    assert first.locator(".sure").first.is_hidden() and first.locator(".grid").is_hidden()
    page.check("#mark input[value=doubt]")
    first.locator("input[value='1']").check()
    assert first.locator(".sure mark").first.is_visible() and first.locator(".diff").first.is_hidden()
    assert first.locator(".grid").is_visible()
    assert "student: 16" in first.inner_text()
    assert page.locator("table.models tbody tr").count() == 4
    context.close()
