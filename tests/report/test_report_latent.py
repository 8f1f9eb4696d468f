"""Use of the latent on the page: drawings of deviation and KL, the table of bottlenecks, a collapse said in words."""

import dataclasses
import math
import re
from html import unescape
from pathlib import Path

from report_builders import EVIL, make_run, page, record

from diabolo.report import LatentPart, render_report
from diabolo.report.latent import draw_kl, draw_latent, silent_channels, unused_channels

RESULTS = record().test
VAE = "flatten dense8 silu | gaussian4 | dense3072 unflatten sigmoid"


def used(**numbers: float) -> dict[str, float]:
    return {**RESULTS, **{f"gaussian_1_{key}": value for key, value in numbers.items()}}


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


def test_channel_that_hardly_varies_is_marked() -> None:
    latent = LatentPart(deviation=(1.0, 0.001, 0.5, math.nan), images="500 images")

    assert unused_channels(latent) == [1, 3]
    assert draw_latent(latent, "k").count('class="cross"') == 2
    assert unused_channels(LatentPart(deviation=(0.0, 0.0), images="")) == [0, 1]
    assert "nan" not in draw_latent(LatentPart(deviation=(0.0, 0.0), images=""), "k")


def test_kl_is_drawn_from_the_largest_and_silent_channels_are_marked() -> None:
    latent = LatentPart(deviation=(0.9, 0.05, 0.99, 0.02), images="500 images", kl=(1.0, 0.004, 2.0, 0.001))
    svg = draw_kl(latent, "kl-0")
    heights = [float(value) for value in re.findall(r'<rect[^>]*\bheight="([^"]*)"', svg)]

    assert heights == sorted(heights, reverse=True)
    assert heights[0] / heights[1] == 2.0
    assert silent_channels(latent) == [1, 3]
    assert svg.count('class="cross"') == 2
    assert "KL divergence in nats an image of channel 2: 2, 0: 1, 1: 0.004, 3: 0.001." in text_of(svg)


def test_many_channels_are_drawn_without_names() -> None:
    latent = LatentPart(deviation=(0.5,) * 200, images="", kl=tuple(float(n) for n in range(200)))
    svg = draw_kl(latent, "k")
    assert svg.count("<rect") == 200
    assert "200 channels, from the largest to the smallest" in svg


def test_the_page_shows_what_the_bottlenecks_do_with_deviations_over_runs(tmp_path: Path) -> None:
    runs = [
        make_run(tmp_path / str(seed), seed=seed, line=VAE, test=used(kl=30.0 + seed, active=3, values=4))
        for seed in range(2)
    ]
    content = page(*runs)
    latent = LatentPart(deviation=(0.9, 0.9, 0.9, 0.01), images="500 validation images", kl=(3.0, 2.0, 1.0, 0.001))
    content = dataclasses.replace(content, models=(dataclasses.replace(content.models[0], latent=latent),))
    text = re.sub(r"\s+", " ", text_of(render_report(content)))

    assert "gaussian_1 KL divergence from the unit Gaussian, nats an image 30.5 ± 0.7071" in text
    assert "gaussian_1 latent values of an image in use 3 ± 0" in text
    assert "Nats an image, mean over 500 validation images: 6.0 in all. 3 of 4 channels tell images apart" in text
    assert "has collapsed" not in text


def test_the_page_needs_neither_weights_nor_images_for_the_table(tmp_path: Path) -> None:
    html = render_report(
        page(make_run(tmp_path / "a", test={**RESULTS, "vq_1_code_use": 0.953, "vq_1_perplexity": 400}))
    )
    text = re.sub(r"\s+", " ", text_of(html))

    assert "vq_1 share of its codes in use 95.3%" in text
    assert "vq_1 perplexity: codes, if all were used equally often 400" in text
    assert '<a href="#latent">' in html


def test_a_collapse_is_said_of_the_seeds_that_have_it(tmp_path: Path) -> None:
    fine = make_run(tmp_path / "a", seed=0, line=VAE, test=used(kl=30.0, active=4, values=4))
    collapsed = make_run(tmp_path / "b", seed=7, line=VAE, test=used(kl=0.01, active=0, values=4))

    assert "The latent of method-2 has collapsed (seed 7)" in text_of(render_report(page(fine, collapsed)))
    assert "has collapsed: none of 4 values tells images apart (KL 0.01 nats an image). Lower beta" in " ".join(
        text_of(render_report(page(collapsed))).split()
    ).replace(" beta ", " beta ")


def test_strange_names_and_numbers_make_a_page(tmp_path: Path) -> None:
    test = {
        **RESULTS,
        f"{EVIL}_kl": math.nan,
        "x_kl": math.inf,
        "vq_1_code_use": math.nan,
        "_kl": 1.0,
        "new_thing": 2.0,
    }
    html = render_report(page(make_run(tmp_path / "a", test=test)))

    assert EVIL not in html
    assert "nan%" not in html


def test_a_page_without_bottlenecks_has_no_such_section(tmp_path: Path) -> None:
    assert 'id="latent"' not in render_report(page(make_run(tmp_path / "a")))
