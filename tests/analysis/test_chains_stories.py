"""The case of a refuted policy, decided: the statement that is watched at run time has its finding on the outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains import CHECKS as CHAINS
from rulectl.analysis.checks import verdicts
from rulectl.analysis.policies import CHECKS as POLICIES
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer, as_finding
from rulectl.codes import LANGUAGES
from rulectl.report.findings import finding_text
from tests.corpus.test_corpus import HERE, Story

STORIES = sorted(HERE.glob("check/*/policy-*.md"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_watched_policy_says_the_same(path: Path) -> None:
    study = Study(Story(path).rulebook)
    refuted = 0
    for verdict in verdicts(study, Budget.of(60), (*CHAINS, *POLICIES)):
        for lang in LANGUAGES:
            assert "{" not in finding_text(as_finding(verdict, study.names), lang)
        if verdict.slug == "policy-violated" and verdict.answer is Answer.COUNTEREXAMPLE:
            refuted += 1
            outcome = study.engine.decide(dict(verdict.case))
            broken = [dict(f.fields)["policy"] for f in outcome.findings if f.slug == "policy-violated"]
            assert dict(verdict.fields)["policy"] in broken
    assert bool(refuted) == (path.parent.name == "bad")
