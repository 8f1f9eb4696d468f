"""A browser without a window for the tests of pages."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_builders import CHROMEDRIVER, CHROMIUM

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip


class Browser:
    """Chromium with one page at a time."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, file: Path, *, width: int = 1200, height: int = 900, scheme: str = "light", media: str = "") -> None:
        """Opens a file anew in a window of this size."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        self.driver.get_log("browser"), self.driver.get_log("performance")
        self.driver.get(file.as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of a script's `return`."""
        return self.driver.execute_script(script, *arguments)

    def console(self) -> list[str]:
        """What the console says of the page."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses that were asked for since the page was opened, the pictures inside it left out."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        asked = (
            event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"
        )
        return [address for address in asked if not address.startswith("data:")]


@pytest.fixture(scope="session")
def _driver() -> Iterator[Any]:
    if not CHROMIUM or not CHROMEDRIVER:
        pytest.skip("there is no Chromium with its driver on this machine (Debian: chromium, chromium-driver)")
    selenium = pytest.importorskip("selenium.webdriver")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = selenium.Chrome(options=options, service=selenium.ChromeService(CHROMEDRIVER))
        yield driver
        driver.quit()


@pytest.fixture
def browser(_driver: Any) -> Browser:
    """An open browser."""
    return Browser(_driver)
