"""SVG written by hand: elements with escaped attributes and text, numbers without needless digits."""

from html import escape

MONO_WIDTH = 0.61
"""Width of a character of the monospaced fonts named in the style, in font sizes."""


def element(name: str, *children: str, **attributes: object) -> str:
    """An element; children are SVG already, values are escaped. `class_` is `class`, other `_` become `-`.

    Attributes that are None are left out.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{shown}>{''.join(children)}</{name}>" if children else f"<{name}{shown}/>"


def text(content: str, **attributes: object) -> str:
    """A text element; the content is escaped, and what XML cannot hold is shown as a replacement character."""
    return element("text", plain(content), **attributes)


def plain(content: str) -> str:
    """Text as XML may hold it."""
    held = (character if _is_allowed(character) else "\N{REPLACEMENT CHARACTER}" for character in content)
    return escape("".join(held))


def number(value: object) -> str:
    """A number with at most two decimals; everything else as it prints itself."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.005 else "0"
    return "".join(character if _is_allowed(character) else "\N{REPLACEMENT CHARACTER}" for character in str(value))


def wrapped(words: list[str], room: int) -> list[list[tuple[int, str]]]:
    """Words in lines of at most `room` characters, each with its first column; a longer word is broken.

    Args:
        words: in order; each may hold spaces, at which it is broken only where it does not fit otherwise.
        room: characters a line, at least 1.
    """
    lines: list[list[tuple[int, str]]] = [[]]
    column = 0
    for word in words:
        pieces = [word] if len(word) <= room else word.split(" ")
        for piece in pieces:
            while piece:
                start = column + 1 if column else 0
                if start + len(piece) <= room:
                    lines[-1].append((start, piece))
                    column, piece = start + len(piece), ""
                elif column:
                    lines.append([])
                    column = 0
                else:
                    lines[-1].append((0, piece[:room]))
                    piece = piece[room:]
                    lines.append([])
    return [line for line in lines if line]


def _is_allowed(character: str) -> bool:
    """Whether XML 1.0 has it, and whether UTF-8 can be written with it."""
    code = ord(character)
    return code in (9, 10, 13) or (0x20 <= code < 0xD800) or (0xE000 <= code < 0xFFFE) or code >= 0x10000
