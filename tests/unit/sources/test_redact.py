from __future__ import annotations

import pickle

import polars as pl
import pytest

from scalekit import errors
from scalekit.sources.failures import as_source_error, source_errors
from scalekit.sources.reading import reading_errors
from scalekit.sources.redact import StorageOptions, redact

SECRET = "canary-d34db33f"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://ann:{SECRET}@db:5432/sales",
        f"postgresql://ann:{SECRET}@with/at@db/sales",
        f"https://{SECRET}@host/x",
        f"https://h/x?X-Amz-Signature={SECRET}&part=1",
        f"https://h/x?part=1&sig={SECRET}",
        f"https://h/x?token={SECRET}",
        f"Server=h;Password={SECRET};Database=d",
        f"Server=h;PWD={SECRET}",
        f"AccountKey={SECRET};EndpointSuffix=core",
        f"{{'aws_secret_access_key': '{SECRET}'}}",
        f'{{"sas_token": "{SECRET}"}}',
        f"aws_session_token={SECRET}",
        f"Authorization: Bearer {SECRET}",
        "key AKIAIOSFODNN7EXAMPLE was refused",
    ],
)
def test_secrets_are_hidden(text):
    hidden = redact(text)
    assert SECRET not in hidden
    assert "AKIAIOSFODNN7EXAMPLE" not in hidden
    assert "***" in hidden


@pytest.mark.parametrize(
    "text",
    ["s3://lake/a.parquet", "/data/key=1/x.parquet", "column 'password' is missing", "a@b.c"],
)
def test_the_rest_stays(text):
    assert redact(text) == text


def test_options_hide_their_values_and_compare_by_them():
    options = StorageOptions.of({"aws_secret_access_key": SECRET, "aws_region": "eu-west-1"})
    assert SECRET not in repr(options)
    assert SECRET not in redact(f"refused {SECRET} in eu-west-1", options)
    assert "eu-west-1" in redact(f"refused {SECRET} in eu-west-1", options)
    assert options == StorageOptions.of(options.to_dict())
    assert hash(options) == hash(StorageOptions.of(options))
    assert pickle.loads(pickle.dumps(options)).to_dict()["aws_secret_access_key"] == SECRET
    assert not StorageOptions.of(None)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (FileNotFoundError("no such file"), errors.PathNotFoundError),
        (PermissionError("denied"), errors.AccessError),
        (OSError("Generic S3 error: 403 Forbidden"), errors.AccessError),
        (OSError("client error (Connect): dns error"), errors.AccessError),
        (OSError("unexpected end of file"), errors.CorruptFileError),
        (OSError("something new"), errors.SourceError),
        (pl.exceptions.NoDataError("empty CSV"), errors.EmptyInputError),
        (
            pl.exceptions.ComputeError("parquet: File out of specification: x"),
            errors.CorruptFileError,
        ),
        (pl.exceptions.ComputeError("invalid utf-8 sequence"), errors.CorruptFileError),
        (
            pl.exceptions.ComputeError("could not parse `x` as dtype `i64` at column 'a'"),
            errors.SchemaMismatchError,
        ),
        (pl.exceptions.SchemaError("data type mismatch for column a"), errors.SchemaMismatchError),
        (pl.exceptions.PanicException("boom"), errors.SourceError),
        (RuntimeError("whatever"), errors.SourceError),
    ],
)
def test_failures_become_source_errors(raised, expected):
    with pytest.raises(expected, match="a file") as caught, source_errors("a file"):
        raise raised
    assert isinstance(caught.value, errors.SourceError)


def test_scalekit_errors_pass_unchanged():
    with pytest.raises(errors.SecurityError), source_errors("a file"):
        raise errors.SecurityError("x")


@pytest.mark.parametrize(
    "error",
    [
        pl.exceptions.ColumnNotFoundError("not found: x"),
        pl.exceptions.InvalidOperationError("conversion from `str` to `i64` failed"),
        pl.exceptions.ComputeError("conversion from `str` to `i64` failed for 'corrupt footer'"),
        pl.exceptions.ComputeError("the user's own mistake"),
        ValueError("not found: 404"),
        ZeroDivisionError(),
    ],
)
def test_a_users_mistakes_are_not_blamed_on_the_source(error):
    assert as_source_error(error, "a file") is None


def test_a_secret_in_the_original_is_not_in_the_traceback():
    with pytest.raises(errors.AccessError) as caught, source_errors("x"):
        raise OSError(f"403 for https://h/x?sig={SECRET}")
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_what_is_unknown_keeps_its_cause():
    with pytest.raises(errors.SourceError) as caught, source_errors("x"):
        raise RuntimeError("new")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_reading_errors_leave_the_users_mistakes_alone():
    with pytest.raises(pl.exceptions.ColumnNotFoundError), reading_errors([]):
        pl.LazyFrame({"a": [1]}).select("b").collect()
