from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.schemas.agent import Role
from metaensemble.schemas.errors import InactiveRole, InputError, InputErrors, UnknownRole
from metaensemble.tasks.roles import Roles, load_roles
from support.role_files import WHOLE, put_file, put_role


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def archive(project: Path, *names: str) -> None:
    folder = project / ".metaensemble"
    folder.mkdir(exist_ok=True)
    (folder / "active-roles.yaml").write_text(f"version: 1\narchived: [{', '.join(names)}]\n")


def refused(roles: Roles, name: str) -> list[InputError]:
    with pytest.raises(InputError) as caught:
        roles.find(name)
    return list(caught.value.errors) if isinstance(caught.value, InputErrors) else [caught.value]


def codes(roles: Roles, name: str) -> list[str]:
    return [error.code for error in refused(roles, name)]


def test_a_project_without_roles_has_those_that_ship(project: Path, home: Path) -> None:
    roles = load_roles(project, home=home)
    assert "architect" in roles.names()
    found = roles.find("architect")
    assert (found.name, found.origin, found.prefix) == ("architect", "core", "arch")
    assert len(found.digest) == 64


def test_every_field_of_a_role(project: Path, home: Path) -> None:
    (project / "README.md").write_text("x")
    put_role(
        project,
        "scout",
        "version: 2.0.1\ndescription: Looks ahead.\nmodel_tier: sonnet\nalias_prefix: sco\n"
        "allowed_tools: [Read, Grep]\ncolor: blue\noutput_styles: [concise]\n"
        "onboarding:\n  read_first: [README.md]\n  coordinate_with: [architect]\n"
        "  conventions: [Be brief.]\n  mentor_role: architect\nx-note: mine",
        "\n\n# Scout\r\n\r\nLook ahead.\n\n",
    )
    found = load_roles(project, home=home).find("scout")
    assert found == Role(
        name="scout",
        version="2.0.1",
        description="Looks ahead.",
        tier="sonnet",
        body="# Scout\n\nLook ahead.",
        alias_prefix="sco",
        tools=("Read", "Grep"),
        onboarding={
            "read_first": ["README.md"],
            "coordinate_with": ["architect"],
            "conventions": ["Be brief."],
            "mentor_role": "architect",
        },
        color="blue",
        output_styles=("concise",),
        origin="project",
        digest=found.digest,
    )


def test_a_later_layer_replaces_key_by_key(project: Path, home: Path) -> None:
    put_role(
        home,
        "scout",
        f"{WHOLE}\ncolor: blue\nonboarding: {{conventions: [A.], mentor_role: docs}}",
        "User's.\n",
    )
    below = load_roles(project, home=home).find("scout")
    put_role(project, "scout", "model_tier: opus\nonboarding: {read_first: [a.md]}", "")
    found = load_roles(project, home=home).find("scout")
    assert (found.tier, found.color, found.version) == ("opus", "blue", "1.2.0")
    assert found.onboarding == {}, "a map is replaced as a whole"
    assert (found.body, found.origin) == ("User's.", "project")
    assert found.digest != below.digest
    put_role(project, "scout", "model_tier: opus", "The project's.\n")
    assert load_roles(project, home=home).find("scout").body == "The project's."


def test_only_files_that_the_project_has_are_to_be_read_first(project: Path, home: Path) -> None:
    (project / "docs").mkdir()
    (project / "docs" / "a.md").write_text("x")
    (project / "out.md").symlink_to(home / "secret.md")
    (home / "secret.md").write_text("x")
    named = "[docs/a.md, docs, out.md, README.md]"
    put_role(project, "scout", f"{WHOLE}\nonboarding: {{read_first: {named}, mentor_role: docs}}")
    roles = load_roles(project, home=home)
    assert roles.find("scout").onboarding == {"read_first": ["docs/a.md"], "mentor_role": "docs"}
    shown = roles.look_up("scout")[0]
    assert shown is not None
    assert shown.onboarding["read_first"] == ["docs/a.md", "docs", "out.md", "README.md"]
    (project / "docs" / "a.md").unlink()
    assert load_roles(project, home=home).find("scout").onboarding == {"mentor_role": "docs"}


def test_a_project_may_change_one_key_of_a_role_that_ships(project: Path, home: Path) -> None:
    shipped = load_roles(project, home=home).find("architect")
    put_role(project, "architect", "model_tier: haiku", "")
    found = load_roles(project, home=home).find("architect")
    assert (found.tier, found.body, found.description) == ("haiku", shipped.body, shipped.description)


def test_without_a_home_there_is_no_layer_of_the_users(project: Path, home: Path) -> None:
    put_role(home, "scout")
    assert "scout" in load_roles(project, home=home).names()
    assert "scout" not in load_roles(project, home=None).names()


def test_a_home_that_is_the_project_counts_once(home: Path) -> None:
    put_role(home, "scout")
    found = load_roles(home, home=home)
    assert found.find("scout").origin == "user"
    assert len(found.files_of("scout")) == 1


def test_an_unknown_role_is_told_what_there_is(project: Path, home: Path) -> None:
    roles = load_roles(project, home=home)
    (error,) = refused(roles, "architct")
    assert isinstance(error, UnknownRole)
    assert error.message == "there is no Role `architct`"
    assert error.hint is not None
    assert error.hint.startswith("did you mean `architect`? there are `architect`")
    (far,) = refused(roles, "zzz")
    assert far.hint is not None
    assert far.hint.startswith("there are")


@pytest.mark.parametrize("name", ["", "../architect", "architect.md", "/etc/passwd", "a\x00b", "Architect"])
def test_an_odd_name_is_only_unknown(name: str, project: Path, home: Path) -> None:
    (error,) = refused(load_roles(project, home=home), name)
    assert isinstance(error, UnknownRole)


def test_an_archived_role_is_inactive(project: Path, home: Path) -> None:
    archive(project, "architect")
    roles = load_roles(project, home=home)
    (error,) = refused(roles, "architect")
    assert isinstance(error, InactiveRole)
    assert error.hint == "`me roles restore architect` brings it back"
    assert "architect" not in roles.names()
    assert "architect" in roles.every()
    assert "architect" not in [role.name for role in roles.all()]
    assert roles.look_up("architect")[0] is not None


def test_a_name_that_is_archived_and_has_no_file_is_unknown(project: Path, home: Path) -> None:
    archive(project, "gone")
    (error,) = refused(load_roles(project, home=home), "gone")
    assert isinstance(error, UnknownRole)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("version: 1\narchive: [docs]\n", "ME201"),
        ("version: 2\narchived: []\n", "ME212"),
        ("archived: docs\nversion: 1\n", "ME202"),
        ("archived: [Docs]\nversion: 1\n", "ME209"),
        ("archived: [\n", "ME110"),
        ("archived: []\n", "ME203"),
    ],
)
def test_while_the_list_of_archived_roles_is_broken_none_is_given(
    text: str, code: str, project: Path, home: Path
) -> None:
    archive(project)
    (project / ".metaensemble" / "active-roles.yaml").write_text(text)
    roles = load_roles(project, home=home)
    assert codes(roles, "architect") == [code]
    assert roles.all() == []


def test_an_empty_list_of_archived_roles_archives_none(project: Path, home: Path) -> None:
    archive(project)
    (project / ".metaensemble" / "active-roles.yaml").write_text("# nothing\n")
    assert load_roles(project, home=home).find("architect")


def test_errors_of_a_file_are_told_when_its_role_is_asked_for(project: Path, home: Path) -> None:
    put_role(project, "scout", "version: 1.0\nmodel: opus")
    put_role(project, "guide")
    roles = load_roles(project, home=home)
    assert roles.find("guide").name == "guide"
    assert {"scout", "guide"} <= set(roles.names())
    assert "scout" not in [role.name for role in roles.all()]
    errors = refused(roles, "scout")
    assert [(error.code, error.span and (error.span.line, error.span.column)) for error in errors] == [
        ("ME216", (3, 10)),
        ("ME201", (4, 1)),
    ]
    assert errors[0].span is not None
    assert errors[0].span.file == ".metaensemble/roles/scout.md"
    assert errors[0].hint == "write three numbers: `1.0.0`"
    assert errors[1].hint == "did you mean `model_tier`?"


def test_errors_of_a_lower_layer_count_as_well(project: Path, home: Path) -> None:
    put_role(home, "scout", "version: 1.0.0\nmodel_tier: opsu")
    put_role(project, "scout")
    (error,) = refused(load_roles(project, home=home), "scout")
    assert error.span is not None
    assert (error.code, error.span.file) == ("ME204", "~/.metaensemble/roles/scout.md")


def test_what_is_missing_in_all_layers_is_told_at_the_last_one(project: Path, home: Path) -> None:
    put_role(home, "scout", "version: 1.0.0")
    put_role(project, "scout", "model_tier: opus")
    (error,) = refused(load_roles(project, home=home), "scout")
    assert error.message == "the frontmatter needs the key `description`"
    assert error.span is not None
    assert error.span.file == ".metaensemble/roles/scout.md"


def test_a_role_without_a_job_description_is_not_finished(project: Path, home: Path) -> None:
    put_role(project, "scout", body=" \n\n")
    assert codes(load_roles(project, home=home), "scout") == ["ME366"]


def test_what_is_to_be_filled_in_is_not_finished(project: Path, home: Path) -> None:
    keys = WHOLE.replace("Looks at things.", '"FILL IN: what is it for?"')
    put_role(project, "scout", keys, "Do FILL IN: this\nand that.\n")
    errors = refused(load_roles(project, home=home), "scout")
    assert [(error.code, error.span and error.span.line) for error in errors] == [("ME366", 4), ("ME366", 7)]


def test_a_file_with_another_name_than_its_role(project: Path, home: Path) -> None:
    put_file(project, "scuot.md", f"---\nname: scout\n{WHOLE}\n---\nLook.\n")
    roles = load_roles(project, home=home)
    assert codes(roles, "scout") == codes(roles, "scuot") == ["ME364"]
    assert "scuot" not in roles.names()


def test_a_misnamed_file_hides_no_role_that_ships(project: Path, home: Path) -> None:
    put_file(project, "architect.md", f"---\nname: archie\n{WHOLE}\n---\nLook.\n")
    roles = load_roles(project, home=home)
    assert codes(roles, "architect") == ["ME364"], "the core's must not silently be used in its place"


def test_two_files_of_one_role(project: Path, home: Path) -> None:
    put_role(project, "scout")
    put_file(project, "scout-old.md", f"---\nname: scout\n{WHOLE}\n---\nLook.\n")
    (error,) = refused(load_roles(project, home=home), "scout")
    assert error.code == "ME365"
    assert error.message == "the Role `scout` is given twice: by `scout.md` and by `scout-old.md`"


def test_a_readme_and_other_files_are_no_roles(project: Path, home: Path) -> None:
    put_file(project, "README.md", "About these.\n")
    put_file(project, ".hidden.md", "x")
    put_file(project, "notes.txt", "x")
    assert load_roles(project, home=home).names() == load_roles(project / "none", home=None).names()
