"""A report in headless Chromium."""

import shutil

import pytest
from PIL import Image

from otlvm.harness.comparison.records import read_records
from otlvm.harness.report.page import write_report
from otlvm.harness.tables.view import Cell, Column, Group, View

OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
GROUPS = (
    Group("first", [
        [Cell("b, <i>", "b"), Cell("10.0", 10.0), Cell("ten", "ten")],
        [Cell("a", "a"), Cell("–"), Cell("–")],
        [Cell("c", "c"), Cell("9.0", 9.0, bold=True), Cell("nine", "nine")],
        [Cell("B2", "B2"), Cell("-1e-5", -1e-5), Cell("less", "less")],
    ]),
    Group("second", [
        [Cell("z", "z"), Cell("2.0", 2.0), Cell("two", "two")],
        [Cell("y", "y"), Cell("1.0", 1.0), Cell("one", "one")],
    ]),
)  # fmt: skip
COLUMNS = [Column("", numeric=False), Column("x ↑"), Column("kind", numeric=False)]
TABLE = View("Small", COLUMNS, GROUPS, note="The rule.", problems=["b: seed 1 failed"])
WIDE = View(
    "Wide",
    [Column("row", numeric=False), *(Column(f"a long heading {i}") for i in range(30))],
    [Group("", [[Cell("only " * 20), *[Cell("0.123 ± 0.456", 1.0)] * 30]])],
)
FAILED = {"status": "failed", "reason": "ValueError: " + "no_luck" * 60, "details": "Traceback"}


def executable(name):
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed; on Debian: apt-get install chromium chromium-driver")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver  # an extra of its own
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = executable("chromium")
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def open_report(browser, write_study, picture_arrays):
    """Write a report of two done runs and a failed one, and open it; returns the browser."""

    def write(width=1000, scheme="light", count=1, name="study"):
        rows = {f"row {i}": [{"metrics": {"accuracy": 0.5}}] for i in range(count)}
        rows["<script>alert(1)</script> $x$"] = [FAILED, {"metrics": {"accuracy": 0.25}}]
        curves = [{"step": i, "bce": 9.0 - i, "accuracy": i / 5} for i in range(5)]
        store = write_study(rows, name, picture_arrays((1, 28, 28), 10, 10, 10), curves)
        Image.new("RGB", (1800, 700), "white").save(store.root / "curves.png", dpi=(200, 200))
        (store.root / "dark").mkdir(exist_ok=True)
        Image.new("RGB", (1800, 700)).save(store.root / "dark" / "curves.png", dpi=(200, 200))
        Image.new("RGB", (900, 350)).save(store.root / "older.png", dpi=(200, 200))
        path = store.root / "report.html"
        write_report(store, [TABLE, WIDE], read_records(store), path, {"torch": "2.8"})
        device = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
        scheme = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        for log in ("browser", "performance"):
            browser.get_log(log)
        browser.get(path.as_uri())
        return browser

    return write
