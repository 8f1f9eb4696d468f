"""The colours of drawings and pages, for light and dark, as CSS variables."""

# Series: after Okabe and Ito, "Color Universal Design" (2008), as in the figures; darker on light and lighter on dark
# where the contrast to the paper would be below 4.5 (tests/report/test_report_palette.py computes it).
LIGHT = {
    "paper": "#ffffff", "panel": "#f6f7f9", "ink": "#1f2328", "quiet": "#57606a", "grid": "#dfe3e8", "rule": "#c8ced6",
    "accent": "#0b5cad", "flow": "#e3ebf4", "bar": "#9db9d8", "latent": "#c2410c", "good": "#1a7f37",
    "warning": "#9a5b00", "error": "#b42318",
    "series-0": "#0072b2", "series-1": "#b84f00", "series-2": "#007a58", "series-3": "#ad4586", "series-4": "#7456c4",
    "series-5": "#8f6000", "series-6": "#1f2328",
}  # fmt: skip
"""On white paper."""
DARK = {
    "paper": "#14171c", "panel": "#1c2027", "ink": "#e6e9ee", "quiet": "#a3acb8", "grid": "#2b313a", "rule": "#3d4550",
    "accent": "#79b8ff", "flow": "#222c3a", "bar": "#466b96", "latent": "#ff9a5c", "good": "#56d364",
    "warning": "#e3b341", "error": "#ff8a80",
    "series-0": "#58b4ee", "series-1": "#ff8f4a", "series-2": "#35c99a", "series-3": "#e79cc9", "series-4": "#b9a6ff",
    "series-5": "#f0b840", "series-6": "#e6e9ee",
}  # fmt: skip
"""On dark paper."""

NUM_SERIES = 7
"""Different colours for models; an eighth has the first one's again, with another dash."""


def variables(palette: dict[str, str]) -> str:
    """The palette as declarations of CSS variables."""
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())
