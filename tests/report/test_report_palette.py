"""The colours can be read: contrast by WCAG 2.1, computed here."""

import pytest

from diabolo.report.palette import DARK, LIGHT, NUM_SERIES


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_and_curves_have_a_contrast_of_4_5(palette: dict[str, str]) -> None:
    for paper in ("paper", "panel"):
        for name in ("ink", "quiet", "accent", "latent", "warning", "error", "good"):
            assert contrast(palette[name], palette[paper]) >= 4.5, (name, paper)
    for number in range(NUM_SERIES):  # their names stand beside the curves in the same colour
        assert contrast(palette[f"series-{number}"], palette["paper"]) >= 4.5, number


def test_both_palettes_have_the_same_names() -> None:
    assert LIGHT.keys() == DARK.keys()
