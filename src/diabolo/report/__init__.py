"""The report of runs on one page, and the drawing of a line; no torch."""

from diabolo.report.content import (
    FindingPart,
    LatentPart,
    LeftOutPart,
    ModelPart,
    ModelPictures,
    PairPart,
    Picture,
    PictureGroup,
    ReadingPart,
    ReferencePart,
    ReportContent,
    RunPart,
    VerdictPart,
)
from diabolo.report.hourglass import draw_line

__all__ = [
    "FindingPart", "LatentPart", "LeftOutPart", "ModelPart", "ModelPictures", "PairPart", "Picture", "PictureGroup",
    "ReadingPart", "ReferencePart", "ReportContent", "RunPart", "VerdictPart", "draw_line", "render_report",
]  # fmt: skip


def render_report(content: ReportContent) -> str:
    """As `diabolo.report.render.render_report`; jinja2 is loaded when a page is made."""
    from diabolo.report.render import render_report as render

    return render(content)
