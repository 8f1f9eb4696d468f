"""The doctor finds every mutation of a correct network that changes its meaning, at the right row, in every style.

The mutations are listed in `mutations.py`, the ways of writing in `mutation_networks.py`; the rate that is asked for is
all of them, and the last test counts what that comes to.
"""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mutation_networks import STYLES, Network, Written, networks
from mutations import MUTATIONS, Mutant

from diabolo.checks import Finding, diagnose, read_line
from diabolo.checks.source.read import read_source

PAIRS = [(name, style) for name, mutation in MUTATIONS.items() for style in mutation.styles]
CHECKED = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def look_at(written: Written, style: str, network: Network) -> tuple[Finding, ...]:
    if style == "line":
        return diagnose(read_line(written.text, (network.size, network.size, network.channels)))
    return diagnose(read_source(written.text, "network.py", is_guarded=False))


def names_it(findings: Sequence[Finding], mutant: Mutant, written: Written, codes: frozenset[str]) -> bool:
    rows = {row for step in mutant.steps for row in written.rows.get(step, ())}
    return any(found.code in codes and found.place is not None and found.place.row in rows for found in findings)


@pytest.mark.parametrize("style", STYLES)
@CHECKED
@given(network=networks())
def test_a_correct_network_has_no_error_and_no_warning(style: str, network: Network) -> None:
    written = STYLES[style](network)
    wrong = [found for found in look_at(written, style, network) if found.severity != "note"]
    assert not wrong, f"{written.text}\n{wrong}"


@pytest.mark.parametrize(("name", "style"), PAIRS)
@CHECKED
@given(data=st.data())
def test_a_mutation_is_found(name: str, style: str, data: st.DataObject) -> None:
    network = data.draw(networks())
    mutant = MUTATIONS[name].apply(network, lambda names: data.draw(st.sampled_from(names)))
    assume(mutant is not None)
    assert mutant is not None
    written = STYLES[style](mutant.network)
    findings = look_at(written, style, mutant.network)
    assert names_it(findings, mutant, written, MUTATIONS[name].codes), f"{written.text}\n{findings}"


def test_there_are_mutations_of_every_kind() -> None:
    assert len(MUTATIONS) >= 15
    assert len(PAIRS) >= 70
    assert {style for _, style in PAIRS} == set(STYLES)
