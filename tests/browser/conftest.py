"""A real browser, headless and without a network, and pages to open in it."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from pytest_tfroundtrip.report.html.page import page

from . import synthetic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webelement import WebElement

    from pytest_tfroundtrip.report.rows import Row

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH, HEIGHT = 1440, 1000
STARTED = datetime(2026, 11, 21, 22, 25, tzinfo=timezone.utc)


class Browser:
    """What a user does and sees."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, file: Path, hash_: str = "") -> None:
        """Open a page in what is as good as a new tab."""
        self.driver.get("about:blank")
        self.driver.get(f"{file.as_uri()}{hash_}")

    def go(self, hash_: str) -> None:
        """Another address of the page that is open; back when the page has heard of it."""
        self.driver.execute_async_script(
            "addEventListener('hashchange', () => setTimeout(arguments[1]), { once: true });"
            "location.hash = arguments[0]",
            hash_,
        )

    # Seeing

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """The text of an element, as it is seen."""
        return self.one(selector).text

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(f"return {script}", *arguments)

    def run_file(self, name: str, *arguments: Any, later: bool = False) -> Any:
        """What a script of this folder returns; ``later``: what it calls its argument with."""
        script = HERE.joinpath(name).read_text(encoding="utf-8")
        run = self.driver.execute_async_script if later else self.driver.execute_script
        return run(script, *arguments)

    @property
    def hash(self) -> str:
        hash_: str = self.run("decodeURIComponent(location.hash)")
        return hash_

    @property
    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element

    def wait(self, until: Callable[[], Any]) -> Any:
        return WebDriverWait(self.driver, 10, poll_frequency=0.02).until(lambda _: until())

    def drawer(self) -> str:
        """The text of the open drawer; empty where it is closed."""
        opened = self.all("#drawer[open]")
        return opened[0].text if opened else ""

    def place(self, saved: str, loaded: str) -> WebElement:
        """The place of the matrix at these heads."""
        rows = [each.get_attribute("aria-label") for each in self.all("#picture tbody th")]
        columns = [each.get_attribute("aria-label") for each in self.all("#picture thead th")]
        row, column = rows.index(saved), columns.index(loaded) - 1  # the corner
        return self.one(f'#picture [data-row="{row}"][data-column="{column}"]')

    def matrix(self) -> list[list[tuple[str | None, str, bool, bool]]]:
        """Of each place: look, text, whether something failed there, contradicts."""
        found: list[list[list[Any]]] = self.run(
            """[...document.querySelectorAll("#picture tbody tr")].map((row) =>
                [...row.querySelectorAll("td")].map((place) => [
                  place.dataset.look || null, place.textContent.trim(),
                  "failed" in place.dataset, "contradiction" in place.dataset]))"""
        )
        return [[(look, text, bad, known) for look, text, bad, known in row] for row in found]

    # Doing

    def press(self, *keys: str) -> None:
        """Keys, one after the other, into whatever has the focus."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def chord(self, modifier: str, key: str) -> None:
        """A key with another one held down."""
        chain = ActionChains(self.driver)
        chain.key_down(modifier).send_keys(key).key_up(modifier).perform()

    def choose(self, label: str, word: str) -> None:
        """Tick a word in the menu of a filter, and close it."""
        summary, item = self.run_file("find_word.js", label, word)
        summary.click()
        item.click()
        summary.click()

    # What the page must not do

    def requests(self) -> list[str]:
        """What was asked of anybody since the last call, the page itself left out."""
        told = [json.loads(each["message"])["message"] for each in self._log("performance")]
        refused = {  # by the page's own policy, before anything was sent
            each["params"]["requestId"]
            for each in told
            if each["method"] == "Network.loadingFailed"
            and each["params"].get("blockedReason") == "csp"
        }
        asked = [
            each["params"]["request"]["url"]
            for each in told
            if each["method"] == "Network.requestWillBeSent"
            and each["params"]["requestId"] not in refused
        ]
        return [url for url in asked if not url.startswith(("file:", "about:"))]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        log: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return log

    def complaints(self) -> list[str]:
        """What the console says since the last call."""
        return [each["message"] for each in self._log("browser")]

    def emulate(self, scheme: str = "light", media: str = "") -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def scripts(self, *, on: bool) -> None:
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not on})


@pytest.fixture(scope="session")
def session_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.fail(
            "these tests need Chromium and its chromedriver on PATH: scripts/browser installs them"
            " as root on Debian, `scripts/run tests --no-browser` does without",
            pytrace=False,
        )
    options = webdriver.ChromeOptions()
    options.binary_location = program
    chosen = [
        *("--headless=new", f"--window-size={WIDTH},{HEIGHT}", "--disable-gpu"),
        "--disable-dev-shm-usage",  # a container's is small
        f"--user-data-dir={tmp_path_factory.mktemp('browser')}",
        "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever a page asks for, nobody answers
        *("--disable-background-networking", "--no-first-run", "--disable-component-update"),
    ]
    if os.getuid() == 0:
        chosen.append("--no-sandbox")  # Chromium does not start for root otherwise
    for argument in chosen:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield Browser(started)
    finally:
        started.quit()


@pytest.fixture
def browser(session_browser: Browser) -> Iterator[Browser]:
    """The browser as it is when it was just started; what a page may not do is looked for after."""
    browser = session_browser
    browser.scripts(on=True)
    browser.resize(WIDTH, HEIGHT)
    browser.emulate()
    browser.driver.get("about:blank")
    browser.requests()
    browser.complaints()
    yield browser
    assert browser.requests() == []
    assert browser.complaints() == []
    if browser.driver.current_url.startswith("file:"):
        browser.scripts(on=True)
        browser.run("localStorage.clear()")


def write(folder: Path, rows: list[Row], name: str = "report.html", **kinds: Any) -> Path:
    """A page of these rows."""
    file = folder / name
    known = {"infos": synthetic.infos(), "started": STARTED, "seconds": 34.2, "tool": "0.1.0"}
    file.write_text(page(rows, **{**known, **kinds}), encoding="utf-8")
    return file


THREE = ("1.15", "2.15", "2.21")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TensorFlow on trial: three releases crossed, 240 cells."""
    rows = synthetic.rows(runtimes=THREE)
    return write(tmp_path_factory.mktemp("small"), rows, infos=synthetic.infos(THREE))


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every release of the catalogue crossed with every other: 13,000 cells."""
    return write(tmp_path_factory.mktemp("large"), synthetic.rows())


@pytest.fixture(scope="session")
def largest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with more APIs: 34,000 cells."""
    rows = synthetic.rows(
        savers=(*synthetic.SAVERS, *synthetic.MORE_SAVERS),
        loaders=(*synthetic.LOADERS, *synthetic.MORE_LOADERS),
    )
    return write(tmp_path_factory.mktemp("largest"), rows)
