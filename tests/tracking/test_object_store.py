from __future__ import annotations

from uuid import uuid4

import pytest
from sklearn.dummy import DummyRegressor

import scalekit as sk
from scalekit.errors import AccessError, TargetError
from scalekit.tracking.keeping import open_evaluation
from scalekit.tracking.store import RunStore
from tests.battery.s3_server import BUCKET, client
from tests.tracking.test_promotion import check_race, race
from tests.tracking.test_store import ended, writers

pytestmark = pytest.mark.s3


@pytest.fixture
def root(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of its own, and credentials in the environment, which workers and children have too."""
    for name, value in s3.items():
        monkeypatch.setenv(name.upper(), value)
    return f"s3://{BUCKET}/t{uuid4().hex[:8]}/runs"


def keys(s3: dict[str, str], root: str) -> list[str]:
    prefix = root.removeprefix(f"s3://{BUCKET}/")
    found = client(s3).list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [item["Key"].removeprefix(f"{prefix}/") for item in found.get("Contents", [])]


def test_runs_and_models_of_a_bucket(root, s3, own_place, evaluated):
    with sk.config(store=root):
        with sk.track("churn") as run:
            model = DummyRegressor().fit([[0.0]], [2.0])
            open_evaluation(model).leave(evaluated(model=model))
            run.log(files={"a/b.txt": "hi"})
        assert sk.runs().collect()["id"].to_list() == [run.id]
        found = sk.open_run(run.id)
        assert found.logged("a/b.txt") == b"hi"
        assert found.tallies()["test"]["sums"].num_rows == 2
        version = sk.promote("churn", model=run.id, force="a test")
        assert sk.load_model("models:/churn@production").constant_.tolist() == [[2.0]]
        sk.promote("churn", model=DummyRegressor().fit([[0.0]], [3.0]), force="a test")
        assert sk.rollback("churn").uri == version.uri
    assert (
        next(key for key in keys(s3, root) if key.endswith("run.json"))
        == f"churn/runs/{run.id}/run.json"
    )
    assert not (own_place / ".scalekit").exists()


def test_options_may_be_given_instead_of_an_environment(s3, monkeypatch):
    root = f"s3://{BUCKET}/t{uuid4().hex[:8]}"
    with sk.track("p", root=root, storage_options=s3) as run:
        pass
    assert sk.open_run(run.id, root=root, storage_options=s3).id == run.id
    written = (
        client(s3)
        .get_object(Bucket=BUCKET, Key=f"{root.rpartition('/')[2]}/p/runs/{run.id}/run.json")[
            "Body"
        ]
        .read()
    )
    assert s3["aws_secret_access_key"].encode() not in written


def test_a_run_is_not_there_before_its_last_object(root, s3):
    with sk.track("p", root=root) as run:
        pass
    prefix = root.removeprefix(f"s3://{BUCKET}/")
    other = run.id[:-1] + ("0" if run.id[-1] != "0" else "1")
    client(s3).put_object(Bucket=BUCKET, Key=f"{prefix}/p/runs/{other}/metrics.parquet", Body=b"x")
    assert sk.runs(root=root).collect()["id"].to_list() == [run.id]
    store = RunStore(root)
    record = store.open(run.id).record
    staged = store.files.staging()
    with pytest.raises(TargetError, match="runs never change"):
        store.publish(staged, record)
    store.files.discard(staged)


def test_processes_write_into_a_bucket_at_once(root):
    processes = writers(root, 4, 5)
    assert ended(processes) == [b""] * 4
    found = sk.runs("many", root=root).collect()
    assert len(found) == 20
    assert set(found.group_by("tags.writer").len()["len"]) == {5}


def test_no_move_of_an_alias_is_lost_in_a_bucket(root):
    won, late = race(lambda: RunStore(root), 5, 4)
    check_race(RunStore(root), won, late, 20)


def test_a_bucket_that_is_not_there_is_an_error_without_secrets(s3, root):
    missing = RunStore("s3://no-such-bucket-of-ours/x")
    with pytest.raises(
        AccessError, match="cannot list runs in s3://no-such-bucket-of-ours/x"
    ) as caught:
        missing.ids()
    assert s3["aws_secret_access_key"] not in str(caught.value)
