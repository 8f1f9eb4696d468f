"""The doctor: front ends read lines, source text and models into a `Subject`, rules find what is wrong; no torch."""

from diabolo.checks.activity import Activity, ChannelActivity
from diabolo.checks.checked import Checked, check_subject, count_by_severity, findings_of
from diabolo.checks.diagnose import Selection, diagnose
from diabolo.checks.finding import SEVERITIES, Edit, Finding, Fix, Severity
from diabolo.checks.line import read_graph, read_line
from diabolo.checks.rule import Example, Family, Rule
from diabolo.checks.rules import all_rules, family_of
from diabolo.checks.subject import Images, LossTerm, Metric, Problem, Subject, Training

__all__ = [
    "SEVERITIES", "Activity", "ChannelActivity", "Checked", "Edit", "Example", "Family", "Finding", "Fix", "Images",
    "LossTerm", "Metric", "Problem", "Rule", "Selection", "Severity", "Subject", "Training", "all_rules",
    "check_subject", "count_by_severity", "diagnose", "family_of", "findings_of", "read_graph", "read_line",
]  # fmt: skip
