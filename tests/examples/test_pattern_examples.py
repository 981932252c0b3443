"""examples/patterns: the ten small graphs, and the four larger ones, on copies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.examples import EXAMPLES, copy_of, me
from support.tree import ROOT

SMALL = {
    "solo": ({"count": "82"}, {"count": "ok"}),
    "fanout": (
        {"found": [["remarkably"], ["the", "a", "and"], ["ferryman", "secrets", "remarkably"]]},
        {"look.1": "ok", "look.2": "ok", "look.3": "ok", "look.join": "ok"},
    ),
    "consensus": (
        {
            "language": "de",
            "counts": {"de": 2, "en": 1},
            "dissent": [
                {
                    "who": "words",
                    "piece": "1",
                    "vote": "en",
                    "reason": "6 common words of en, 4 common words of de",
                }
            ],
        },
        {"language.1": "ok", "language.2": "ok", "language.3": "ok", "language.verdict": "ok"},
    ),
    "shadow": (
        {"language": "en"},
        {"language.primary": "ok", "language.shadow-1": "ok", "language.compare": "ok"},
    ),
    "peer_review": (
        {"width": 72, "rounds": 2},
        {"fold.author": "ok", "fold.author#2": "ok", "fold.review-2#2": "ok", "fold.verdict": "ok"},
    ),
    "team": (
        {
            "card": {
                "sentence": "It was a cold winter, and the snow lay deep.",
                "keywords": ["river", "went", "that"],
            }
        },
        {"card.1": "ok", "card.2": "ok", "card.gathered": "ok", "card.synthesis": "ok"},
    ),
    "cascade": (
        {"language": "de", "reason": "it has the letters ß, ü"},
        {"language.step-1": "ok", "language.check-1": "ok", "language.step-2": "ok", "language.result": "ok"},
    ),
    "judge": (
        {
            "preferred": "central",
            "sentence": "The old ferryman, who kept a lamp by the water, said that a fox knows the river better"
            " than any of us, and that the river keeps no secrets from a fox.",
        },
        {"summary.judge-1": "ok", "summary.judge-2": "ok", "summary.decision": "ok"},
    ),
    "refine": (
        {
            "text": "It was a cold winter, and the snow lay deep. One night a fox went over the frozen river,"
            " and nobody saw it return."
        },
        {"shorten.draft": "ok", "shorten.draft#3": "ok", "shorten.draft#4": "skipped"},
    ),
    "debate": (
        {"language": "de", "counts": {"de": 3}},
        {"language.1#2": "ok", "language.verdict": "ok", "language.compare": "ok"},
    ),
}


def report(example: Path, *words: str, graph: str = "graph.yaml", code: int = 0) -> dict[str, Any]:
    done = me("dag", "run", graph, "--json", "--quiet", *words, cwd=example)
    assert done.returncode == code, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def states(found: dict[str, Any]) -> dict[str, str]:
    return {node["id"]: node["state"] for node in found["nodes"]}


def test_every_pattern_has_a_small_graph() -> None:
    assert {path.stem for path in (EXAMPLES / "patterns").glob("*.yaml")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_a_small_graph_does_what_its_pattern_does(name: str, tmp_path: Path) -> None:
    example = copy_of("patterns", tmp_path)
    found = report(example, graph=f"{name}.yaml")
    outputs, nodes = SMALL[name]
    assert found["outputs"] == outputs
    assert {node: states(found).get(node) for node in nodes} == nodes


def test_a_clear_text_needs_two_votes_and_no_second_step(tmp_path: Path) -> None:
    example = copy_of("patterns", tmp_path)
    voted = report(example, "--param", "text=text.txt", graph="consensus.yaml")
    assert voted["outputs"] == {"language": "en", "counts": {"en": 2}, "dissent": []}
    assert states(voted)["language.3"] == "skipped"
    tried = report(example, "--param", "text=text.txt", graph="cascade.yaml")
    assert tried["outputs"]["language"] == "en"
    assert states(tried)["language.step-2"] == "skipped"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "tests" / "fixtures" / "review-project", tmp_path / "shop"))


def test_the_panel_votes_on_each_file_and_hears_the_minority(tmp_path: Path, shop: Path) -> None:
    example = copy_of("patterns/analyser-panel", tmp_path)
    (shop / "shop" / "orders.py").write_text("import os\n")
    found = report(example, "--param", f"project={shop}", "--param", "audit=1")
    assert found["outputs"] == {
        "report": ".metaensemble/reports/analyser-panel.md",
        "mend": ["shop/prices.py"],
        "calls": 12,
        "saved": 0,
    }
    text = (example / ".metaensemble/reports/analyser-panel.md").read_text("utf-8")
    assert text.startswith("# 1 of 4 files are to be mended\n\n12 votes were taken, and 0 were not needed.")
    assert "| shop/orders.py | ship | 2 ship, 1 mend | ruff: line 1: `os` imported but unused |" in text


def test_the_panel_stops_when_two_agree_and_looks_again_only_at_what_changed(
    tmp_path: Path, shop: Path
) -> None:
    example = copy_of("patterns/analyser-panel", tmp_path)
    words = ("--param", f"project={shop}", "--param", "audit=0")
    found = report(example, *words)
    assert (found["outputs"]["calls"], found["outputs"]["saved"]) == (8, 4)
    assert states(found)["vote[shop/orders.py].3"] == "skipped"
    (shop / "shop" / "orders.py").write_text("ORDERS = 2\n")
    again = report(example, *words)
    asked = [node["id"] for node in again["nodes"] if node["attempts"] and ".verdict" not in node["id"]]
    assert asked == ["files", "vote[shop/orders.py].1", "vote[shop/orders.py].2", "report"]


def test_an_analyser_that_is_broken_abstains(tmp_path: Path, shop: Path) -> None:
    example = copy_of("patterns/analyser-panel", tmp_path)
    (example / "scripts" / "security.py").write_text("raise SystemExit('no rules')\n")
    found = report(example, "--param", f"project={shop}", "--param", "audit=0")
    assert found["outputs"]["mend"] == ["shop/prices.py"]
    assert states(found)["vote[shop/prices.py].2"] == "failed"
    assert states(found)["vote[shop/prices.py]"] == "ok"


def test_the_patch_is_narrowed_until_all_reviewers_approve(tmp_path: Path) -> None:
    example = copy_of("patterns/reviewed-patch", tmp_path)
    before = (example / "project" / "query.py").read_text("utf-8")
    found = report(example)
    assert found["outputs"] == {
        "rounds": 2,
        "steps": ["safe fixes"],
        "patch": ".metaensemble/reports/reviewed.patch",
    }
    patch = (example / ".metaensemble/reports/reviewed.patch").read_text("utf-8")
    assert "-import os\n" in patch
    assert "is None" not in patch
    assert (example / "project" / "query.py").read_text("utf-8") == before
    (verdict,) = (node for node in found["nodes"] if node["id"] == "propose.verdict")
    text = (example / verdict["deliverable"]).read_text("utf-8")
    assert text.startswith("# Peer review: `propose`\n\nApproved after 2 rounds.")
    assert "## Round 1: `applies` says approve" in text
    assert "## Round 1: `tests` says reject" in text
    assert "## Round 1: `size` says reject" in text


def test_a_patch_that_nothing_can_save_is_not_kept(tmp_path: Path) -> None:
    example = copy_of("patterns/reviewed-patch", tmp_path)
    found = report(example, "--param", "lines=1", code=1)
    assert states(found)["propose"] == "failed"
    assert states(found)["keep"] == "blocked"
    assert not (example / ".metaensemble/reports/reviewed.patch").exists()


def test_the_tests_run_only_where_the_linter_cannot_tell(tmp_path: Path) -> None:
    example = copy_of("patterns/fast-then-thorough", tmp_path)
    found = report(example)
    assert found["outputs"] == {"sound": ["shelf"], "unsound": ["cart", "prices"]}
    seen = states(found)
    assert {name: seen[f"sound[{name}].step-2"] for name in ("cart", "prices", "shelf")} == {
        "cart": "skipped",
        "prices": "ok",
        "shelf": "ok",
    }


def test_without_tests_nobody_can_say_that_a_project_is_sound(tmp_path: Path) -> None:
    example = copy_of("patterns/fast-then-thorough", tmp_path)
    (example / "projects" / "shelf" / "test_shelf.py").unlink()
    found = report(example, code=1)
    (node,) = (node for node in found["nodes"] if node["id"] == "sound[shelf]")
    assert node["state"] == "failed"
    assert "no check passed in 2 tries" in node["reason"]


def test_the_stricter_linter_runs_beside_the_present_one(tmp_path: Path, shop: Path) -> None:
    example = copy_of("patterns/two-linters", tmp_path)
    found = report(example, "--param", f"project={shop}", "--param", "stricter=E4,E7,E9,F,S")
    assert found["outputs"] == {"found": {"shop/prices.py": 1}}
    nodes = json.loads(me("dag", "status", "--outputs", "--json", cwd=example).stdout)["nodes"]
    compared = {node["id"]: node["output"] for node in nodes if node["id"].endswith(".compare")}
    passed = {node: (one["primary"]["passed"], one["shadows"][0]["passed"]) for node, one in compared.items()}
    assert passed == {
        "lint[shop/__init__.py].compare": (True, True),
        "lint[shop/orders.py].compare": (True, True),
        "lint[shop/prices.py].compare": (False, False),
        "lint[tests/test_prices.py].compare": (True, False),
    }


def test_a_shadow_that_cannot_even_start_changes_nothing(tmp_path: Path, shop: Path) -> None:
    example = copy_of("patterns/two-linters", tmp_path)
    found = report(example, "--param", f"project={shop}", "--param", "stricter=no-such-rule")
    assert found["outputs"] == {"found": {"shop/prices.py": 1}}
    assert states(found)["lint[shop/orders.py].shadow-1"] == "failed"
    assert states(found)["lint[shop/orders.py]"] == "ok"


def test_the_trial_of_the_stricter_linter_ends_in_a_decision(tmp_path: Path) -> None:
    example = copy_of("patterns/two-linters", tmp_path)
    files = tmp_path / "files"
    files.mkdir()
    for number in range(24):
        (files / f"m{number:02}.py").write_text(f"N = {number}\n")
    words = ("--param", f"project={files}", "--param")
    report(example, *words, "stricter=E,F,SIM")
    report(example, *words, "stricter=E,F,D")
    said = me("shadow", "report", cwd=example)
    assert said.returncode == 0, said.stderr
    first, second = said.stdout.split("two-linters: lint, shadow ")[1:]
    assert first.startswith(
        "E,F,D\n  keep the primary: the shadow is worse by more than 20 percentage points"
    )
    assert second.startswith("E,F,SIM\n  switch: the shadow is not worse by as much as 20 percentage points")


def test_the_agreement_of_the_panel_can_be_looked_up(tmp_path: Path, shop: Path) -> None:
    example = copy_of("patterns/analyser-panel", tmp_path)
    report(example, "--param", f"project={shop}", "--param", "audit=1")
    (found,) = json.loads(me("consensus", "report", "--json", cwd=example).stdout)
    assert (found["task"], found["decisions"]) == ("vote", 4)
