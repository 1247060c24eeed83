"""Laws of ranks: who can be told apart, and what must not matter."""

import numpy as np
import pytest

from vaebench.report.ranks import Rank, bootstrap_means, ranks


def row(rng, mean, tasks=4, seeds=5, spread=0.05):
    return {f"task_{t}": list(rng.normal(mean, spread, seeds)) for t in range(tasks)}


def test_identical_populations_share_their_ranks():
    scores = row(np.random.default_rng(0), 0.5)
    assert set(ranks({"a": scores, "b": scores, "c": scores}).values()) == {Rank(1, 3)}


def test_identical_rows_without_spread_share_their_ranks():
    scores = {"task": [0.5, 0.5]}
    assert set(ranks({"a": scores, "b": scores}).values()) == {Rank(1, 2)}


def test_a_dominating_row_is_first_and_a_dominated_one_last():
    rng = np.random.default_rng(1)
    found = ranks({"low": row(rng, 0.1), "best": row(rng, 0.9), "mid": row(rng, 0.5), "mid2": row(rng, 0.5)})
    assert (found["best"], found["low"]) == (Rank(1, 1), Rank(4, 4))
    assert found["mid"] == found["mid2"] == Rank(2, 3)
    assert [str(found[name]) for name in ("best", "mid")] == ["1", "2–3"]


def test_the_order_of_rows_and_tasks_does_not_matter():
    rng = np.random.default_rng(2)
    rows = {name: row(rng, mean) for name, mean in (("a", 0.5), ("b", 0.52), ("c", 0.6), ("d", 0.45))}
    turned = {name: dict(reversed(rows[name].items())) for name in reversed(rows)}
    assert ranks(turned) == ranks(rows)
    assert list(ranks(turned)) == ["d", "c", "b", "a"]
    assert (bootstrap_means("a", turned["a"]) == bootstrap_means("a", rows["a"])).all()


def test_a_third_row_does_not_change_what_is_said_of_two_others():
    rng = np.random.default_rng(3)
    for _ in range(20):
        pair = {"a": row(rng, 0.5), "b": row(rng, 0.5 + rng.uniform(0, 0.1))}
        apart = ranks(pair)["a"].worst == 2 and ranks(pair)["b"].worst == 1
        for third in (0.0, 1.0):
            found = ranks({**pair, "c": row(rng, third, spread=1e-6)})
            offset = 0 if third == 0.0 else 1
            assert (found["b"].worst - offset == 1) == apart
            assert found["a"].best - offset == ranks(pair)["a"].best


def test_two_rows_of_one_population_are_rarely_told_apart():
    rng, boards = np.random.default_rng(4), 200
    told = 0
    for i in range(boards):
        found = ranks({f"a{i}": row(rng, 0.5), f"b{i}": row(rng, 0.5)})
        told += Rank(1, 1) in found.values()
    assert told / boards <= 0.05


def test_a_row_that_is_better_on_one_task_and_worse_on_another_is_not_told_apart():
    swing = {"x": [0.9, 0.91, 0.9], "y": [0.2, 0.21, 0.2]}
    even = {"x": [0.4, 0.41, 0.4], "y": [0.5, 0.51, 0.5]}
    assert set(ranks({"swing": swing, "even": even}).values()) == {Rank(1, 2)}


def test_resamples_spread_as_the_standard_error_does():
    rng, ratios = np.random.default_rng(5), []
    for i in range(200):
        values = rng.normal(0, 1, 5)
        ratios.append(bootstrap_means(f"row{i}", {"task": values}).var() / (values.var(ddof=1) / 5))
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)


def test_resamples_are_drawn_about_the_mean_over_tasks():
    scores = {"x": [0.1, 0.2, 0.3], "y": [0.7, 0.8, 0.9]}
    assert bootstrap_means("row", scores).mean() == pytest.approx(0.5, abs=0.02)
    assert bootstrap_means("row", scores).std() > 0.15  # another mix of tasks would give another mean


def test_a_row_gets_the_same_draws_every_time_and_another_row_others():
    scores = {"x": [0.1, 0.2, 0.3]}
    assert (bootstrap_means("a", scores) == bootstrap_means("a", scores)).all()
    assert (bootstrap_means("a", scores) != bootstrap_means("b", scores)).any()


def test_rows_of_different_tasks_are_not_ranked_together():
    with pytest.raises(ValueError, match="different tasks"):
        ranks({"a": {"x": [1.0, 2.0]}, "b": {"y": [1.0, 2.0]}})


def test_a_single_seed_is_not_ranked():
    with pytest.raises(ValueError, match=r"^a .*\b1\b.* x\b"):
        ranks({"a": {"x": [1.0]}})


def test_rounding_tells_no_two_rows_apart():
    even = {"task": [0.5] * 5}
    for off in (1e-15, -1e-15, 1e-7):
        assert set(ranks({"a": even, "b": {"task": [0.5 + off] * 5}}).values()) == {Rank(1, 2)}
    apart = ranks({"a": even, "b": {"task": [0.501] * 5}})
    assert (apart["a"], apart["b"]) == (Rank(2, 2), Rank(1, 1))


def test_rows_without_a_task_are_not_ranked_and_it_is_said_why():
    with pytest.raises(ValueError, match=r"^a "):
        ranks({"a": {}, "b": {}})


def test_no_rows_have_no_ranks():
    assert ranks({}) == {}
