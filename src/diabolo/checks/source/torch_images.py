"""What happens to the range of a data set's images when they are scaled, shifted or normalised."""

from dataclasses import replace

from diabolo.checks.subject import Images


def scaled(images: Images, symbol: str, number: object, is_left: bool) -> Images | None:
    """Images after `images symbol number` (or `number symbol images`); None where they are no images any more."""
    if not isinstance(number, int | float) or isinstance(number, bool):
        return replace(images, low=None, high=None)
    low, high = images.low, images.high
    if low is None or high is None or symbol not in "+-*/":
        return replace(images, low=None, high=None)
    if not is_left and symbol == "-":
        ends = (number - high, number - low)
    elif not is_left and symbol == "/":
        return replace(images, low=None, high=None)
    elif symbol == "+":
        ends = (low + number, high + number)
    elif symbol == "-":
        ends = (low - number, high - number)
    elif symbol == "*":
        ends = (low * number, high * number)
    else:
        ends = (low / number, high / number) if number else (low, high)
    return replace(images, low=min(ends), high=max(ends))
