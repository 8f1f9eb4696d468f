"""Makes a folder of pictures that stand for a stranger's photos: scenes, textures, text and enlarged photographs.

They differ in size, proportions, file format and colour mode, and one of them is broken, as folders are.

    python examples/make_photos.py photos --number 160
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import diabolo

Picture = Callable[[np.random.Generator, int, int], Image.Image]
SUFFIXES = ("jpg", "png", "webp", "jpg")
WORDS = ("diabolo", "wide", "narrow", "encode", "decode", "a", "quick", "brown", "fox", "jumps", "over", "0123456789")


def scene(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """A sky, a sun, and hills one behind the other."""
    top, bottom = random.integers(60, 256, (2, 3))
    share = np.linspace(0, 1, height)[:, None, None]
    pixels = np.broadcast_to((1 - share) * top + share * bottom, (height, width, 3))
    image = Image.fromarray(pixels.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    x, y, radius = random.uniform(0, width), random.uniform(0, height / 2), random.uniform(5, height / 6)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 240, 190))
    columns = np.arange(width)
    for hill in range(4):
        level = height * (0.45 + 0.14 * hill)
        waves = sum(
            random.uniform(2, height / 14) * np.sin(columns / random.uniform(9, width / 3) + random.uniform(0, 6))
            for _ in range(3)
        )
        outline = [(0, height), *zip(columns.tolist(), (level + waves).tolist(), strict=True), (width, height)]
        draw.polygon(outline, fill=tuple(int(value) for value in random.integers(20, 200, 3) // (hill + 1)))
    return image


def texture(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """Smooth noise, stripes or checks between two colours."""
    y, x = np.mgrid[:height, :width]
    kind = random.integers(3)
    if kind == 0:
        noise = Image.fromarray(random.integers(0, 256, (height, width), dtype=np.uint8))
        values = np.asarray(noise.filter(ImageFilter.GaussianBlur(random.uniform(1, 6))), np.float64)
        values = (values - values.min()) / max(float(np.ptp(values)), 1.0)
    elif kind == 1:
        angle, period = random.uniform(0, np.pi), random.uniform(5, 30)
        values = 0.5 + 0.5 * np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
    else:
        side = int(random.integers(4, 20))
        values = ((x // side + y // side) % 2).astype(np.float64)
    first, second = random.integers(0, 256, (2, 3))
    return Image.fromarray((first + values[..., None] * (second - first)).astype(np.uint8))


def text(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """A page of words, dark on light; one in two is grey."""
    paper, ink = tuple(random.integers(215, 256, 3).tolist()), tuple(random.integers(0, 90, 3).tolist())
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    size = int(random.integers(10, 26))
    font = ImageFont.load_default(size)
    for y in range(4, height, size + 6):
        draw.text((6, y), " ".join(random.choice(WORDS, 14)), fill=ink, font=font)
    return image.convert("L") if random.integers(2) else image


def photograph(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """A photograph of the sample in the package, enlarged."""
    images = diabolo.load_data("cifar10-sample").train
    small = Image.fromarray(images[int(random.integers(len(images)))])
    return small.resize((width, height), Image.Resampling.BICUBIC)


KINDS: dict[str, Picture] = {"scene": scene, "texture": texture, "text": text, "photograph": photograph}


def main() -> None:
    """Writes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--number", type=int, default=160, help="how many pictures")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for number in range(options.number):
        random = np.random.default_rng([options.seed, number])
        kind = list(KINDS)[number % len(KINDS)]
        width, height = (int(side) for side in random.integers(70, 240, 2))
        target = options.folder / kind / f"{kind}-{number:04}.{SUFFIXES[number // len(KINDS) % len(SUFFIXES)]}"
        target.parent.mkdir(parents=True, exist_ok=True)
        KINDS[kind](random, width, height).save(target, quality=92)
    broken = options.folder / "broken.jpg"
    broken.write_bytes(next(options.folder.glob("scene/*.jpg")).read_bytes()[:700])
    print(f"{options.number} pictures and a broken one in {options.folder}")


if __name__ == "__main__":
    main()
