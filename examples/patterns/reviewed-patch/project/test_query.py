from query import all_rows, children, orphans


def test_orphans_have_no_parent():
    assert orphans() == "parent IS NULL"


def test_children_have_one():
    assert children(7) == "parent = 7"


def test_all():
    assert all_rows() == "TRUE"
