"""The examples whose graphs grow, run as their READMEs say, on copies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.examples import copy_of, me
from support.tree import ROOT


def report(example: Path, *words: str, code: int = 0) -> dict[str, Any]:
    done = me("dag", "run", "graph.yaml", "--json", "--quiet", *words, cwd=example)
    assert done.returncode == code, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ran(found: dict[str, Any]) -> list[str]:
    return [node["id"] for node in found["nodes"] if node["attempts"]]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "tests" / "fixtures" / "review-project", tmp_path / "shop"))


def test_each_file_is_looked_at_by_itself_and_only_once(tmp_path: Path, shop: Path) -> None:
    example = copy_of("each-file", tmp_path)
    found = report(example, "--param", f"project={shop}")
    states = {node["id"]: node["state"] for node in found["nodes"]}
    assert states["look[shop/prices.py]"] == "failed"
    assert states["look[shop/orders.py]"] == "ok"
    assert states["enough"] == "ok"
    text = (example / ".metaensemble/reports/each-file.md").read_text()
    assert text.startswith("# 3 of 4 files are sound\n\nThat is enough.")
    (shop / "shop" / "orders.py").write_text("ORDERS = 2\n")
    again = report(example, "--param", f"project={shop}")
    looked_at = [name for name in ran(again) if name.startswith("look")]
    assert looked_at == ["look[shop/orders.py]", "look[shop/prices.py]"]


def test_a_project_that_is_all_sound_is_ok(tmp_path: Path, shop: Path) -> None:
    example = copy_of("each-file", tmp_path)
    (shop / "shop" / "prices.py").write_text("PRICES = [1]\n")
    found = report(example, "--param", f"project={shop}")
    assert found["outputs"]["enough"] == "ok"


def test_until_green_takes_two_rounds_and_leaves_the_project_alone(tmp_path: Path) -> None:
    example = copy_of("until-green", tmp_path)
    before = (example / "project" / "cart.py").read_text()
    found = report(example)
    assert found["outputs"]["rounds"] == 2
    assert "-import shop_legacy_prices" in found["outputs"]["difference"]
    assert [node["id"] for node in found["nodes"]] == ["copy", "repair", "repair#1", "repair#2", "show"]
    assert (example / "project" / "cart.py").read_text() == before


def test_until_green_without_enough_rounds_fails_and_can_be_given_more(tmp_path: Path) -> None:
    example = copy_of("until-green", tmp_path)
    found = report(example, "--param", "rounds=1", code=1)
    assert {node["id"]: node["state"] for node in found["nodes"]}["repair"] == "failed"
    done = me("dag", "resume", found["dag_run_id"], "--json", "--quiet", cwd=example)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outputs"]["rounds"] == 2


def test_monorepo_does_again_only_what_changed(tmp_path: Path) -> None:
    example = copy_of("monorepo", tmp_path)
    found = report(example)
    assert "package[core]/archive" in ran(found)
    assert sorted(Path(path).name for path in found["outputs"]["archives"]) == [
        "api.zip",
        "core.zip",
        "tool.zip",
    ]
    assert ran(report(example)) == ["packages", "index"]
    file = example / "packages" / "core" / "core_lib.py"
    file.write_text(file.read_text() + "\n\nVERSION = 2\n")
    (example / ".metaensemble" / "monorepo" / "api.zip").unlink()
    plan = me("dag", "plan", "graph.yaml", cwd=example)
    assert plan.returncode == 0, plan.stderr
    third = report(example)
    assert ran(third) == [
        "packages",
        "package[core]/lint",
        "package[core]/test",
        "package[core]/archive",
        "index",
    ]
    assert (example / ".metaensemble" / "monorepo" / "api.zip").exists()
