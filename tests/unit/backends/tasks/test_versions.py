"""Versions of workers: the same, or an error that names both sides and the way out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scalekit.backends.tasks.versions import check_versions, versions_here
from scalekit.errors import ExecutionError, MissingDependencyError

HERE = versions_here()


def test_the_same_versions_pass():
    check_versions("Dask", "dask", {"tcp://a:1": HERE, "tcp://b:1": HERE})
    check_versions("Dask", "dask", {})


def test_a_patch_of_python_does_not_matter():
    minor = ".".join(HERE.python.split(".")[:2])
    check_versions("Ray", "ray", {"a": replace(HERE, python=f"{minor}.99")})


@pytest.mark.parametrize(("missing", "name"), [("scalekit", "scalekit"), ("polars", "Polars")])
def test_a_worker_without_a_package_says_how_to_install_it(missing, name):
    with pytest.raises(MissingDependencyError) as caught:
        check_versions("Ray", "ray", {"a": HERE, "b": replace(HERE, **{missing: None})})
    message = str(caught.value)
    assert f"{name} is not installed on worker b of Ray" in message
    assert f"pip install 'scalekit[ray]=={HERE.scalekit}' 'polars=={HERE.polars}'" in message
    assert "sk.configure(ship=True)" in message


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"polars": "1.0.0"}, f"Polars {HERE.polars} here, 1.0.0 on worker b"),
        ({"python": "3.99.1"}, "here, 3.99 on worker b"),
        ({"scalekit": "9.9"}, f"scalekit {HERE.scalekit} here, 9.9 on worker b"),
    ],
)
def test_another_version_names_both_sides(other, named):
    with pytest.raises(ExecutionError) as caught:
        check_versions("Dask", "dask", {"a": HERE, "b": replace(HERE, **other)})
    assert named in str(caught.value)
    assert "pip install" in str(caught.value)


def test_many_workers_are_not_all_listed():
    others = {f"w{n}": replace(HERE, polars="1.0.0") for n in range(50)}
    with pytest.raises(ExecutionError, match=r"1\.0\.0 on all 50 workers"):
        check_versions("Dask", "dask", others)
    with pytest.raises(ExecutionError, match="on workers w0, w1, w2 and 47 more"):
        check_versions("Dask", "dask", {"a": HERE, **others})


def test_a_copy_without_metadata_passes():
    shipped = replace(HERE, scalekit="of unknown version")
    check_versions("Dask", "dask", {"a": shipped, "b": shipped})
