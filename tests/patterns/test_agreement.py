"""Coefficients of agreement, against worked examples that were published, and their laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.patterns.agreement import (
    AgreementSummary,
    Metric,
    agreement_summary,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from metaensemble.patterns.bootstrap import bootstrap_interval
from metaensemble.patterns.effective_votes import vote_correlation
from metaensemble.patterns.ratings import Label, Ratings, Undefined

Rows = list[list[Label | None]]

# Fleiss 1971, "Measuring nominal scale agreement among many raters", table 1: diagnoses of 30 subjects by
# 6 psychiatrists each; here one digit per vote: depression 1, personality disorder 2, schizophrenia 3,
# neurosis 4, other 5.
FLEISS_1971 = (
    "444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 "
    "144444 124444 222333 144444 224445 333335 111455 111112 224444 133555 "
    "555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"
)

# The 10 x 14 example of the Wikipedia article "Fleiss' kappa": votes for each of 5 classes.
TEN_BY_FOURTEEN = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: 4 observers, one per line, and
# 12 units. Gwet uses the same votes for AC1 with missing ratings (Handbook, 4th ed.; `raw4raters` in his
# package irrCAC, where the third rater cast the only vote on the last unit, which changes nothing).
KRIPPENDORFF_2011 = [
    "123321412...",
    "1233224125.3",
    ".3332342251.",
    "12332441251.",
]

# Two abstractors on 100 cases, `cont3x3abstractors` in Gwet's package irrCAC, whose vignette "irrCAC:
# Calculating Chance-corrected Agreement Coefficients" prints the values below.
ABSTRACTORS = {
    ("ectopic", "ectopic"): 13,
    ("aiu", "aiu"): 20,
    ("aiu", "niu"): 7,
    ("niu", "aiu"): 4,
    ("niu", "niu"): 56,
}


def _by_column(lines: list[str]) -> Rows:
    return [[None if vote == "." else int(vote) for vote in unit] for unit in zip(*lines, strict=True)]


def _from_counts(table: list[list[int]]) -> Rows:
    return [[place for place, count in enumerate(row) for _ in range(count)] for row in table]


def _from_cells(cells: dict[tuple[str, str], int]) -> Rows:
    return [list(pair) for pair, count in cells.items() for _ in range(count)]


def test_fleiss_1971() -> None:
    rows = [list(votes) for votes in FLEISS_1971.split()]
    assert len(rows) == 30
    assert percent_agreement(rows) == pytest.approx(0.555, abs=0.001)
    assert fleiss_kappa(rows) == pytest.approx(0.430, abs=0.0005)


def test_ten_subjects_and_fourteen_raters() -> None:
    rows = _from_counts(TEN_BY_FOURTEEN)
    assert percent_agreement(rows) == pytest.approx(0.378, abs=0.0005)
    assert fleiss_kappa(rows) == pytest.approx(0.210, abs=0.0005)


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorff_2011(metric: Metric, alpha: float) -> None:
    rows = _by_column(KRIPPENDORFF_2011)
    assert len(rows) == 12
    assert krippendorff_alpha(rows, metric) == pytest.approx(alpha, abs=0.0005)


def test_gwet_with_missing_votes() -> None:
    rows = _by_column(KRIPPENDORFF_2011)
    assert gwet_ac1(rows) == pytest.approx(0.77544, abs=0.000005)
    assert percent_agreement(rows) == pytest.approx(0.8181818, abs=0.0000001)


def test_gwet_on_two_abstractors() -> None:
    rows = _from_cells(ABSTRACTORS)
    assert percent_agreement(rows) == pytest.approx(0.89)
    assert gwet_ac1(rows) == pytest.approx(0.8493305, abs=0.0000001)
    # Of two raters, Fleiss' kappa is Scott's pi.
    assert fleiss_kappa(rows) == pytest.approx(0.7962397, abs=0.0000001)


def test_gwet_where_one_class_prevails() -> None:
    # Gwet's example of 125 subjects: kappa collapses, AC1 does not. By hand: 118 of 125 agree, 0.944; the
    # mean share of `+` is (123 + 120) / 250 = 0.972; chance 2 * 0.972 * 0.028 = 0.054432;
    # (0.944 - 0.054432) / (1 - 0.054432) = 0.9408.
    rows = _from_cells({("+", "+"): 118, ("+", "-"): 5, ("-", "+"): 2})
    assert gwet_ac1(rows) == pytest.approx(0.9408, abs=0.00005)
    assert fleiss_kappa(rows) == pytest.approx(-0.0288, abs=0.00005)
    assert vote_correlation(rows) == pytest.approx(-0.0234, abs=0.00005)  # Cohen's kappa


def test_classes_that_nobody_chose_lower_the_chance() -> None:
    rows: Rows = [["a", "a"], ["a", "b"]]
    # Shares 3/4 and 1/4: chance is 0.375 of two classes, half of that of three.
    assert gwet_ac1(rows) == pytest.approx((0.5 - 0.375) / (1 - 0.375))
    assert gwet_ac1(rows, classes=3) == pytest.approx((0.5 - 0.1875) / (1 - 0.1875))
    assert gwet_ac1([["a", "a"]], classes=2) == 1
    with pytest.raises(ValueError, match="2 classes appear, which is more than the 1 said to exist"):
        gwet_ac1(rows, classes=1)


def test_booleans_and_numbers_are_different_votes() -> None:
    rows: Rows = [[True, 1], [False, 0]] * 3
    assert percent_agreement(rows) == 0
    assert percent_agreement([[1, 1.0], ["1", "1"]]) == 1
    with pytest.raises(Undefined, match="`interval` needs numbers"):
        krippendorff_alpha(rows, "interval")


def test_items_with_one_vote_show_no_agreement() -> None:
    rows: Rows = [["a", "a", "b"], ["b", "b", None], ["c", None, None], [None, None, None]]
    assert percent_agreement(rows) == pytest.approx((1 / 3 + 1) / 2)
    assert krippendorff_alpha(rows) == krippendorff_alpha(rows[:2])
    assert gwet_ac1(rows) == gwet_ac1(rows[:3]) != gwet_ac1(rows[:2])
    with pytest.raises(Undefined, match="equally many votes per item, and here are 0 to 3"):
        fleiss_kappa(rows)


ALL: list[Callable[[Ratings], float]] = [percent_agreement, fleiss_kappa, krippendorff_alpha, gwet_ac1]


@pytest.mark.parametrize("statistic", ALL)
@pytest.mark.parametrize("rows", [[], [[], []], [[None, None]], [["a", None], [None, "b"]], [["a"], ["b"]]])
def test_undefined_without_a_pair_of_votes(statistic: Callable[[Ratings], float], rows: Rows) -> None:
    with pytest.raises(Undefined, match="no item has two votes"):
        statistic(rows)


@pytest.mark.parametrize("statistic", ALL[1:])
def test_undefined_when_all_votes_are_of_one_class(statistic: Callable[[Ratings], float]) -> None:
    with pytest.raises(Undefined, match="all votes are of one class"):
        statistic([["a", "a"]] * 10)


def test_another_metric_is_an_error() -> None:
    metric: Any = "ratio"
    with pytest.raises(ValueError, match="`ratio` is not a metric"):
        krippendorff_alpha([[1, 2]], metric)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e307, 10**400])
def test_the_scale_of_the_numbers_does_not_matter(scale: float) -> None:
    rows: Rows = [[1, 2], [2, 2], [-3, -3], [4, 2]]
    scaled: Rows = [[int(vote or 0) * scale for vote in row] for row in rows]
    for metric in ("ordinal", "interval"):
        assert krippendorff_alpha(scaled, metric) == pytest.approx(krippendorff_alpha(rows, metric))


def test_numbers_far_apart_do_not_overflow() -> None:
    assert krippendorff_alpha([[-1.7e308, -1.7e308], [1.7e308, 1.7e308]], "interval") == 1
    assert krippendorff_alpha([[2**60, 2**60], [2**60 + 1, 2**60 + 1]], "interval") == 1


labels = st.sampled_from([True, False, 0, 1, 2, 2.5, "a", "1"])
numbers = st.integers(-3, 3) | st.sampled_from([0.5, 1e-9, 1e9])


def _tables(votes: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.integers(1, 5).flatmap(
        lambda raters: st.lists(st.lists(votes, min_size=raters, max_size=raters), max_size=8)
    )


def _value(statistic: Callable[[Ratings], float], rows: Rows) -> float | str:
    try:
        return statistic(rows)
    except Undefined as why:
        return str(why)


def _all(rows: Rows) -> list[float | str]:
    by_metric = [lambda rows, metric=metric: krippendorff_alpha(rows, metric) for metric in get_args(Metric)]
    return [_value(statistic, rows) for statistic in (*ALL, *by_metric)]


@given(rows=_tables(labels | st.none()) | _tables(numbers | st.none()) | _tables(labels), data=st.data())
def test_neither_the_order_of_items_nor_of_raters_matters(rows: Rows, data: st.DataObject) -> None:
    items = data.draw(st.permutations(rows))
    raters = data.draw(st.permutations(range(len(rows[0]) if rows else 0)))
    assert _all([[row[rater] for rater in raters] for row in items]) == _all(rows)


@given(rows=_tables(labels | st.none()) | _tables(numbers | st.none()) | _tables(numbers))
def test_values_are_at_most_one(rows: Rows) -> None:
    for value in _all(rows):
        assert isinstance(value, str) or (math.isfinite(value) and value <= 1)


@given(votes=st.lists(numbers, min_size=1, max_size=8), raters=st.integers(2, 6))
def test_full_agreement_is_one_or_undefined(votes: list[Label], raters: int) -> None:
    values = _all([[vote] * raters for vote in votes])
    assert values[0] == 1
    if len(set(votes)) > 1:
        assert values == [1] * 7
    else:
        assert all(isinstance(value, str) for value in values[1:])


@given(rows=_tables(st.sampled_from([0, 1])))
def test_booleans_agree_as_numbers_do_among_themselves(rows: Rows) -> None:
    assert _all([[bool(vote) for vote in row] for row in rows])[:4] == _all(rows)[:4]


@given(rows=_tables(st.sampled_from([0, 1, None])))
def test_of_two_classes_all_metrics_are_one(rows: Rows) -> None:
    # `interval` scales two classes to 0 and 1, `ordinal` to two ranks: nominal differences, times a constant.
    nominal, ordinal, interval = _all(rows)[4:]
    if isinstance(nominal, str):
        assert nominal == ordinal == interval
    else:
        assert [ordinal, interval] == pytest.approx([nominal] * 2)


COEFFICIENTS = ["percent", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1"]


def _estimates(summary: AgreementSummary) -> dict[str, Any]:
    by_name: dict[str, Any] = {**summary}
    return {name: by_name[name] for name in COEFFICIENTS}


def test_summary() -> None:
    rows = [list(votes) for votes in FLEISS_1971.split()]
    summary = agreement_summary(rows, seed=1)
    assert (summary["items"], summary["raters"], summary["missing"]) == (30, 6, 0)
    assert summary["metric"] == "nominal"
    for name, statistic in zip(
        ("percent", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1"), ALL, strict=True
    ):
        estimate: Any = summary[name]  # type: ignore[literal-required]
        assert estimate["value"] == statistic(rows)
        assert estimate["low"] < estimate["value"] < estimate["high"]
    assert agreement_summary(rows, seed=1) == summary
    assert agreement_summary(rows, seed=2) != summary


def test_a_resample_without_a_rare_class_is_judged_by_all_classes() -> None:
    rows: Rows = [["a", "a"], ["a", "b"], ["b", "b"], ["b", "a"], ["a", "c"], ["b", "b"]]
    interval = bootstrap_interval(rows, partial(gwet_ac1, classes=3), seed=5)
    assert interval is not None
    estimate = _estimates(agreement_summary(rows, seed=5))["gwet_ac1"]
    assert (estimate["low"], estimate["high"]) == interval
    assert bootstrap_interval(rows, gwet_ac1, seed=5) != interval


def test_summary_of_panels_with_missing_votes() -> None:
    summary = agreement_summary(_by_column(KRIPPENDORFF_2011), metric="ordinal", resamples=0)
    assert (summary["items"], summary["raters"], summary["missing"]) == (11, 4, 7)
    assert summary["fleiss_kappa"] == {"undefined": "needs equally many votes per item, and here are 1 to 4"}
    alpha: Any = summary["krippendorff_alpha"]
    assert alpha == {"value": pytest.approx(0.815, abs=0.0005), "low": None, "high": None}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "needs 2 raters or more, and here 0 raters voted"),
        ([["a", None]] * 9, "needs 2 raters or more, and here 1 rater voted"),
        ([["a", "b"]] * 4, "needs 5 items or more with two votes, and here there are 4"),
        ([["a", "b"]], "needs 5 items or more with two votes, and here there is 1"),
        ([["a", "b"]] * 4 + [["a", None]] * 4, "needs 5 items or more with two votes, and here there are 4"),
        ([["a", math.nan]] * 5, "the vote `nan` is not a finite number"),
    ],
)
def test_summary_of_too_little(rows: Rows, why: str) -> None:
    summary = agreement_summary(rows)
    assert list(_estimates(summary).values()) == [{"undefined": why}] * 4


def test_summary_of_one_class() -> None:
    summary = agreement_summary([["a", "a"]] * 6)
    assert summary["percent"] == {"value": 1, "low": 1, "high": 1}
    for name in COEFFICIENTS[1:]:
        assert "all votes are of one class" in _estimates(summary)[name]["undefined"]
    assert agreement_summary([["a", "a"]] * 6, classes=2)["gwet_ac1"] == {"value": 1, "low": 1, "high": 1}


def test_summary_of_rows_that_differ_in_length() -> None:
    with pytest.raises(ValueError, match="one place per rater"):
        agreement_summary([["a", "b"], ["a"]])
