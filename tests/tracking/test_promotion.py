from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sklearn.dummy import DummyRegressor

import scalekit as sk
from scalekit.errors import (
    AliasConflictError,
    CorruptFileError,
    InvalidOperationError,
    PromotionRefusedError,
    RunNotFoundError,
)
from scalekit.tracking.decision import Decision as Needed
from scalekit.tracking.registry import (
    Aliases,
    history,
    model_names,
    move_aliases,
    read_aliases,
    read_version,
    register,
    version_numbers,
)
from scalekit.tracking.store import RunStore


@dataclass(frozen=True)
class Decision:
    passed: bool = True
    reasons: tuple[str, ...] = ("log_loss: better by 0.02 [0.01, 0.03]",)
    independent: bool = True
    candidate: Any = None
    incumbent: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"passed": self.passed, "reasons": list(self.reasons)}


def model(constant: float) -> DummyRegressor:
    return DummyRegressor().fit([[0.0]], [constant])


def in_production() -> float:
    return float(sk.load_model("models:/churn@production").predict([[0.0]])[0])


def test_a_decision_has_the_shape_that_promotion_needs():
    assert isinstance(Decision(), Needed)
    assert not isinstance(object(), Needed)


def test_a_passing_decision_promotes_and_is_kept(store):
    first = sk.promote("churn", Decision(candidate=model(1.0)))
    assert (first.version, first.uri, first.replaced, first.forced) == (
        1,
        "models:/churn/1",
        None,
        None,
    )
    second = sk.promote("churn", Decision(candidate=model(2.0), incumbent=first.uri))
    assert in_production() == 2.0
    assert sk.load_model("models:/churn@previous").predict([[0.0]]).tolist() == [1.0]
    kept = read_version(store, "churn", 2)
    assert kept == second
    assert kept.reasons == ("log_loss: better by 0.02 [0.01, 0.03]",)
    assert kept.decision == {"passed": True, "reasons": list(kept.reasons)}
    found = sk.models().collect()
    assert found.select("name", "version", "aliases", "replaced").rows() == [
        ("churn", 2, ["production"], 1),
        ("churn", 1, ["previous"], None),
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"passed": False, "reasons": ("ece: worse by 0.03",)}, "did not pass: ece: worse by 0.03"),
        ({"passed": 1}, "did not pass"),
        ({"passed": None}, "did not pass"),
        ({"independent": False}, "rows that a model was trained on"),
        ({"independent": None}, "rows that a model was trained on"),
        ({"incumbent": None}, r"models:/churn/1 is in production, .* compares with something"),
        ({"incumbent": "models:/churn/7"}, "compares with models:/churn/7: compare again"),
        ({"candidate": model(3.0)}, "about another model"),
        ({"candidate": "runs:/01ABC"}, "about another model"),
    ],
    ids=range(9),
)
def test_a_decision_that_does_not_allow_it_is_refused(store, change, said):
    first = sk.promote("churn", Decision(candidate=model(1.0)))
    candidate = model(2.0)
    decision = Decision(candidate=candidate, incumbent=first.uri)
    before = store.ids()
    with pytest.raises(PromotionRefusedError, match=said):
        sk.promote("churn", replace(decision, **change), model=candidate)
    assert in_production() == 1.0
    assert (version_numbers(store, "churn"), store.ids()) == (
        (1,),
        before,
    )  # nothing was left behind
    sk.promote("churn", decision, model=candidate)
    assert in_production() == 2.0


def test_every_objection_is_named_at_once():
    sk.promote("churn", Decision(candidate=model(1.0)))
    with pytest.raises(PromotionRefusedError) as caught:
        sk.promote("churn", Decision(passed=False, independent=False, candidate=model(2.0)))
    assert str(caught.value).count("\n- ") == 3
    assert "force='a reason'" in str(caught.value)


def test_without_a_decision_a_model_is_refused():
    with pytest.raises(PromotionRefusedError, match="there is no decision"):
        sk.promote("churn", model=model(1.0))
    with pytest.raises(RunNotFoundError, match="no model 'churn'"):
        sk.load_model("models:/churn@production")


def test_a_forced_promotion_keeps_its_reason_and_what_spoke_against_it(store):
    forced = sk.promote(
        "churn", Decision(passed=False), model=model(1.0), force="the old one is down"
    )
    assert forced.forced == "the old one is down"
    assert forced.reasons[0].startswith("the decision did not pass")
    assert read_aliases(store, "churn").reason == "promoted version 1, forced: the old one is down"
    with pytest.raises(InvalidOperationError, match="say it"):
        sk.promote("churn", model=model(2.0), force=" ")
    allowed = sk.promote(
        "churn", Decision(candidate=model(2.0), incumbent=forced.uri), force="just in case"
    )
    assert allowed.forced is None  # it was not needed


def test_a_promotion_has_to_know_the_model():
    with pytest.raises(InvalidOperationError, match="does not know which model"):
        sk.promote("churn", Decision())
    with pytest.raises(InvalidOperationError, match="does not know which model"):
        sk.promote("churn", force="no model at all")


def test_a_run_is_promoted_without_saving_its_model_again(store):
    frame = sk.from_dict({"x": [1.0, 2.0], "y": [1.0, 3.0]})
    with sk.track("work") as run:
        sk.fit(DummyRegressor(), frame, target="y")
    for given in (run.id, f"runs:/{run.id}", sk.open_run(run.id)):
        version = sk.promote("churn", model=given, force="a test")
        assert (version.project, version.run) == ("work", run.id)
    assert len(store.ids()) == 1
    decision = Decision(candidate=f"runs:/{run.id}", incumbent=version.uri)
    assert sk.promote("churn", decision, model=sk.open_run(run.id)).forced is None
    with sk.track("work") as empty:
        pass
    with pytest.raises(InvalidOperationError, match="has no saved model"):
        sk.promote("churn", model=empty.id, force="a test")


def test_a_fitted_object_leads_to_the_run_that_has_it(store):
    frame = sk.from_dict({"x": [1.0, 2.0], "y": [1.0, 3.0]})
    with sk.track("work") as run:
        fitted = sk.fit(DummyRegressor(), frame, target="y")
    assert sk.promote("churn", model=fitted, force="a test").run == run.id
    fitted.constant_ = fitted.constant_ + 1  # is another model now
    assert sk.promote("churn", model=fitted, force="a test").run != run.id
    assert in_production() == 3.0
    assert sorted(store.projects()) == ["churn", "work"]


def test_a_model_that_cannot_be_saved_is_not_promoted():
    class Stubborn:
        def __reduce__(self):
            raise RuntimeError("not me")

    with (
        pytest.raises(
            InvalidOperationError, match="cannot be promoted: the Stubborn cannot be saved"
        ),
        pytest.warns(UserWarning, match="has no model"),
    ):
        sk.promote("churn", model=Stubborn(), force="a test")


# Back


def test_rollback_goes_back_step_by_step(store):
    for constant in (1.0, 2.0, 3.0):
        sk.promote("churn", model=model(constant), force="a test")
    assert sk.rollback("churn", reason="worse on Mondays").version == 2
    assert in_production() == 2.0
    assert sk.rollback("churn").version == 1
    assert in_production() == 1.0
    with pytest.raises(RunNotFoundError, match="no version before models:/churn/1"):
        sk.rollback("churn")
    with pytest.raises(RunNotFoundError, match=r"no model 'chrun'.*did you mean 'churn'"):
        sk.rollback("chrun")
    assert [state.reason for state in history(store, "churn")] == [
        "promoted version 1, forced: a test",
        "promoted version 2, forced: a test",
        "promoted version 3, forced: a test",
        "rolled back from version 3 to 2: worse on Mondays",
        "rolled back from version 2 to 1",
    ]


def test_after_a_rollback_the_next_promotion_replaces_what_is_there():
    for constant in (1.0, 2.0):
        sk.promote("churn", model=model(constant), force="a test")
    back = sk.rollback("churn")
    third = sk.promote("churn", Decision(candidate=model(3.0), incumbent=back.uri))
    assert (third.version, third.replaced) == (3, 1)
    assert sk.rollback("churn").version == 1


# Several at once


def test_of_two_who_decided_on_the_same_state_one_is_too_late(store):
    sk.promote("churn", model=model(1.0), force="a test")
    known = read_aliases(store, "churn")
    move_aliases(store, "churn", {"production": 1, "champion": 1}, known, "first")
    with pytest.raises(
        AliasConflictError, match=r"changed meanwhile by .* \(first\): champion is version 1"
    ):
        move_aliases(store, "churn", {"production": 1}, known, "second")
    assert read_aliases(store, "churn").reason == "first"
    after = move_aliases(store, "churn", {"champion": None}, read_aliases(store, "churn"), "away")
    assert after.versions == {"production": 1}
    with pytest.raises(InvalidOperationError, match="alias"):
        move_aliases(store, "churn", {"a b": 1}, after, "")


def race(store_of: Any, rounds: int, threads: int) -> tuple[list[str], list[str]]:
    """Threads that move one alias from a state they all may know; who won, and who was too late."""
    won: list[str] = []
    late: list[str] = []

    def move(name: str) -> None:
        store = store_of()
        for number in range(rounds):
            known = read_aliases(store, "churn")
            try:
                after = move_aliases(store, "churn", {"production": 1}, known, f"{name} {number}")
            except AliasConflictError:
                late.append(name)
            else:
                won.append(f"{after.number} {name} {number}")

    workers = [threading.Thread(target=move, args=(f"t{i}",)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return won, late


def check_race(store: RunStore, won: list[str], late: list[str], total: int) -> None:
    states = history(store, "churn")
    assert len(won) + len(late) == total
    assert [f"{s.number} {s.reason}" for s in states] == sorted(
        won, key=lambda w: int(w.split()[0])
    )
    assert [s.number for s in states] == list(
        range(1, len(won) + 1)
    )  # no move was lost or overwritten


def test_no_move_of_an_alias_is_lost(store):
    won, late = race(RunStore, 15, 6)
    check_race(store, won, late, 90)


def test_versions_that_are_registered_at_once_have_numbers_of_their_own(store):
    def add() -> None:
        register(store, "churn", project="p", run="r", sha256="s")

    threads = [threading.Thread(target=add) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert version_numbers(store, "churn") == tuple(range(1, 13))
    assert model_names(store) == ("churn",)


# Names


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("models:/chrun@production", RunNotFoundError, "no model 'chrun'.*did you mean 'churn'"),
        ("models:/churn@prod", RunNotFoundError, "no alias of 'churn' 'prod'.*there: production"),
        ("models:/churn/9", RunNotFoundError, "no version of 'churn' '9'.*there: 1"),
        ("models:/other/1", RunNotFoundError, "no model 'other'"),
        ("models:/churn", InvalidOperationError, "write 'models:/churn@production'"),
        ("churn", InvalidOperationError, "write 'models:/churn@production'"),
        ("models:/a b@production", InvalidOperationError, "letters, digits"),
        ("runs:/nothing", RunNotFoundError, "no run 'nothing'"),
    ],
)
def test_names_of_models_that_lead_nowhere(name, error, said):
    sk.promote("churn", model=model(1.0), force="a test")
    with pytest.raises(error, match=said):
        sk.load_model(name)


def test_a_run_whose_model_was_exchanged_is_refused(own_place):
    version = sk.promote("churn", model=model(1.0), force="a test")
    file = own_place / ".scalekit" / "churn" / "runs" / version.run / "run.json"
    file.write_text(file.read_text().replace(version.sha256, "0" * 64))
    with pytest.raises(CorruptFileError, match="another model than the one that was registered"):
        sk.load_model("models:/churn@production")


def test_a_state_before_the_first_is_empty(store):
    assert read_aliases(store, "churn") == Aliases()
    assert history(store, "churn") == ()
