from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble._api_roles import DAY_MS, SUNSET_DAYS
from metaensemble.engine.ledger import Ledger, Record, people_queries
from metaensemble.engine.ledger.ledger import wall_clock_ms
from metaensemble.engine.ledger.records import EXECUTOR_CREATED, EXECUTOR_RETIRED, ROLE_NOTED
from metaensemble.tasks.roles import load_roles
from support.command_line import Shell
from support.role_files import WHOLE, put_file, put_role

LIST = ".metaensemble/active-roles.yaml"


def record(project: Path, *records: Record) -> None:
    with Ledger.open(project / ".metaensemble" / "state") as ledger:
        ledger.append(records)


def executor(number: int, role: str) -> Record:
    payload = {"alias": f"x-00{number}", "role_id": role, "role_version": "1.0.0"}
    return Record(EXECUTOR_CREATED, f"e{number}", None, payload)


def statuses(project: Path) -> list[str]:
    with Ledger.open(project / ".metaensemble" / "state") as ledger:
        rows = people_queries.executors_by_time(ledger)
    return [row.status for row in sorted(rows, key=lambda row: row.alias)]


def noted(project: Path, name: str, *, version: str | None = None, days_ago: int = 0) -> None:
    role = load_roles(project, home=None).find(name)
    payload = {"version": version or role.version, "digest": role.digest, "tier": role.tier}
    now = wall_clock_ms()
    record(project, Record(ROLE_NOTED, name, None, payload, ts_ms=now - days_ago * DAY_MS))


# ---- list and show -----------------------------------------------------------------------------------


def test_the_list(me: Shell, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    answer = me("roles", "list")
    assert (answer.code, answer.err) == (0, "")
    golden("cli/roles-list.txt", answer.out)


def test_the_list_says_what_each_layer_does(me: Shell, tmp_path: Path, home: Path) -> None:
    put_role(home, "scout")
    put_role(tmp_path, "scout", "model_tier: opus")
    put_role(tmp_path, "broken", "version: 1")
    me("roles", "archive", "docs")
    found = {one["name"]: one for one in me("roles", "list", "--json").json}
    assert found["scout"]["layers"] == ["user", "project"]
    assert (found["scout"]["tier"], found["scout"]["status"]) == ("opus", "active")
    assert (found["broken"]["status"], found["broken"]["problem"]) == (
        "broken",
        "`1` is not a semantic version",
    )
    assert found["docs"]["status"] == "archived"
    said = me("roles", "list").out
    assert "cannot be used: `1` is not a semantic version" in said
    assert "archived; " in said


def test_a_role_that_was_not_used_for_sixty_days_is_offered(me: Shell, tmp_path: Path) -> None:
    noted(tmp_path, "docs", days_ago=SUNSET_DAYS)
    noted(tmp_path, "backend", days_ago=SUNSET_DAYS - 1)
    answer = me("roles", "list")
    assert answer.err == "nobody has worked with `docs` for 60 days: `me roles archive docs` puts it away\n"
    found = {one["name"]: one["unused_days"] for one in me("roles", "list", "--json").json}
    assert (found["docs"], found["backend"], found["architect"]) == (60, None, None)


def test_the_clock_of_the_sunset_can_be_set(me: Shell, tmp_path: Path) -> None:
    noted(tmp_path, "docs")
    now = wall_clock_ms()

    def unused(days: int) -> int | None:
        found = {one.name: one for one in api.list_roles(cwd=tmp_path, now_ms=now + days * DAY_MS)}
        return found["docs"].unused_days

    assert (unused(59), unused(61)) == (None, 61)


def test_an_executor_that_was_seen_counts_as_a_use(me: Shell, tmp_path: Path) -> None:
    noted(tmp_path, "docs", days_ago=200)
    record(tmp_path, executor(1, "docs"))
    assert me("roles", "list").err == ""


def test_an_archived_role_is_offered_no_more_and_a_restored_one_not_at_once(
    me: Shell, tmp_path: Path
) -> None:
    noted(tmp_path, "docs", days_ago=90)
    me("roles", "archive", "docs")
    assert me("roles", "list").err == ""
    me("roles", "restore", "docs")
    assert me("roles", "list").err == ""


def test_a_broken_list_of_archived_roles_is_told_with_its_place(me: Shell, tmp_path: Path) -> None:
    (tmp_path / LIST).write_text("version: 1\narchvied: [docs]\n")
    answer = me("roles", "list")
    assert answer.code == 2
    assert f"--> {LIST}:2:1" in answer.err
    assert "did you mean `archived`?" in answer.err


def test_a_page(me: Shell, tmp_path: Path) -> None:
    keys = WHOLE + (
        "\nalias_prefix: sco\nallowed_tools: [Read, Grep]\ncolor: blue\noutput_styles: [concise]"
        "\nonboarding: {read_first: [a.md, b.md], mentor_role: docs}"
    )
    put_role(tmp_path, "scout", keys, "# Scout\n\nLook.\n")
    answer = me("roles", "show", "scout")
    assert answer.code == 0
    assert answer.out == (
        "scout 1.2.0: Looks at things.\n\n"
        "status          active\n"
        "tier            haiku\n"
        "aliases         sco-…\n"
        "tools           Read, Grep\n"
        "color           blue\n"
        "output styles   concise\n"
        "read first      a.md; b.md\n"
        "mentor role     docs\n"
        "file            .metaensemble/roles/scout.md\n"
        "\n# Scout\n\nLook.\n"
    )


def test_a_page_as_json(me: Shell, tmp_path: Path) -> None:
    put_role(tmp_path, "docs", "model_tier: haiku", "")
    found = me("roles", "show", "docs", "--json").json
    assert (found["name"], found["tier"], found["origin"], found["status"]) == (
        "docs",
        "haiku",
        "project",
        "active",
    )
    assert len(found["files"]) == 2
    assert found["body"].startswith("# Docs")


def test_an_archived_role_is_shown_all_the_same(me: Shell) -> None:
    me("roles", "archive", "docs")
    assert "status          archived" in me("roles", "show", "docs").out


def test_an_unknown_role(me: Shell) -> None:
    answer = me("roles", "show", "architct")
    assert answer.code == 2
    assert answer.err.startswith("error[ME360]: there is no Role `architct`")
    assert "did you mean `architect`? there are `architect`, `backend`" in answer.err


# ---- new ---------------------------------------------------------------------------------------------


def test_a_skeleton_fails_until_it_is_filled_in(me: Shell, tmp_path: Path) -> None:
    answer = me("roles", "new", "scout")
    path = Path(answer.out.strip())
    assert (answer.code, path) == (0, tmp_path / ".metaensemble" / "roles" / "scout.md")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    refused = me("roles", "validate")
    assert refused.code == 2
    assert "ME366" in refused.err
    text = path.read_text()
    assert text.count("FILL IN:") > 5
    path.write_text(text.replace("FILL IN:", "Said:"))
    done = me("roles", "validate", str(path))
    assert (done.code, done.err) == (0, "ok: scout 1.0.0\n")


def test_every_mark_of_a_skeleton_is_told(me: Shell, tmp_path: Path) -> None:
    path = Path(me("roles", "new", "scout").out.strip())
    (found,) = me("roles", "validate", str(path), "--json").json
    lines = [number for number, line in enumerate(path.read_text().splitlines(), 1) if "FILL IN:" in line]
    assert [error["line"] for error in found["errors"]] == lines
    assert {error["code"] for error in found["errors"]} == {"ME366"}


def test_a_new_role_for_the_user(me: Shell, tmp_path: Path, home: Path) -> None:
    answer = me("roles", "new", "scout", "--user")
    assert answer.out.strip() == str(home / ".metaensemble" / "roles" / "scout.md")
    assert not (tmp_path / ".metaensemble" / "roles").exists()


def test_a_new_role_from_another(me: Shell, tmp_path: Path) -> None:
    path = Path(me("roles", "new", "writer", "--from", "docs").out.strip())
    text = path.read_text()
    assert me("roles", "validate", str(path)).code == 2
    path.write_text(text.replace("FILL IN: what is different from `docs`: ", ""))
    assert me("roles", "validate", str(path)).code == 0
    roles = load_roles(tmp_path, home=None)
    (new, _), (old, _) = roles.look_up("writer"), roles.look_up("docs")
    assert new is not None
    assert old is not None
    assert (new.body, new.tier, new.onboarding, new.color) == (old.body, old.tier, old.onboarding, old.color)
    assert (new.version, new.prefix) == ("1.0.0", "writer")


def test_a_role_that_there_is_can_be_changed_by_a_copy(me: Shell, tmp_path: Path) -> None:
    refused = me("roles", "new", "docs")
    assert refused.code == 2
    assert "ME369" in refused.err
    assert "`--from docs`" in refused.err
    path = Path(me("roles", "new", "docs", "--from", "docs").out.strip())
    path.write_text(path.read_text().replace("FILL IN:", "Said:"))
    found = load_roles(tmp_path, home=None).find("docs")
    assert (found.version, found.prefix, found.origin) == ("1.1.0", "docs", "project")


def test_nothing_is_overwritten(me: Shell, tmp_path: Path) -> None:
    path = put_file(tmp_path, "docs.md", "mine")
    answer = me("roles", "new", "docs", "--from", "docs")
    assert answer.code == 2
    assert path.read_text() == "mine"
    (tmp_path / "victim").write_text("other")
    link = path.with_name("scout.md")
    link.symlink_to(tmp_path / "victim")
    assert me("roles", "new", "scout").code == 2
    assert (tmp_path / "victim").read_text() == "other"


@pytest.mark.parametrize("name", ["Scout", "../scout", "a b", "", "x" * 65, "scout.md"])
def test_a_name_that_no_role_can_have(name: str, me: Shell, tmp_path: Path) -> None:
    answer = me("roles", "new", "--", name)
    assert answer.code == 2
    assert "ME209" in answer.err
    assert not (tmp_path / ".metaensemble" / "roles").exists()


def test_nothing_is_written_through_a_folder_that_leads_out(me: Shell, tmp_path: Path) -> None:
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (tmp_path / ".metaensemble" / "roles").symlink_to(outside)
    for words in (["new", "scout"], ["list"], ["validate"], ["show", "docs"], ["archive", "docs"]):
        answer = me("roles", *words)
        assert answer.code == 2, words
        assert "ME363" in answer.err
    assert list(outside.iterdir()) == []


# ---- validate ----------------------------------------------------------------------------------------


def test_all_roles_that_ship_are_right(me: Shell) -> None:
    answer = me("roles", "validate")
    assert answer.code == 0
    assert len(answer.err.splitlines()) == 9
    assert answer.err.startswith("ok: architect 1.0.0\n")


def test_all_problems_at_once(me: Shell, tmp_path: Path) -> None:
    put_role(tmp_path, "scout", "version: 1\nmodel: opus")
    put_file(tmp_path, "guide.md", "nothing\n")
    answer = me("roles", "validate", "--json")
    assert answer.code == 2
    errors = {one["role"]: [error["code"] for error in one["errors"]] for one in answer.json}
    assert (errors["scout"], errors["guide"], errors["docs"]) == (["ME216", "ME201"], ["ME362"], [])
    for code in ("ME216", "ME201", "ME362"):
        assert f"error[{code}]" in answer.err


def test_paths_are_files_or_folders_of_them(me: Shell, tmp_path: Path) -> None:
    drafts = tmp_path / "drafts"
    put_role(drafts, "scout")
    folder = drafts / ".metaensemble" / "roles"
    (folder / "docs.md").write_text("---\nname: docs\nversion: 1.1.0\n---\n")
    (folder / "README.md").write_text("About drafts.\n")
    found = me("roles", "validate", str(folder), "--json").json
    assert [(one["role"], one["version"], one["ok"]) for one in found] == [
        ("docs", "1.1.0", True),
        ("scout", "1.2.0", True),
    ]
    (folder / "scout.md").write_text("---\nname: scout\nversion: 1.1.0\n---\n")
    answer = me("roles", "validate", str(folder / "scout.md"))
    assert answer.code == 2
    assert "needs the key `description`" in answer.err


def test_a_path_that_is_not_there(me: Shell) -> None:
    answer = me("roles", "validate", "scuot.md")
    assert answer.code == 2
    assert "ME101" in answer.err


def test_roles_that_the_onboarding_names_must_be_there(me: Shell, tmp_path: Path) -> None:
    onboarding = "onboarding:\n  coordinate_with: [docs, backned]\n  mentor_role: architekt"
    put_role(tmp_path, "scout", f"{WHOLE}\n{onboarding}")
    answer = me("roles", "validate")
    assert answer.code == 2
    assert "--> .metaensemble/roles/scout.md:7:27" in answer.err
    assert "did you mean `backend`?" in answer.err
    assert "did you mean `architect`?" in answer.err
    me("roles", "archive", "docs")
    assert "`docs`" not in me("roles", "validate").err


def test_a_change_without_a_new_version_is_a_warning(me: Shell, tmp_path: Path) -> None:
    put_role(tmp_path, "scout")
    noted(tmp_path, "scout")
    assert "warning" not in me("roles", "validate").err
    put_role(tmp_path, "scout", body="Look twice.\n")
    answer = me("roles", "validate")
    assert answer.code == 0
    assert "warning[ME368]: the Role `scout` says something else" in answer.err
    assert "--> .metaensemble/roles/scout.md:3:10" in answer.err
    found = {one["role"]: one for one in me("roles", "validate", "--json").json}
    assert [warning["code"] for warning in found["scout"]["warnings"]] == ["ME368"]
    put_role(tmp_path, "scout", WHOLE.replace("1.2.0", "1.2.1"), "Look twice.\n")
    assert "warning" not in me("roles", "validate").err


def test_a_version_that_goes_down_is_an_error(me: Shell, tmp_path: Path) -> None:
    put_role(tmp_path, "scout", WHOLE.replace("1.2.0", "1.10.0"))
    noted(tmp_path, "scout")
    put_role(tmp_path, "scout", WHOLE.replace("1.2.0", "1.9.0"))
    answer = me("roles", "validate")
    assert answer.code == 2
    assert (
        "error[ME367]: the Role `scout` is at version 1.9.0, and 1.10.0 was worked with before" in answer.err
    )
    put_role(tmp_path, "scout", WHOLE.replace("1.2.0", "1.10.0-rc.1"))
    assert me("roles", "validate").code == 2, "a pre-release comes before its release"


def test_a_name_on_the_list_of_archived_roles_without_a_file(me: Shell, tmp_path: Path) -> None:
    (tmp_path / LIST).write_text("version: 1\narchived: [gone]\n")
    answer = me("roles", "validate")
    assert answer.code == 2
    assert "the archived Role `gone` has no file" in answer.err
    assert me("roles", "restore", "gone").code == 0
    assert me("roles", "validate").code == 0


# ---- archive and restore -----------------------------------------------------------------------------


def test_archiving_and_restoring(me: Shell, tmp_path: Path) -> None:
    record(tmp_path, *(executor(number, "docs") for number in (1, 2, 3)), executor(4, "backend"))
    record(tmp_path, Record(EXECUTOR_RETIRED, "e3", None, {}))
    answer = me("roles", "archive", "docs")
    assert answer.code == 0
    assert answer.err == "`docs` is archived; 2 Executors retired; `me roles restore docs` brings it back\n"
    assert statuses(tmp_path) == ["retired", "retired", "retired", "idle"]
    assert "  - docs\n" in (tmp_path / LIST).read_text()
    assert stat.S_IMODE((tmp_path / LIST).stat().st_mode) == 0o600
    again = me("roles", "archive", "docs")
    assert (again.code, again.err) == (0, "`docs` is archived already\n")
    back = me("roles", "restore", "docs")
    assert (back.code, back.err) == (0, "`docs` is back, with 2 Executors\n")
    assert statuses(tmp_path) == ["idle", "idle", "retired", "idle"]
    assert "docs" not in (tmp_path / LIST).read_text()
    assert me("roles", "restore", "docs").err == "`docs` is not archived\n"


def test_one_list_holds_several(me: Shell, tmp_path: Path) -> None:
    for name in ("frontend", "docs", "backend"):
        me("roles", "archive", name)
    me("roles", "restore", "docs")
    assert (tmp_path / LIST).read_text().endswith("version: 1\narchived:\n  - backend\n  - frontend\n")
    assert load_roles(tmp_path, home=None).archived == ("backend", "frontend")


def test_what_was_put_on_the_list_by_hand_is_made_whole(me: Shell, tmp_path: Path) -> None:
    record(tmp_path, executor(1, "docs"))
    (tmp_path / LIST).write_text("version: 1\narchived: [docs]\n")
    assert statuses(tmp_path) == ["idle"]
    assert "1 Executor retired" in me("roles", "archive", "docs").err
    assert statuses(tmp_path) == ["retired"]


def test_what_was_taken_off_the_list_by_hand_is_made_whole(me: Shell, tmp_path: Path) -> None:
    record(tmp_path, executor(1, "docs"))
    me("roles", "archive", "docs")
    (tmp_path / LIST).unlink()
    assert me("roles", "restore", "docs").err == "`docs` is back, with 1 Executor\n"
    assert statuses(tmp_path) == ["idle"]


def test_a_broken_role_can_be_put_away_and_brought_back(me: Shell, tmp_path: Path) -> None:
    put_role(tmp_path, "scout", "version: 1")
    assert me("roles", "archive", "scout").code == 0
    assert me("roles", "restore", "scout").err == "`scout` is back\n"


def test_a_role_whose_file_is_gone_can_be_brought_back(me: Shell, tmp_path: Path) -> None:
    path = put_role(tmp_path, "scout")
    record(tmp_path, executor(1, "scout"))
    me("roles", "archive", "scout")
    path.unlink()
    assert me("roles", "restore", "scout").err == "`scout` is back, with 1 Executor\n"


def test_an_unknown_role_cannot_be_put_away(me: Shell, tmp_path: Path) -> None:
    for command in ("archive", "restore"):
        answer = me("roles", command, "dosc")
        assert answer.code == 2
        assert "did you mean `docs`?" in answer.err
    assert not (tmp_path / LIST).exists()


def test_restoring_makes_no_ledger(me: Shell, tmp_path: Path) -> None:
    (tmp_path / LIST).write_text("version: 1\narchived: [docs]\n")
    assert me("roles", "restore", "docs").code == 0
    assert not (tmp_path / ".metaensemble" / "state" / "department.db").exists()


def test_a_broken_list_is_never_written_over(me: Shell, tmp_path: Path) -> None:
    (tmp_path / LIST).write_text("archived: docs\n")
    for command in ("archive", "restore"):
        assert me("roles", command, "docs").code == 2
    assert (tmp_path / LIST).read_text() == "archived: docs\n"


def test_commands_for_another_project_say_so(me: Shell, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / ".metaensemble").mkdir(parents=True)
    said = me("-C", str(other), "roles", "archive", "docs").err
    assert f"`me -C {other} roles restore docs`" in said
    assert (other / LIST).exists()


def test_two_at_once_lose_nothing(tmp_path: Path, home: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    names = sorted(load_roles(tmp_path, home=None).names())[:6]
    code = "import sys; from metaensemble.cli.main import main; sys.exit(main(['roles', 'archive', sys.argv[1]]))"
    started = [
        subprocess.Popen([sys.executable, "-c", code, name], cwd=tmp_path, stderr=subprocess.PIPE)
        for name in names
    ]
    assert [(one.wait(60), one.stderr and one.stderr.close()) for one in started] == [(0, None)] * len(names)
    assert load_roles(tmp_path, home=None).archived == tuple(names)
