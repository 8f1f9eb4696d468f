"""The page in headless Chromium: nothing asked for, nothing wrong in the console, small screens, keyboard, numbers."""

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import pytest
from report_builders import DEAD_LINE, EVIL, make_run, page, pictures, rows

from diabolo.report import (
    FindingPart,
    LatentPart,
    LeftOutPart,
    PairPart,
    ReadingPart,
    ReferencePart,
    ReportContent,
    render_report,
)
from diabolo.runs import RunFolder


def full_page(folder: Path) -> ReportContent:
    """Two models of two seeds each, with everything that a page can hold, under hostile names."""
    paths = [
        make_run(folder / "a" / "seed0", rows(20)),
        make_run(folder / "a" / "seed1", rows(20, shift=0.2), seed=1),
        make_run(folder / "b" / "seed0", rows(20, shift=-0.5), name=EVIL, line=DEAD_LINE),
        make_run(folder / "b" / "seed1", rows(20, shift=-0.7), name=EVIL, line=DEAD_LINE, seed=1),
    ]
    content = page(*paths)
    finding = FindingPart(
        code="AE101", name="dead-branch", severity="error", message=f"`bn` {EVIL} is never used", remedy="Use it."
    )
    reading = ReadingPart(
        code="EX101", title="Still falling", sentence=f"{EVIL} falls by 0.1 dB an epoch.", next_step="Train on.",
        confidence="sure",
    )  # fmt: skip
    models = tuple(
        dataclasses.replace(
            model,
            pictures=pictures(index),
            findings=(finding,),
            readings=(reading,),
            latent=LatentPart(deviation=(0.5, 0.001, 0.4), images="500 validation images"),
        )
        for index, model in enumerate(content.models)
    )
    return dataclasses.replace(
        content,
        title=f"{EVIL} </script><script>alert(2)</script>",
        models=models,
        warnings=(f"{EVIL} has more parameters",),
        left_out=(LeftOutPart(folder=f"runs/{EVIL}", reason="`run.toml` is missing"),),
        references=(ReferencePart(title="PCA, 1,024 values", psnr=37.93, mse=0.0002, ssim=0.99, latent_values=1024),),
        pairs=(
            PairPart(first="method-2", second=EVIL, metric="dB", num_seeds=2, difference=0.9, interval=(-0.1, 1.9),
                     p_value=0.0421, sentence="no difference shown"),
        ),
        readings=(reading,),
        command=f"diabolo report {EVIL}",
    )  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of `full_page`."""
    folder = tmp_path_factory.mktemp("full")
    file = folder / "report.html"
    file.write_text(render_report(full_page(folder)), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [320, 390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_opens_cleanly_on_small_and_large_screens(browser: Any, full: Path, width: int, scheme: str) -> None:
    browser.open(full, width=width, scheme=scheme)

    assert browser.console() == []
    assert browser.requests() == [full.as_uri()]
    assert browser.run("return document.documentElement.scrollWidth") <= width
    images = browser.run("return [...document.images].map((one) => one.complete && one.naturalWidth > 0)")
    assert len(images) == 6 * (1 + 1 + 2 * 2) + 2 * 9
    assert all(images)
    papers = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert papers == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 28)")


def test_hostile_names_stay_names(browser: Any, full: Path) -> None:
    browser.open(full)

    assert browser.run("return document.querySelectorAll('img:not(.picture)').length") == 0
    assert browser.run("return document.querySelectorAll('script').length") == 1
    assert EVIL in browser.run("return document.querySelector('h1').textContent")
    assert EVIL in browser.run("return document.getElementById('models').closest('section').textContent")


def test_a_script_that_is_put_in_does_not_run(browser: Any, full: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.html"
    text = full.read_text(encoding="utf-8")
    changed.write_text(text.replace("</main>", "<script>window.ran = 1</script></main>"), encoding="utf-8")
    browser.open(changed)

    assert browser.run("return window.ran") is None
    assert any("Content Security Policy" in line for line in browser.console())


def test_nothing_can_be_asked_for(browser: Any, full: Path) -> None:
    browser.open(full)
    refused = browser.run(
        "const image = new Image(); const done = new Promise((ok) => { image.onerror = () => ok('refused');"
        " image.onload = () => ok('loaded'); }); image.src = 'http://127.0.0.1:9/x.png';"
        " return Promise.all([done, fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'refused')]);"
    )

    assert refused == ["refused", "refused"]
    assert all("Content Security Policy" in line for line in browser.console())


def test_keyboard_picks_an_image(browser: Any, full: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(full)
    shown = "return [...document.querySelectorAll('.chosen > div')].map((one) => one.offsetHeight > 0)"
    assert browser.run(shown) == [True] + [False] * 5

    browser.run("document.getElementById('choice-0').focus()")
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)

    assert browser.run(shown) == [False, False, True, False, False, False]
    assert "22.00 dB" in browser.run("return document.querySelectorAll('.chosen > div')[2].textContent")


def test_choice_works_without_the_script(browser: Any, full: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.html"
    text = full.read_text(encoding="utf-8")
    plain.write_text(text[: text.index("<script>")] + "</body></html>", encoding="utf-8")
    browser.open(plain)
    browser.run("document.querySelectorAll('.choice label')[4].click()")

    assert browser.run("return document.querySelectorAll('.chosen > div')[4].offsetHeight > 0")
    assert browser.run("return [...document.querySelectorAll('.tools, #theme')].every((one) => one.offsetHeight === 0)")
    assert browser.run("return document.querySelectorAll('svg.chart path.line').length") > 0


def test_numbers_on_the_page_are_those_of_the_run_files(browser: Any, tmp_path: Path) -> None:
    paths = [make_run(tmp_path / "a", rows(5)), make_run(tmp_path / "b", rows(5), name="method-1", line=DEAD_LINE)]
    file = tmp_path / "report.html"
    file.write_text(render_report(page(*paths)), encoding="utf-8")
    browser.open(file)

    runs = browser.run(
        "return [...document.querySelector('[aria-label=\"Table of all runs\"] tbody').rows]"
        ".map((row) => [...row.querySelectorAll('data')].map((one) => [Number(one.value), one.textContent]))"
    )
    for path, shown in zip(paths, runs, strict=True):
        test, history = RunFolder(path=path).record().test, RunFolder(path=path).history()
        values = [history[-1].val_psnr, test["psnr"], test["mse"], test["ssim"], test["loss"]]
        assert [value for value, _ in shown] == [*values, sum(row.seconds for row in history)]
        assert [float(text) for _, text in shown[1:5]] == [25.43, 0.0033, 0.843, 0.5556]
    curve = browser.run(
        "return [...document.querySelector('[aria-label=\"PSNR on the validation images\"] tbody').rows]"
        ".map((row) => Number(row.querySelector('data').value))"
    )
    assert curve == [row.val_psnr for row in RunFolder(path=paths[0]).history()]


def test_charts_zoom_and_read_by_keyboard(browser: Any, full: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(full)
    psnr = "document.querySelectorAll('.plot[role=group]')[2]"
    ticks = f"return [...{psnr}.querySelectorAll('.ticks text')].map((one) => one.textContent)"
    line = f"return {psnr}.querySelector('path.line').getAttribute('d')"
    before, drawn = browser.run(ticks), browser.run(line)

    browser.run(f"{psnr}.focus()")
    plot = browser.driver.switch_to.active_element
    plot.send_keys(Keys.END)
    last = browser.run("return arguments[0].querySelector('output').textContent", plot)
    assert last.startswith("epoch 20: method-2 ")

    plot.send_keys("+", "+")
    epochs = [float(text) for text in browser.run(ticks) if 1 <= float(text) <= 20]
    assert min(epochs) >= 14
    assert browser.run(line) != drawn
    assert "NaN" not in browser.run(f"return {psnr}.innerHTML")

    plot.send_keys("0")
    assert browser.run(ticks) == before
    assert browser.run(line) == drawn


def test_dragging_zooms(browser: Any, full: Path) -> None:
    from selenium.webdriver import ActionChains

    browser.open(full)
    chart = browser.driver.find_elements("css selector", "svg[data-zoom]")[0]
    browser.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", chart)
    drawn = browser.run("return arguments[0].querySelector('path.line').getAttribute('d')", chart)
    actions = ActionChains(browser.driver)
    actions.move_to_element_with_offset(chart, 0, 0).click_and_hold().move_by_offset(60, 0).release().perform()

    assert browser.run("return arguments[0].querySelector('path.line').getAttribute('d')", chart) != drawn


def test_theme_button_switches_and_says_what_it_does(browser: Any, full: Path) -> None:
    browser.open(full, scheme="dark")
    paper = "return getComputedStyle(document.body).backgroundColor"
    button = browser.driver.find_element("id", "theme")
    assert (button.text, browser.run(paper)) == ("Light", "rgb(20, 23, 28)")

    button.click()
    assert (button.text, browser.run(paper)) == ("Dark", "rgb(255, 255, 255)")
    browser.run("try { localStorage.clear() } catch {}")


def test_printing_is_on_white_without_buttons(browser: Any, full: Path) -> None:
    browser.open(full, scheme="dark", media="print")

    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("return [...document.querySelectorAll('button, nav')].every((one) => one.offsetHeight === 0)")


def test_structure_is_sane_for_screen_readers(browser: Any, full: Path) -> None:
    browser.open(full)

    assert browser.run("return [...document.querySelectorAll('main, header, footer, nav')].length") == 4
    levels = browser.run("return [...document.querySelectorAll('h1,h2,h3,h4')].map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert browser.run("return [...document.images].every((one) => one.alt)")
    assert browser.run(
        "return [...document.querySelectorAll('svg[role=img]')].every((one) => one.getAttribute('aria-labelledby')"
        ".split(' ').every((id) => document.getElementById(id).textContent))"
    )
    ids = browser.run("return [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    links = browser.run("return [...document.querySelectorAll('a')].map((one) => one.getAttribute('href').slice(1))")
    assert set(links) <= set(ids)
    assert browser.run(
        "return [...document.querySelectorAll('button')].every((one) => one.textContent.trim() || one.ariaLabel)"
    )
