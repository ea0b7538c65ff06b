"""The pages in a real browser: GraphiQL runs, in Chinese, from this server alone."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)

from server.pages.examples import Example, load_examples
from tenants.definition import Definition

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=375, height=667)
MILLISECONDS = 30_000
EXAMPLES = load_examples()

DOCS = "button[aria-label='Show Documentation Explorer']"
EXAMPLES_PANEL = "button[aria-label='Show 示例 Examples']"


def operation_name(example: Example) -> str:
    found = re.search(r"query (\w+)", example.query)
    assert found is not None
    return found.group(1)


@pytest.fixture(scope="module")
def browser(site: str) -> Iterator[Browser]:
    """The system's Chromium, without a way to any other machine."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is needed for the tests in a browser (Debian: chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@dataclass
class Seen:
    """What a page asked for and complained about."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        self.requests.append(request.url)

    def console(self, message: ConsoleMessage) -> None:
        """Violations of the content security policy are errors on the console too."""
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def error(self, error: Exception) -> None:
        self.complaints.append(str(error))


@pytest.fixture
def page(browser: Browser, site: str, tmp_path: Path) -> Iterator[Page]:
    """A page of a new visitor; afterwards it has asked no other host and complained of nothing."""
    context = browser.new_context(base_url=site, viewport=DESKTOP, locale="zh-CN")
    context.set_default_timeout(MILLISECONDS)
    opened, seen = context.new_page(), Seen()
    opened.on("request", seen.request)
    opened.on("console", seen.console)
    opened.on("pageerror", seen.error)
    yield opened
    opened.screenshot(path=tmp_path / "page.png")
    context.close()
    hosts = {
        urlsplit(url).netloc for url in seen.requests if not url.startswith(("data:", "blob:"))
    }
    assert (hosts, seen.complaints) == ({urlsplit(site).netloc}, [])


def open_graphiql(page: Page, address: str = "/graphiql") -> None:
    page.goto(address)
    expect(editor(page)).not_to_be_empty(timeout=MILLISECONDS)


def editor(page: Page) -> Locator:
    return page.locator(".graphiql-query-editor .view-lines")


def tabs(page: Page) -> Locator:
    return page.locator(".graphiql-tab-button")


def run(page: Page, operation: str) -> Locator:
    """Press the button that runs the operation; the place of the result.

    GraphiQL reads the editor with a delay, and until then sends the name of the operation before.
    """
    for _ in range(50):
        with page.expect_response(is_answer) as answered:
            page.locator(".graphiql-execute-button").click()
        if sent(answered.value)["operationName"] == operation:
            return page.locator(".result-window .view-lines")
    raise AssertionError(f"GraphiQL never ran {operation}")


def is_answer(response: Response) -> bool:
    """Whether it answers an operation of the editor."""
    at_graphql = urlsplit(response.url).path == "/graphql"
    return at_graphql and sent(response)["operationName"] != "IntrospectionQuery"


def sent(response: Response) -> dict[str, Any]:
    body: Any = response.request.post_data_json
    assert isinstance(body, dict)
    return body


def first_lines(site: str, example: Example) -> list[str]:
    """The short lines with Chinese among the first of an answer: GraphiQL draws and wraps lines."""
    body = {"query": example.query, "variables": json.loads(example.variables)}
    answer = httpx.post(f"{site}/graphql", json=body).json()
    assert "errors" not in answer
    shown = json.dumps(answer, ensure_ascii=False, indent=2).splitlines()[:25]
    return [line.strip() for line in shown if re.search("[一-鿿]", line) and len(line) < 40]


def test_a_tab_for_each_example(page: Page) -> None:
    """A new visitor finds every example in a tab, the first of them open."""
    open_graphiql(page)
    expect(tabs(page)).to_have_text([operation_name(example) for example in EXAMPLES])
    expect(editor(page)).to_contain_text(EXAMPLES[0].name)


@pytest.mark.parametrize("example", EXAMPLES, ids=operation_name)
def test_example_runs(page: Page, site: str, example: Example) -> None:
    """The button runs the example of a tab, and its answer is shown in Chinese."""
    open_graphiql(page)
    tabs(page).filter(has_text=re.compile(f"^{operation_name(example)}$")).click()
    expect(editor(page)).to_contain_text(example.name, timeout=MILLISECONDS)
    result = run(page, operation_name(example))
    lines = first_lines(site, example)
    assert lines != []
    for line in lines:
        expect(result).to_contain_text(line, timeout=MILLISECONDS)


def test_examples_panel(page: Page, site: str) -> None:
    """An example of the panel opens in a tab of its own, with its variables, and runs."""
    example = EXAMPLES[-1]
    open_graphiql(page)
    page.locator(EXAMPLES_PANEL).click()
    buttons = page.locator(".onegrid-examples button")
    expect(buttons).to_have_text([item.name for item in EXAMPLES])
    buttons.filter(has_text=example.name).click()
    expect(tabs(page)).to_have_count(len(EXAMPLES) + 1)
    expect(editor(page)).to_contain_text(example.name, timeout=MILLISECONDS)
    variables = page.locator(".graphiql-editor-tool .view-lines").first
    expect(variables).to_contain_text(json.loads(example.variables)["province"])
    result = run(page, operation_name(example))
    expect(result).to_contain_text(first_lines(site, example)[0], timeout=MILLISECONDS)


def test_docs_in_chinese(page: Page) -> None:
    """The documentation panel describes the schema in Chinese."""
    open_graphiql(page)
    page.locator(DOCS).click()
    docs = page.locator(".graphiql-doc-explorer")
    docs.get_by_role("link", name="Organization", exact=True).click()
    expect(docs.locator(".graphiql-doc-explorer-title")).to_have_text("Organization")
    expect(docs).to_contain_text("组织", timeout=MILLISECONDS)
    page.get_by_placeholder("Ctrl Alt K").fill("organizations")
    options = docs.get_by_role("option")
    expect(options.filter(has_text="City.organizations")).not_to_have_count(0)


def test_landing_page_leads_to_graphiql(page: Page, shipped: tuple[Definition, ...]) -> None:
    """The landing page names the cities; its links open GraphiQL with a query that runs."""
    page.goto("/")
    cities = [item.tenant.name for item in shipped if item.kind == "CITY"]
    expect(page.locator("th[scope=row]")).to_have_text(cities)
    city = cities[len(cities) // 2]
    for link, operation in (("层级", "Levels"), ("目录", "CatalogueForResidents")):
        page.goto("/")
        row = page.locator("tbody tr").filter(has_text=city)
        row.get_by_role("link", name=link, exact=True).click()
        expect(editor(page)).to_contain_text(f"query {operation}", timeout=MILLISECONDS)
        expect(run(page, operation)).to_contain_text(f'"name": "{city}"', timeout=MILLISECONDS)
    page.goto("/")
    page.get_by_role("link", name="省级总览").first.click()
    expect(editor(page)).to_contain_text("query ProvinceOverview", timeout=MILLISECONDS)
    result = run(page, "ProvinceOverview")
    expect(result).to_contain_text(f'"name": "{shipped[0].tenant.name}"', timeout=MILLISECONDS)


@pytest.mark.parametrize("width", [320, 375, 768, 1024])
def test_landing_page_on_narrow_screens(page: Page, width: int) -> None:
    """On a phone the landing page needs no scrolling to the side, and hides nothing."""
    page.set_viewport_size(ViewportSize(width=width, height=PHONE["height"]))
    page.goto("/")
    expect(page.locator("tbody td, tbody th")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cut = page.locator("tbody td, tbody th").evaluate_all(
        "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth"
        " || !cell.checkVisibility()).map(cell => cell.textContent)"
    )
    assert cut == []
