from __future__ import annotations

import os
from pathlib import Path

import pytest

from metaensemble.tasks.roles.role_file import MAXIMUM_ROLE_BYTES, RoleFile, read_role_file
from support.role_files import put_file, put_role, role_text


def read(path: Path) -> RoleFile:
    return read_role_file(str(path), f"roles/{path.name}", "project", within=str(path.parent))


def place(file: RoleFile) -> tuple[str, int, int]:
    (error,) = file.problems
    assert error.span is not None
    return error.code, error.span.line, error.span.column


def code(file: RoleFile) -> str:
    (error,) = file.problems
    return error.code


def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    text = role_text("scout", body="\n# Scout\n\n  - one\n")
    unix = read(put_file(tmp_path, "scout.md", text))
    dos = read(put_file(tmp_path, "scout.md", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()))
    mac = read(put_file(tmp_path, "scout.md", text.replace("\n", "\r")))
    assert unix.problems == dos.problems == mac.problems == ()
    assert unix.keys == dos.keys == mac.keys
    assert unix.body == dos.body == mac.body == "# Scout\n\n  - one"
    assert unix.digest != dos.digest


def test_a_rule_in_the_body_ends_nothing(tmp_path: Path) -> None:
    found = read(put_role(tmp_path, "scout", body="one\n\n---\n\ntwo\n"))
    assert (found.problems, found.body) == ((), "one\n\n---\n\ntwo")


def test_white_space_behind_the_lines_is_no_matter(tmp_path: Path) -> None:
    text = role_text("scout").replace("---\n", "---  \n")
    assert read(put_file(tmp_path, "scout.md", text)).problems == ()


def test_a_frontmatter_without_a_body(tmp_path: Path) -> None:
    text = role_text("scout", body="").rstrip("\n")
    found = read(put_file(tmp_path, "scout.md", text))
    assert (found.problems, found.body) == ((), "")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", ("ME362", 1, 1)),
        ("\n\n \n", ("ME362", 1, 1)),
        ("Just text.\n", ("ME362", 1, 1)),
        ("\n---\nname: scout\n---\n", ("ME362", 2, 1)),
        (" ---\nname: scout\n---\n", ("ME362", 1, 1)),
        ("---\nname: scout\nBody\n", ("ME362", 1, 1)),
        ("---\nname: scout\n ---\n", ("ME362", 1, 1)),
        ("---\n---\nBody\n", ("ME362", 1, 1)),
        ("---\n# a comment\n---\nBody\n", ("ME362", 1, 1)),
        ("---\n- name\n---\nBody\n", ("ME202", 2, 1)),
        ("---\njust text\n---\nBody\n", ("ME202", 2, 1)),
        ("---\nname: [scout\n---\nBody\n", ("ME110", 2, 7)),
        ("---\nname: scout\nname: scout\n---\nBody\n", ("ME111", 3, 1)),
        ("---\nversion: 1.0.0\n---\nBody\n", ("ME203", 2, 1)),
        ("---\nname:\n---\nBody\n", ("ME209", 2, 1)),
        ("---\nname: Scout\n---\nBody\n", ("ME209", 2, 7)),
        (b"---\nname: scout\n---\ncaf\xe9\n", ("ME105", 4, 4)),
        ("---\nname: scout\n---\na\x1b[31m\n", ("ME104", 4, 2)),
    ],
)
def test_odd_files(tmp_path: Path, content: str | bytes, found: tuple[str, int, int]) -> None:
    assert place(read(put_file(tmp_path, "scout.md", content))) == found


def test_a_frontmatter_further_down_is_told_so(tmp_path: Path) -> None:
    (error,) = read(put_file(tmp_path, "scout.md", "\n" + role_text("scout"))).problems
    assert error.hint == "the line `---` must be the very first one, without anything before it"


def test_a_file_of_zero_bytes_and_one_in_utf_16(tmp_path: Path) -> None:
    assert code(read(put_file(tmp_path, "scout.md", b"---\0"))) == "ME104"
    assert code(read(put_file(tmp_path, "scout.md", role_text("scout").encode("utf-16")))) == "ME105"


def test_a_large_file_is_refused_and_one_below_the_limit_is_not(tmp_path: Path) -> None:
    text = role_text("scout")
    fits = text + "x" * (MAXIMUM_ROLE_BYTES - len(text))
    assert read(put_file(tmp_path, "scout.md", fits)).problems == ()
    assert code(read(put_file(tmp_path, "scout.md", fits + "x"))) == "ME103"


def test_a_directory_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "scout.md").mkdir()
    assert code(read(tmp_path / "scout.md")) == "ME102"
    os.mkfifo(tmp_path / "pipe.md")
    assert code(read(tmp_path / "pipe.md")) == "ME102"


def test_a_file_that_went_away(tmp_path: Path) -> None:
    assert code(read(tmp_path / "scout.md")) == "ME101"


def test_links_are_followed_inside_the_folder_only(tmp_path: Path) -> None:
    inside = put_role(tmp_path, "scout")
    outside = tmp_path / "scout.md"
    outside.write_text(role_text("scout"))
    link = inside.with_name("guide.md")
    link.symlink_to("scout.md")
    assert code(read(link)) == "ME364", "it was read"
    for target in (outside, Path("../../scout.md"), Path("../roles-elsewhere/scout.md")):
        link.unlink()
        link.symlink_to(target)
        assert code(read(link)) == "ME363"


def test_a_link_to_a_sibling_folder_that_begins_alike_leads_out(tmp_path: Path) -> None:
    inside = put_role(tmp_path, "scout")
    other = inside.parent.with_name("roles-of-others")
    other.mkdir()
    (other / "guide.md").write_text(role_text("guide"))
    link = inside.with_name("guide.md")
    link.symlink_to(other / "guide.md")
    assert code(read(link)) == "ME363"


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("version: v1.0", "write three numbers: `1.0.0`"),
        ("version: 1", "write three numbers: `1.0.0`"),
        ("version: 1.2.3.4", "write three numbers, such as `1.0.0`"),
        ("version: 01.2.3", "write three numbers: `1.2.3`"),
        ("version: latest", "write three numbers, such as `1.0.0`"),
        ("alias_prefix: 9x", "`x`"),
        ("allowed_tools: Read", "write a list: `[Read]`"),
        ("allowed_tool: [Read]", "did you mean `allowed_tools`?"),
        ("color: Navy Blue", 'write a word such as `blue`, or `"#3366cc"` in quotes'),
        ("onboarding: {read-first: [a]}", "did you mean `read_first`?"),
        ("onboarding: {read_first: [/etc/passwd]}", "write it as it is from the project's root"),
        ("onboarding: {read_first: [~/x]}", "write it as it is from the project's root"),
        ("onboarding: [a]", "write `onboarding: {read_first: [README.md]}`"),
        ("description:", "write something"),
        ("surprise: 1", "the keys here are `name`, `version`"),
    ],
)
def test_hints(tmp_path: Path, keys: str, found: str) -> None:
    (error,) = read(put_role(tmp_path, "scout", keys)).problems
    assert error.hint is not None
    assert found in error.hint
    assert error.span is not None
    assert error.span.line == 3


def test_a_misspelled_key_is_not_told_as_missing_too(tmp_path: Path) -> None:
    found = read(put_file(tmp_path, "scout.md", "---\nnaem: scout\n---\nBody\n"))
    assert [error.hint for error in found.problems] == ["did you mean `name`?"]
