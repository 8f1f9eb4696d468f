"""`torch.export` programs, loaded without the model and run beside it, for lines that hold every kind of layer."""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from interop_builders import EVERYTHING, SHAPE, random_model

from diabolo.api.export import export
from diabolo.graph import build_graph
from diabolo.model import AutoEncoder
from diabolo.vocabulary import KINDS

QUANTISED = (
    "conv4 pool4 | fsq[levels=8,5,5,4] | up4 conv3",
    "conv6 pool4 | vq16 | up4 conv3",
    "conv6 pool4 sparse topk3 | lloyd[bits=20] | contractive up4 conv3",
    "conv6 pool4 topk9[of=channel] topk30[of=image] | up4 conv3",
    "flatten dense8 | lloyd[bits=12] | dense768 unflatten[h=16 w=16 c=3]",
)
OTHERS = ("conv8 ln pool4 rms dwconv[stride=2] | attention gdn up8 gdn[inverse=yes] conv3",)


def of_model(model: AutoEncoder, images: torch.Tensor) -> torch.Tensor:
    model.engine = "plain"
    with torch.no_grad():
        return model(images)


def test_the_lines_hold_every_kind() -> None:
    used = {node.kind for line in (*EVERYTHING, *QUANTISED, *OTHERS) for node in build_graph(line, SHAPE).nodes}
    assert used == {*KINDS, "add", "input"}


@pytest.mark.parametrize("line", [*EVERYTHING, *QUANTISED, *OTHERS])
def test_same_results(line: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = random_model(line)
    if "lloyd" in line:
        model.train()(torch.rand(16, 3, 16, 16, generator=torch.Generator().manual_seed(2)))
        model.eval()
    with warnings.catch_warnings(action="error"):
        done = export(model, "torch", tmp_path / "m.pt2")
    assert capfd.readouterr() == ("", ""), "torch's pages about its tries are nothing for users"
    assert done.difference.largest <= 1e-5
    module = torch.export.load(io.BytesIO(done.file.read_bytes())).module()
    generator = torch.Generator().manual_seed(1)
    any_size = "takes images of the model's size only" not in done.notes
    for batch, side in ((1, 16), (3, 16), (2, 40 if any_size else 16)):
        images = torch.rand(batch, 3, side, side, generator=generator)
        wanted = of_model(model, images)
        np.testing.assert_allclose(
            module(images).detach(), wanted, rtol=0, atol=1e-5 * max(1.0, float(wanted.abs().max()))
        )
    kinds = {node.kind for node in model.graph.nodes}
    assert any_size == ("flatten" not in kinds)


def test_a_program_of_lloyd_keeps_what_is_no_number(tmp_path: Path) -> None:
    """A broken encoder must not look sound after the export."""
    model = random_model(QUANTISED[2])
    export(model, "torch", tmp_path / "m.pt2", part="decoder")
    module = torch.export.load(tmp_path / "m.pt2").module()
    latents = torch.zeros(1, 6, 4, 4)
    latents[0, 2, 1, 1] = float("nan")
    assert torch.isfinite(module(torch.zeros(1, 6, 4, 4))).all()
    assert not torch.isfinite(module(latents)).all()
