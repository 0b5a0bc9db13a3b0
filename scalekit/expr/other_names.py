"""What pandas, Spark and older Polars call a function, and what it is called here: for errors that help."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

EXPR: Mapping[str, str] = {
    "apply": "map_elements(function), or the functions that expressions have",
    "applymap": "map_elements(function)",
    "asc": "sort(), or frame.sort(key)",
    "astype": "cast(dtype)",
    "between": "is_between(low, high)",
    "bfill": "backward_fill()",
    "cast_to": "cast(dtype)",
    "contains": "str.contains(pattern), or list.contains(value)",
    "cumcount": "cum_count()",
    "cummax": "cum_max()",
    "cummin": "cum_min()",
    "cumprod": "cum_prod()",
    "cumsum": "cum_sum()",
    "day": "dt.day()",
    "desc": "sort(descending=True), or frame.sort(key, descending=True)",
    "dropna": "drop_nulls()",
    "duplicated": "is_duplicated()",
    "endswith": "str.ends_with(suffix)",
    "ewm": "ewm_mean(), ewm_std() or ewm_var()",
    "expanding": "cum_sum(), cum_max() and their like",
    "ffill": "forward_fill()",
    "fillna": "fill_null(value)",
    "groupby": "over(keys), or frame.group_by(keys).agg(...)",
    "hour": "dt.hour()",
    "idxmax": "arg_max()",
    "idxmin": "arg_min()",
    "isNotNull": "is_not_null()",
    "isNull": "is_null()",
    "is_not": "~expression",
    "isin": "is_in(values)",
    "isna": "is_null()",
    "isnull": "is_null()",
    "keep_name": "name.keep()",
    "lower": "str.to_lowercase()",
    "map_alias": "name.map(function)",
    "map_groups": "map_batches(function), over(keys)",
    "mask": "sk.when(~condition).then(expression)",
    "month": "dt.month()",
    "notna": "is_not_null()",
    "notnull": "is_not_null()",
    "nunique": "n_unique()",
    "pow": "the operator **",
    "prefix": "name.prefix(text)",
    "prod": "product()",
    "rename": "alias(name)",
    "rlike": "str.contains(pattern)",
    "rolling": "rolling_mean(window_size), rolling_sum(window_size) and their like",
    "size": "len()",
    "sort_values": "sort()",
    "startswith": "str.starts_with(prefix)",
    "strip": "str.strip_chars()",
    "substr": "str.slice(offset, length)",
    "suffix": "name.suffix(text)",
    "to_list": "frame.select(expression).collect().to_series().to_list()",
    "tolist": "frame.select(expression).collect().to_series().to_list()",
    "transform": "over(keys)",
    "upper": "str.to_uppercase()",
    "values": "frame.select(expression).collect()",
    "where": "sk.when(condition).then(expression), or filter(condition)",
    "year": "dt.year()",
}
"""Of a column."""

TEXT: Mapping[str, str] = {
    "capitalize": "to_titlecase()",
    "cat": "join(), or sk.concat_str(columns)",
    "center": "pad_start() and pad_end()",
    "count": "count_matches(pattern)",
    "endswith": "ends_with(suffix)",
    "findall": "extract_all(pattern)",
    "fullmatch": 'contains("^...$")',
    "get": "slice(offset, 1)",
    "isalpha": r'contains(r"^\p{Alphabetic}+$")',
    "isdigit": r'contains(r"^\d+$")',
    "isnumeric": r'contains(r"^\d+$")',
    "len": "len_chars()",
    "length": "len_chars()",
    "lengths": "len_bytes()",
    "ljust": "pad_end(length)",
    "lower": "to_lowercase()",
    "lstrip": "strip_chars_start()",
    "match": "contains(pattern)",
    "n_chars": "len_chars()",
    "removeprefix": "strip_prefix(prefix)",
    "removesuffix": "strip_suffix(suffix)",
    "rjust": "pad_start(length)",
    "rstrip": "strip_chars_end()",
    "startswith": "starts_with(prefix)",
    "strip": "strip_chars()",
    "substr": "slice(offset, length)",
    "title": "to_titlecase()",
    "upper": "to_uppercase()",
}
"""Of text, behind ``.str``."""

TIME: Mapping[str, str] = {
    "ceil": "truncate() and offset_by()",
    "day_name": 'to_string("%A")',
    "day_of_week": "weekday(), where Monday is 1",
    "day_of_year": "ordinal_day()",
    "dayofweek": "weekday(), where Monday is 1",
    "dayofyear": "ordinal_day()",
    "days": "total_days()",
    "floor": "truncate(every)",
    "hours": "total_hours()",
    "is_month_end": "date() == month_end() of it",
    "is_month_start": "date() == month_start() of it",
    "isocalendar": "iso_year(), week() and weekday()",
    "minutes": "total_minutes()",
    "month_name": 'to_string("%B")',
    "normalize": 'truncate("1d")',
    "seconds": "total_seconds()",
    "to_period": "truncate(every)",
    "tz_convert": "convert_time_zone(zone)",
    "tz_localize": "replace_time_zone(zone)",
    "weekofyear": "week()",
}
"""Of dates and times, behind ``.dt``."""


def no_attribute(owner: object, called: str, name: str, known: Mapping[str, str]) -> AttributeError:
    """Build the error for a name that ``owner`` does not have.

    Parameters
    ----------
    owner
        The object that was asked.
    called
        What it is called in the message.
    name
        What it was asked for.
    known
        What other libraries call its functions, to what they are called here.
    """
    if name.startswith(
        "_"
    ):  # of a protocol: copying, pickling and notebooks ask for many, and show none
        return AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}")
    if name in known:
        return AttributeError(f"{called} has no {name!r}: use {known[name]}")
    own = [n for n in dir(type(owner)) if not n.startswith("_")]
    near = get_close_matches(name, own, n=1, cutoff=0.7)
    return AttributeError(
        f"{called} has no {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    )
