"""The stage engine against plain torch: each stage of the question's Method 2, and whole steps of several models.

`python benchmarks/stages.py [--batch N] [--threads N] [--rounds N] [--out FILE]`. The two alternate in one process,
with huge pages for both; median and spread over the rounds; the FMA peak is measured beside them.
"""

import argparse
import ctypes
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import torch
import torch.nn.functional as F

from diabolo.kernels import (
    BatchNormValues,
    Form,
    binary_cross_entropy_with_logits,
    find_library,
    plain_stage,
    run_stage,
)
from diabolo.kernels.compile import find_compiler
from diabolo.model import build_model

LINES = {
    "method-1": "conv64 relu (bn) pool conv16 relu (bn) pool | conv16 relu (bn) up conv32 relu (bn) up conv3 sigmoid",
    "method-2": "conv64 relu bn pool conv16 relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid",
    "pool-bn": "conv64 relu pool bn conv16 relu pool bn | conv16 relu up bn conv32 relu up bn conv3 sigmoid",
    "bn-relu": "conv64 bn relu pool conv16 bn relu pool | conv16 bn relu up conv32 bn relu up conv3 sigmoid",
    "128-channels": "conv128 relu bn pool conv128 relu bn pool | conv128 relu bn up conv128 relu bn up conv3 sigmoid",
}
STAGES = {  # form, channels in, channels out, side of the input, whether the input's gradient is wanted
    "1 conv64 relu bn pool": (Form(relu=True, bn=1, pool=True), 3, 64, 32, False),
    "2 conv16 relu bn pool": (Form(relu=True, bn=1, pool=True), 64, 16, 16, True),
    "3 conv16 relu bn": (Form(relu=True, bn=1), 16, 16, 8, True),
    "4 up conv32 relu bn": (Form(up=True, relu=True, bn=1), 16, 32, 8, True),
    "5 up conv3": (Form(up=True), 32, 3, 16, True),
    "64 -> 64 relu bn": (Form(relu=True, bn=1), 64, 64, 16, True),
    "128 -> 128 relu bn": (Form(relu=True, bn=1), 128, 128, 16, True),
    "256 -> 256 relu bn": (Form(relu=True, bn=1), 256, 256, 8, True),
}
FLOPS = 34.5e6  # an image and training step of Method 2, without the phase rewriting

PEAK = r"""
typedef float v __attribute__((vector_size(WIDTH)));
float run(long n) {
    v a[12], b = (v){} + 0.999f, c = (v){} + 0.001f; float s = 0;
#pragma GCC unroll 12
    for (int i = 0; i < 12; i++) a[i] = (v){} + (float)i;
    for (long k = 0; k < n; k++) {
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++) a[i] = a[i] * b + c;
        __asm__ volatile("" : "+x"(b));
    }
#pragma GCC unroll 12
    for (int i = 0; i < 12; i++) s += a[i][0];
    return s;
}
"""


def fma_peak() -> float:
    """GFLOP/s of one thread's fused multiply-adds in registers, the best of ten."""
    width = {"avx512": 64, "avx2": 32}.get(find_library().level, 16)
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "peak.c", Path(folder) / "peak.so"
        source.write_text(PEAK)
        command = [*find_compiler(), "-x", "c", "-O3", "-march=native", f"-DWIDTH={width}", "-shared", "-fPIC"]
        subprocess.run([*command, str(source), "-o", str(library)], check=True)
        run = ctypes.CDLL(str(library)).run
        run.argtypes = [ctypes.c_long]
        run.restype = ctypes.c_float
        count = 2_000_000
        return 12 * width / 4 * 2 * count / min(timed(lambda: run(count)) for _ in range(10)) / 1e9


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alternate(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each, taken in turns; the first round is thrown away."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + 1):
        for name, run in work.items():
            taken = timed(run)
            if turn:
                seconds[name].append(taken)
    return seconds


def stage_work(name: str, batch: int) -> dict[str, Callable[[], object]]:
    form, channels, out, side, wants_dx = STAGES[name]
    x = torch.rand(batch, channels, side, side).contiguous(memory_format=torch.channels_last).requires_grad_(wants_dx)
    weight = (torch.randn(out, channels, 3, 3) / (3 * channels**0.5)).contiguous(memory_format=torch.channels_last)
    bias, gamma, beta = torch.zeros(out), torch.ones(out), torch.zeros(out)
    values = BatchNormValues(eps=1e-3, training=True, mean=torch.zeros(out), variance=torch.ones(out))
    affine = (gamma, beta) if form.bn else (None, None)
    leaves = [value for value in (x, weight, bias, *affine) if value is not None]
    for value in leaves[1:]:
        value.requires_grad_()
    leaves = [value for value in leaves if value.requires_grad]
    dz = torch.randn_like(run_stage(form, x, weight, bias, *affine, values)[0])

    def fused() -> torch.Tensor:
        return run_stage(form, x, weight, bias, *affine, values if form.bn else None)[0]

    def plain() -> torch.Tensor:
        return plain_stage(form, x, weight, bias, *affine, 1e-3)

    return {
        "fused forward": fused,
        "plain forward": plain,
        "fused step": lambda: torch.autograd.grad(fused(), leaves, dz),
        "plain step": lambda: torch.autograd.grad(plain(), leaves, dz),
    }


def model_work(line: str, batch: int) -> dict[str, Callable[[], object]]:
    images = torch.rand(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)  # as the training has them
    work: dict[str, Callable[[], object]] = {}
    for engine in ("plain", "fused"):
        model = build_model(line, engine=engine)
        optimiser = torch.optim.Adam(model.parameters())

        loss = binary_cross_entropy_with_logits if engine == "fused" else F.binary_cross_entropy_with_logits

        def step(model=model, optimiser=optimiser, loss=loss) -> None:
            optimiser.zero_grad()
            loss(model.logits(images), images).backward()
            optimiser.step()

        @torch.no_grad()
        def infer(model=model) -> None:
            model.eval()
            model(images)
            model.train()

        work[f"{engine} training"] = step
        work[f"{engine} inference"] = infer
    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    peak = fma_peak() * options.threads
    record: dict[str, object] = {
        "machine": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "instruction_set": find_library().level,
        "threads": options.threads,
        "batch": options.batch,
        "load": os.getloadavg(),
        "peak_gflops": peak,
    }
    print(f"# {record}")
    for name in STAGES:
        found = alternate(stage_work(name, max(1, options.batch // 5)), options.rounds)
        report(record, name, found, max(1, options.batch // 5))
        form, channels, out, side, wants_dx = STAGES[name]
        area = side * side * (4 if form.up else 1)
        flops = 2 * 9 * channels * out * area * (3 if wants_dx else 2) * max(1, options.batch // 5)
        rate = flops / statistics.median(found["fused step"]) / 1e9
        print(f"    {rate:.0f} GFLOP/s of the 3x3 kernel's count, {100 * rate / peak:.0f} % of peak")
    for name, line in LINES.items():
        found = alternate(model_work(line, options.batch), options.rounds)
        report(record, name, found, options.batch)
        if name == "method-2":
            rate = FLOPS * options.batch / statistics.median(found["fused training"]) / 1e9
            print(f"    {rate:.0f} GFLOP/s counting 34.5 MFLOP an image, {100 * rate / peak:.0f} % of peak")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(record, indent=1))


def report(record: dict[str, object], name: str, found: dict[str, list[float]], batch: int) -> None:
    record[name] = found
    print(name)
    for what in sorted({key.split()[1] for key in found}):
        a, b = (statistics.median(found[f"{engine} {what}"]) for engine in ("plain", "fused"))
        ratios = sorted(p / f for p, f in zip(found[f"plain {what}"], found[f"fused {what}"], strict=True))
        print(
            f"    {what:9} plain {batch / a:8.0f} fused {batch / b:8.0f} img/s, ratio {a / b:.2f} "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
