"""The pages in a real browser: GraphiQL runs, in Chinese, from this server alone."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    Route,
    ViewportSize,
    expect,
    sync_playwright,
)

from server.pages.examples import Example, load_examples
from server.pages.explorer import PERSONAS
from tenants.definition import Definition
from tests.server.processes import serving

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
VIEWER = quote("query Viewer { viewer { role } }")

DOCS = "button[aria-label='Show Documentation Explorer']"
EXAMPLES_PANEL = "button[aria-label='Show 示例 Examples']"


@pytest.fixture(scope="module")
def browser(site: str, demo_url: str) -> Iterator[Browser]:
    """The system's Chromium, without a way to any other machine.

    Playwright keeps a loop running, so what loads by one of its own is there before.
    """
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


@contextmanager
def visiting(browser: Browser, site: str, screenshot: Path) -> Iterator[tuple[Page, Seen]]:
    """A page of a new visitor; afterwards it has asked no other host."""
    context = browser.new_context(base_url=site, viewport=DESKTOP, locale="zh-CN")
    context.set_default_timeout(MILLISECONDS)
    opened, seen = context.new_page(), Seen()
    opened.on("request", seen.request)
    opened.on("console", seen.console)
    opened.on("pageerror", seen.error)
    yield opened, seen
    opened.screenshot(path=screenshot)
    context.close()
    hosts = {
        urlsplit(url).netloc for url in seen.requests if not url.startswith(("data:", "blob:"))
    }
    assert hosts == {urlsplit(site).netloc}


@pytest.fixture
def page(browser: Browser, site: str, tmp_path: Path) -> Iterator[Page]:
    """A page of a new visitor; afterwards it has complained of nothing."""
    with visiting(browser, site, tmp_path / "page.png") as (opened, seen):
        yield opened
    assert seen.complaints == []


@pytest.fixture(scope="module")
def demo_site(
    demo_url: str, demo_keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a real server in demo mode."""
    folder = tmp_path_factory.mktemp("demo")
    with serving(
        cwd=folder,
        database_url=demo_url,
        personal_keys=demo_keys,
        demo=True,
        data=folder / "var",
        log_level="warning",  # nobody reads what it says, and a full pipe would stop it
    ) as server:
        yield server.url


@pytest.fixture
def demo(browser: Browser, demo_site: str, tmp_path: Path) -> Iterator[Page]:
    """A page of a new visitor of the demo; afterwards it has complained of nothing."""
    with visiting(browser, demo_site, tmp_path / "page.png") as (opened, seen):
        yield opened
    assert seen.complaints == []


def open_graphiql(page: Page, address: str = "/graphiql") -> None:
    page.goto(address)
    expect(editor(page)).not_to_be_empty(timeout=MILLISECONDS)


def editor(page: Page) -> Locator:
    return page.locator(".graphiql-query-editor .view-lines")


def tabs(page: Page) -> Locator:
    return page.locator(".graphiql-tab-button")


def run(page: Page, operation: str) -> Locator:
    """Press the button that runs the operation; the place of the result."""
    answer_to(page, operation)
    return page.locator(".result-window .view-lines")


def answer_to(page: Page, operation: str, **headers: str) -> Response:
    """Press the button that runs the operation; the answer.

    GraphiQL reads its editors with a delay, and until then sends the name of the operation
    before, and the headers before these.
    """
    for _ in range(50):
        with page.expect_response(is_answer) as answered:
            page.locator(".graphiql-execute-button").click()
        given = answered.value.request.headers
        if sent(answered.value)["operationName"] == operation and headers.items() <= given.items():
            return answered.value
    raise AssertionError(f"GraphiQL never ran {operation} with the headers {headers}")


def is_answer(response: Response) -> bool:
    """Whether it answers an operation of the editor."""
    at_graphql = urlsplit(response.url).path == "/graphql"
    return at_graphql and sent(response)["operationName"] != "IntrospectionQuery"


def sent(response: Response) -> dict[str, Any]:
    body: Any = response.request.post_data_json
    assert isinstance(body, dict)
    return body


def persona_select(page: Page) -> Locator:
    return page.get_by_role("combobox", name="身份", exact=True)


def purpose_box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="用途", exact=True)


def viewer(page: Page, address: str = "/graphiql") -> Response:
    """Open the query for the viewer at an address and run it; the answer."""
    mark = "&" if "?" in address else "?"
    open_graphiql(page, f"{address}{mark}query={VIEWER}")
    return answer_to(page, "Viewer")


def shown_role(page: Page, role: str) -> None:
    """Expect the role in the place of the result."""
    result = page.locator(".result-window .view-lines")
    expect(result).to_contain_text(f'"role": "{role}"', timeout=MILLISECONDS)


def chosen_headers(response: Response) -> dict[str, str | None]:
    """What the request said of who asks; a token as the name of its scheme."""
    given = response.request.headers
    token = given.get("authorization")
    return {
        "authorization": token and token.split(" ")[0],
        "accept-language": given.get("accept-language"),
        "x-purpose": given.get("x-purpose"),
    }


def ready_personas(site: str) -> list[dict[str, Any]]:
    """The personas that a server in demo mode offers."""
    found: list[dict[str, Any]] = httpx.get(f"{site}{PERSONAS}").json()["personas"]
    return found


def persona_of(site: str, role: str) -> dict[str, Any]:
    return next(item for item in ready_personas(site) if item["role"] == role)


def first_lines(site: str, example: Example) -> list[str]:
    """The short lines among the first of an answer, those with Chinese if there are any.

    GraphiQL draws only some lines, and wraps long ones.
    """
    body = {"query": example.query, "variables": json.loads(example.variables)}
    headers = {}
    if example.persona is not None:
        (token,) = (p["token"] for p in ready_personas(site) if p["key"] == example.persona)
        headers = {"authorization": f"Bearer {token}"}
    answer = httpx.post(f"{site}/graphql", json=body, headers=headers).json()
    assert "errors" not in answer
    shown = json.dumps(answer, ensure_ascii=False, indent=2).splitlines()[:25]
    short = [line.strip() for line in shown if len(line) < 40 and ":" in line]
    return [line for line in short if re.search("[一-鿿]", line)] or short


def test_a_tab_for_each_example(page: Page) -> None:
    """A new visitor finds every example in a tab, the first of them open."""
    open_graphiql(page)
    expect(tabs(page)).to_have_text([example.operation for example in EXAMPLES])
    expect(editor(page)).to_contain_text(EXAMPLES[0].name)


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=example.operation, marks=[] if n % 8 == 0 else [pytest.mark.soak])
        for n, example in enumerate(EXAMPLES)
    ],
)
def test_example_runs(demo: Page, demo_site: str, example: Example) -> None:
    """The button runs the example of a tab as its persona; its answer is shown."""
    open_graphiql(demo, f"/graphiql?persona={example.persona or 'public'}")
    tabs(demo).filter(has_text=re.compile(f"^{example.operation}$")).click()
    expect(editor(demo)).to_contain_text(example.name, timeout=MILLISECONDS)
    result = run(demo, example.operation)
    lines = first_lines(demo_site, example)
    assert lines != []
    for line in lines:
        expect(result).to_contain_text(line, timeout=MILLISECONDS)


@pytest.mark.soak
def test_examples_panel(page: Page, site: str) -> None:
    """An example of the panel opens in a tab of its own, with its variables, and runs."""
    (example,) = (item for item in EXAMPLES if item.operation == "Figures")
    open_graphiql(page)
    page.locator(EXAMPLES_PANEL).click()
    buttons = page.locator(".onegrid-examples button")
    expect(buttons).to_have_text([item.name for item in EXAMPLES])
    buttons.filter(has_text=example.name).click()
    expect(tabs(page)).to_have_count(len(EXAMPLES) + 1)
    expect(editor(page)).to_contain_text(example.name, timeout=MILLISECONDS)
    variables = page.locator(".graphiql-editor-tool .view-lines").first
    expect(variables).to_contain_text(json.loads(example.variables)["province"])
    result = run(page, example.operation)
    expect(result).to_contain_text(first_lines(site, example)[0], timeout=MILLISECONDS)


@pytest.mark.soak
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


@pytest.mark.soak
@pytest.mark.parametrize("width", [320, 1024])
@pytest.mark.parametrize("visitor", ["page", "demo"])
def test_landing_page_on_narrow_screens(
    request: pytest.FixtureRequest, visitor: str, width: int
) -> None:
    """On a phone the landing page needs no scrolling to the side, and hides nothing."""
    page: Page = request.getfixturevalue(visitor)
    page.set_viewport_size(ViewportSize(width=width, height=PHONE["height"]))
    page.goto("/")
    expect(page.locator("tbody td, tbody th")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cut = page.locator("tbody td, tbody th").evaluate_all(
        "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth"
        " || !cell.checkVisibility()).map(cell => cell.textContent)"
    )
    assert cut == []


def test_no_personas_outside_demo_mode(page: Page, site: str) -> None:
    """Outside demo mode nobody is offered a persona: not the pages, not the address."""
    response = viewer(page, "/graphiql?persona=city-admin-fushun")
    shown_role(page, "PUBLIC")
    expect(page.get_by_role("group", name="体验身份 Persona")).to_have_count(0)
    assert response.request.headers.get("authorization") is None
    page.goto("/")
    expect(page.locator("#personas, [href*=persona], script, form")).to_have_count(0)
    assert httpx.get(f"{site}{PERSONAS}").status_code == 404


def test_persona_is_chosen(demo: Page, demo_site: str) -> None:
    """Who asks is chosen in the bar, from the public and every city's personas."""
    assert chosen_headers(viewer(demo)) == {
        "authorization": None,
        "accept-language": "zh-CN",
        "x-purpose": None,
    }
    shown_role(demo, "PUBLIC")
    personas = [item for item in ready_personas(demo_site) if item["tenant"]]
    expect(persona_select(demo).locator("option")).to_have_text(
        ["公众(未登录)", *(item["nameZh"] for item in personas)]
    )
    groups = (
        persona_select(demo)
        .locator("optgroup")
        .evaluate_all("groups => groups.map(group => group.label)")
    )
    assert groups == list(dict.fromkeys(item["tenant"]["name"] for item in personas))
    worker = persona_of(demo_site, "GRID_WORKER")
    persona_select(demo).select_option(label=worker["nameZh"])
    response = answer_to(demo, "Viewer")
    shown_role(demo, "GRID_WORKER")
    assert chosen_headers(response)["authorization"] == "Bearer"
    parts = ["GRID_WORKER", worker["tenant"]["code"], worker["organization"]]
    expect(demo.get_by_role("status")).to_have_text(" · ".join(filter(None, parts)))
    persona_select(demo).select_option(label="公众(未登录)")
    assert chosen_headers(answer_to(demo, "Viewer"))["authorization"] is None
    shown_role(demo, "PUBLIC")


@pytest.mark.soak
def test_choice_outlives_a_reload(demo: Page, demo_site: str) -> None:
    """A reload keeps persona, purpose and language; no token is ever stored."""
    worker = persona_of(demo_site, "GRID_WORKER")
    viewer(demo)
    persona_select(demo).select_option(worker["key"])
    purpose_box(demo).fill("入户回访 100%")
    demo.get_by_role("combobox", name="语言", exact=True).select_option("English")
    demo.reload()
    expect(persona_select(demo)).to_have_value(worker["key"], timeout=MILLISECONDS)
    expect(purpose_box(demo)).to_have_value("入户回访 100%")
    response = answer_to(demo, "Viewer")
    shown_role(demo, "GRID_WORKER")
    headers = chosen_headers(response)
    assert unquote(headers.pop("x-purpose") or "") == "入户回访 100%"
    assert headers == {"authorization": "Bearer", "accept-language": "en"}
    stored = demo.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    token = response.request.headers["authorization"].removeprefix("Bearer ")
    assert (worker["key"] in stored, token in stored, "Bearer" in stored) == (True, False, False)


@pytest.mark.soak
def test_persona_in_the_address(demo: Page, demo_site: str) -> None:
    """The address chooses a persona once; one that is not there is the public, and is named."""
    admin, worker = (persona_of(demo_site, role) for role in ("CITY_ADMIN", "GRID_WORKER"))
    viewer(demo, f"/graphiql?persona={admin['key']}")
    shown_role(demo, "CITY_ADMIN")
    persona_select(demo).select_option(worker["key"])
    demo.reload()
    expect(persona_select(demo)).to_have_value(worker["key"], timeout=MILLISECONDS)
    viewer(demo, "/graphiql?persona=mayor-atlantis")
    shown_role(demo, "PUBLIC")
    expect(demo.get_by_role("status")).to_have_text("没有身份 mayor-atlantis,现为公众")


@pytest.mark.soak
def test_own_headers_win(demo: Page, demo_site: str) -> None:
    """A token in the headers tab counts, not the persona's."""
    admin, worker = (persona_of(demo_site, role) for role in ("CITY_ADMIN", "GRID_WORKER"))
    viewer(demo, f"/graphiql?persona={admin['key']}")
    shown_role(demo, "CITY_ADMIN")
    own = f"Bearer {worker['token']}"
    demo.get_by_role("button", name="Headers", exact=True).click()
    demo.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines").click()
    demo.keyboard.insert_text(json.dumps({"AUTHORIZATION": own}))
    answer_to(demo, "Viewer", authorization=own)
    shown_role(demo, "GRID_WORKER")


@pytest.mark.soak
def test_subscription(demo: Page, demo_site: str) -> None:
    """A subscription runs as the persona, shows what happens from then on, until it is stopped."""
    admin = persona_of(demo_site, "CITY_ADMIN")
    city = admin["tenant"]["code"]
    follow = f'subscription Follow {{ events(city: "{city}") {{ seq kind actor {{ role }} }} }}'
    open_graphiql(demo, f"/graphiql?persona={admin['key']}&query={quote(follow)}")
    expect(tabs(demo).filter(has_text="Follow")).to_be_visible(timeout=MILLISECONDS)
    button = demo.locator(".graphiql-execute-button")
    with demo.expect_websocket() as opened:
        button.click()
    result = demo.locator(".result-window .view-lines")
    headers = {"authorization": f"Bearer {admin['token']}", "x-purpose": quote("回访")}
    read = {"query": f'{{ city(code: "{city}") {{ people(first: 1) {{ nodes {{ name }} }} }} }}'}
    for _ in range(50):  # what happened before it had begun, it does not show
        httpx.post(f"{demo_site}/graphql", json=read, headers=headers).raise_for_status()
        if "PERSONAL_DATA_READ" in (result.text_content() or ""):
            break
        demo.wait_for_timeout(100)
    expect(result).to_contain_text('"role": "CITY_ADMIN"', timeout=MILLISECONDS)
    with opened.value.expect_event("close"):
        button.click()


@pytest.mark.soak
def test_refused_token(browser: Browser, demo_site: str, tmp_path: Path) -> None:
    """A persona's token that is refused is fetched anew, and the operation asked once more."""
    worker = persona_of(demo_site, "GRID_WORKER")
    spoiled = [f"{worker['token']}x"]

    def spoil_first(route: Route) -> None:
        answer = route.fetch()
        tokens = spoiled or [worker["token"]]
        personas = [{**worker, "token": tokens.pop()}]
        route.fulfill(response=answer, json={"personas": personas})

    with visiting(browser, demo_site, tmp_path / "page.png") as (page, seen):
        page.route(f"**{PERSONAS}", spoil_first)
        viewer(page, f"/graphiql?persona={worker['key']}")
        shown_role(page, "GRID_WORKER")
    assert [url for url in seen.requests if url.endswith(PERSONAS)] == [
        f"{demo_site}{PERSONAS}"
    ] * 2
    assert [text for text in seen.complaints if "401" not in text] == []


@pytest.mark.soak
def test_keyboard_reaches_the_bar_first(demo: Page) -> None:
    """The bar's three fields are the first stops of the tab key, in the order they are shown."""
    open_graphiql(demo)
    demo.evaluate("document.activeElement.blur()")
    stops = []
    for _ in range(3):
        demo.keyboard.press("Tab")
        stops.append(demo.evaluate("document.activeElement.labels[0].textContent"))
    assert stops == ["身份", "用途", "语言"]


@pytest.mark.soak
def test_landing_page_leads_to_a_persona(demo: Page, demo_site: str) -> None:
    """A persona of the landing page opens GraphiQL as that persona."""
    secretary = persona_of(demo_site, "SECRETARY")
    demo.goto("/")
    row = demo.locator("#personas tbody tr").filter(has_text=secretary["tenant"]["name"])
    row.get_by_role("link", name="书记", exact=True).click()
    expect(persona_select(demo)).to_have_value(secretary["key"], timeout=MILLISECONDS)
    viewer(demo)
    shown_role(demo, "SECRETARY")


@pytest.mark.soak
@pytest.mark.parametrize("clipboard", ["a secure origin", "an insecure origin"])
def test_token_is_copied(demo: Page, demo_site: str, clipboard: str) -> None:
    """The landing page copies a token that works, also where browsers give no clipboard."""
    worker = persona_of(demo_site, "GRID_WORKER")
    demo.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if clipboard == "an insecure origin":
        demo.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    demo.goto("/")
    demo.locator("#persona").select_option(worker["key"])
    demo.get_by_role("button", name="复制令牌").click()
    expect(demo.get_by_role("status")).to_contain_text(f"已复制{worker['nameZh']}的令牌")
    token = pasted(demo)
    assert token not in demo.content()
    answer = httpx.post(
        f"{demo_site}/graphql",
        json={"query": "{ viewer { role } }"},
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.json() == {"data": {"viewer": {"role": "GRID_WORKER"}}}


def pasted(page: Page) -> str:
    """What lies in the clipboard, as a paste into a page gives it."""
    other = page.context.new_page()
    other.goto("/readyz")
    other.set_content("<textarea></textarea>")
    other.locator("textarea").press("Control+V")
    text = other.locator("textarea").input_value()
    other.close()
    return text
