"""What users read when a line cannot be read: snapshots of every message of the notation."""

import pytest

from diabolo.errors import LineError
from diabolo.notation import parse

WRONG = {
    "empty": "",
    "only blanks": " \t\n ",
    "no waist": "conv64 relu pool up conv3 sigmoid ",
    "one waist too many": "conv8 | conv8 | conv8 | conv3",
    "encoder empty": "| conv3",
    "decoder empty": "conv8 |",
    "bottleneck empty": "conv8 | | conv3",
    "unknown: misspelt": "cnov64 relu | conv3",
    "unknown: capitals": "Conv64 ReLU | conv3",
    "unknown: Keras's name": "Conv2D64 | conv3",
    "unknown: Keras's name of a layer without number": "conv8 BatchNormalization | conv3",
    "unknown: torch's name": "conv8 leaky_relu | conv3",
    "unknown: a block": "ResBlock | conv3",
    "unknown: run together": "conv64relu | conv3",
    "unknown: run together, several": "conv64bnrelu2pool | conv3",
    "unknown: nothing like it": "transformer | conv3",
    "unknown: very long": f"{'transformer' * 20} | conv3",
    "parenthesis not closed": "conv64 (bn pool | conv3",
    "brace not closed": "conv64 | conv3 {relu",
    "brace closed by parenthesis": "conv64 res{relu) | conv3",
    "bracket not closed": "conv64[k=5 relu | conv3",
    "bracket not closed at the end": "conv64 | conv3[k=5",
    "bracket closed by parenthesis": "conv64[k=5) | conv3",
    "parenthesis never opened": "conv64 bn) pool | conv3",
    "brace never opened": "conv64 } | conv3",
    "bracket never opened": "conv64 k=5] | conv3",
    "nothing in parentheses": "conv64 ( ) | conv3",
    "nothing in braces": "res{} | conv3",
    "nested too deep": "{" * 41 + "relu" + "}" * 41 + " | conv3",
    "count missing": "conv | conv3",
    "count missing, written after a space": "conv 64 | conv3",
    "count missing for dense": "flatten dense | conv3",
    "count not taken": "conv64 relu6 | conv3",
    "count zero": "conv0 | conv3",
    "count too large": "conv1000001 | conv3",
    "size too small": "pool1 | conv3",
    "setting unknown": "conv64[strides=2] | conv3",
    "setting unknown, nothing like it": "conv64[padding=2] | conv3",
    "setting of a layer that has none": "relu[k=3] | conv3",
    "setting twice": "conv64[k=3 k=5] | conv3",
    "setting without value": "conv64[k=] | conv3",
    "setting without name": "conv64[5] | conv3",
    "setting after a space": "conv64 [k=5] | conv3",
    "setting: no whole number": "conv64[k=2.5] | conv3",
    "setting: no number": "dropout[p=half] | conv3",
    "setting: not finite": "noise[std=1e999] | conv3",
    "setting: too small": "conv64[k=0] | conv3",
    "setting: too large": "dropout[p=1] | conv3",
    "setting: whole number too large": "conv64[groups=9999999999] | conv3",
    "setting: no such choice": "conv64[pad=full] | conv3",
    "setting: no switch": "conv64[bias=maybe] | conv3",
    "setting: no list": "fsq[levels=8,a] | conv3",
    "setting: level too small": "fsq[levels=8,1] | conv3",
    "res without branch": "res conv64 | conv3",
    "res with a count": "res3{conv64} | conv3",
    "res with an unknown setting": "res[skip=dense]{conv64} | conv3",
    "res with a kernel and no convolution": "res[k=3]{conv64} | conv3",
    "res with no kernel": "res[skip=conv k=0]{conv64} | conv3",
    "res with a huge kernel": "res[skip=conv k=1000]{conv64} | conv3",
    "res with half a kernel": "res[skip=conv k=2.5]{conv64} | conv3",
    "braces behind a layer": "conv64{relu} | conv3",
    "repeat of nothing": "conv64 3* | conv3",
    "repeat zero": "0*conv64 | conv3",
    "repeat too large": "1001*conv64 | conv3",
    "number alone": "conv64 64 | conv3",
    "number alone after a repeat": "3*64 | conv3",
    "repeat behind": "conv64*3 | conv3",
    "arrow": "conv64 -> relu | conv3",
    "comma": "conv64, relu | conv3",
    "letter of another script": "cönv64 | conv3",
    "digit of another script": "conv６４ | conv3",
    "emoji": "conv64 🙂 | conv3",
    "NUL": "conv64 \0 | conv3",
    "over several lines": "conv64 relu\n\tcovn16 relu\n| conv3",
}


def test_messages(snapshot) -> None:
    messages = {}
    for name, line in WRONG.items():
        with pytest.raises(LineError) as caught:
            parse(line)
        messages[name] = str(caught.value)
    assert "\n\n".join(f"# {name}\n{message}" for name, message in messages.items()) == snapshot


def test_the_longest_line() -> None:
    with pytest.raises(LineError, match=r"the line has 100,001 characters; at most 100,000 are read"):
        parse("x" * 100_001)
