"""Hash the values of one Arrow array to 64 bits, equal for equal values whatever their type, width or encoding."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from scalekit.errors import SchemaError

U64: TypeAlias = "np.ndarray[Any, np.dtype[np.uint64]]"
I64: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

_BLOCK = 1 << 14  # 128 KiB of 64-bit values: the working set of every step stays in a core's cache
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)

# One constant for each kind of value. They are part of the definition: changing one changes every split.
_NULL = np.uint64(0x5851F42D4C957F2D)
_NAN = np.uint64(0x14057B7EF767814F)
_INTEGER = np.uint64(0)
_UNSIGNED = np.uint64(0x2545F4914F6CDD1D)
_WIDE = np.uint64(0xD6E8FEB86659FD93)
_FLOAT = np.uint64(0xA0761D6478BD642F)
_DECIMAL = np.uint64(0xE7037ED1A0B428DB)
_INSTANT = np.uint64(0x8EBC6AF09C88C6E3)
_TIME = np.uint64(0x589965CC75374CC3)
_DURATION = np.uint64(0x1D8E4E27C47D124F)
_BYTES = np.uint64(0xEB44ACCAB455D165)
_LIST = np.uint64(0xC2B2AE3D27D4EB4F)
_STRUCT = np.uint64(0x27D4EB2F165667C5)

_PER_MICROSECOND = {"s": 1_000_000, "ms": 1_000, "us": 1}
_FLOAT_DIGITS = 10**15  # decimals of up to 15 digits are told apart by float64 (C's DBL_DIG)
_FLOAT_SCALE = 22  # the largest power of ten that float64 holds exactly


def mix(values: U64) -> U64:
    """Scramble 64-bit values in place, one to one, so that every input bit reaches every output bit."""
    scratch = np.empty(min(len(values), _BLOCK), dtype=np.uint64)
    for start in range(0, len(values), _BLOCK):
        x = values[start : start + _BLOCK]
        t = scratch[: len(x)]
        x += _GOLDEN
        x ^= np.right_shift(x, _S30, out=t)
        x *= _MIX_1
        x ^= np.right_shift(x, _S27, out=t)
        x *= _MIX_2
        x ^= np.right_shift(x, _S31, out=t)
    return values


def hash_array(array: pa.Array) -> U64:
    """Hash every value of an Arrow array.

    Equal values hash equal across integer widths and signs, booleans (as 0 and 1), integral floats and
    decimals of any scale, dates and timestamps of any unit (an instant in UTC; a naive one is read as UTC),
    and text that is plain, large, a view or a dictionary. ``-0.0`` is ``0.0``, all NaN are one value, null
    is another. Lists hash as their values in order, structs as their fields in order.

    Raises
    ------
    SchemaError
        If the type has no hash, such as a Python object.
    """
    array = _plain(array)
    hashes = _hash_values(array)
    if array.null_count and not pa.types.is_null(array.type):
        hashes[array.is_null().to_numpy(zero_copy_only=False)] = _NULL
    return hashes


def hash_integers(low: U64, high: I64) -> U64:
    """Hash 128-bit integers given as two words; those that fit 64 bits as :func:`hash_array` hashes them."""
    out = np.array(low, dtype=np.uint64, copy=True)
    out ^= _INTEGER
    signed = high == (low.view(np.int64) >> 63)
    unsigned = ~signed & (high == 0)
    wide = ~signed & ~unsigned
    out[unsigned] ^= _UNSIGNED
    if wide.any():
        out[wide] = mix(low[wide] ^ _WIDE) ^ high[wide].view(np.uint64)
    return mix(out)


def _compute() -> Any:
    """Arrow's functions, loaded when the first hash is computed: they cost 20 ms that an import need not."""
    import pyarrow.compute  # noqa: PLC0415

    return pyarrow.compute


def _plain(array: pa.Array) -> pa.Array:
    """The same values without extension types, run-end encoding, views and 32-bit offsets."""
    while isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if pa.types.is_run_end_encoded(kind):
        return _plain(_compute().run_end_decode(array))
    if pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.large_string())
    if (
        pa.types.is_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    ):
        return array.cast(pa.large_binary())
    return array


def _hash_values(array: pa.Array) -> U64:
    """Hash an array that :func:`_plain` returned; what stands at nulls is overwritten by the caller."""
    kind, is_ = array.type, pa.types
    if is_.is_null(kind):
        return np.full(len(array), _NULL, dtype=np.uint64)
    if is_.is_dictionary(kind):
        return _hash_dictionary(array)
    if is_.is_boolean(kind) or is_.is_integer(kind):
        return _hash_integers(array)
    if is_.is_floating(kind):
        return _hash_floats(_numbers(array, pa.float64()))
    if is_.is_decimal(kind):
        return _hash_decimals(array)
    if is_.is_temporal(kind) and not is_.is_interval(kind):
        return _hash_temporal(array)
    if is_.is_large_string(kind) or is_.is_large_binary(kind):
        return _hash_text(array)
    if is_.is_struct(kind):
        return _hash_structs(array)
    if is_.is_nested(kind) and not is_.is_union(kind):
        return _hash_lists(array)
    raise SchemaError(
        f"values of Arrow type {kind} have no row hash: leave the column out, or cast it to a number, text, "
        "a date, a list or a struct"
    )


def _numbers(array: pa.Array, target: pa.DataType) -> np.ndarray[Any, Any]:
    """The values as NumPy, with zero where they are null."""
    filled = array.fill_null(pa.scalar(0).cast(array.type)) if array.null_count else array
    return np.asarray(filled.cast(target).to_numpy(zero_copy_only=False))


def _hash_dictionary(array: pa.DictionaryArray) -> U64:
    if len(array.dictionary) > len(array):  # a few rows of many categories: decode what is used
        return hash_array(array.dictionary_decode())
    codes = _numbers(array.indices, pa.int64())
    if not len(array.dictionary):  # all null
        return np.full(len(codes), _NULL, dtype=np.uint64)
    return np.take(hash_array(array.dictionary), codes)


def _hash_integers(array: pa.Array) -> U64:
    if pa.types.is_uint64(array.type):
        low = _numbers(array, pa.uint64())
        if not len(low) or low.max() < 1 << 63:
            return mix(low ^ _INTEGER)
        return hash_integers(low, np.zeros(len(low), dtype=np.int64))
    return mix(_numbers(array, pa.int64()).view(np.uint64) ^ _INTEGER)


def _hash_floats(values: np.ndarray[Any, np.dtype[np.float64]]) -> U64:
    """Integral floats as their integer where 64 bits hold it, the others as their bits."""
    out = values.view(np.uint64) ^ _FLOAT
    integral = (values == np.floor(values)) & (values >= -(2.0**63)) & (values < 2.0**64)
    large = integral & (values >= 2.0**63)
    small = integral & ~large
    out[small] = values[small].astype(np.int64).view(np.uint64) ^ _INTEGER
    if large.any():
        out[large] = values[large].astype(np.uint64) ^ _UNSIGNED
    mix(out)
    out[np.isnan(values)] = _NAN
    return out


def _hash_decimals(array: pa.Array) -> U64:
    """Hash by value: whole ones as integers, the others at the smallest scale that holds them."""
    try:
        array = array.cast(pa.decimal128(38, array.type.scale))
    except pa.ArrowInvalid as error:
        raise SchemaError(
            f"decimals of more than 38 digits have no row hash ({array.type})"
        ) from error
    out = np.empty(len(array), dtype=np.uint64)
    pc = _compute()
    rows = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False))
    rest = array.take(rows)
    for scale in range(max(array.type.scale, 0) + 1):
        whole = pc.equal(pc.round(rest, ndigits=scale, round_mode="towards_zero"), rest)
        here = whole.to_numpy(zero_copy_only=False)
        out[rows[here]] = _hash_scaled(rest.filter(whole).cast(pa.decimal128(38, scale)), scale)
        rest, rows = rest.filter(pc.invert(whole)), rows[~here]
        if not len(rows):
            break
    return out


def _hash_scaled(array: pa.Array, scale: int) -> U64:
    """Decimals that need exactly ``scale`` digits after the point."""
    words = np.frombuffer(array.buffers()[1] or b"", dtype=np.int64).reshape(-1, 2)
    words = words[array.offset : array.offset + len(array)]
    low, high = np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])
    if scale == 0:
        return hash_integers(low.view(np.uint64), high)
    out = mix(mix(low.view(np.uint64) ^ _DECIMAL) ^ high.view(np.uint64)) ^ np.uint64(scale)
    mix(out)
    if scale <= _FLOAT_SCALE:
        short = (high == low >> 63) & (low > -_FLOAT_DIGITS) & (low < _FLOAT_DIGITS)
        # numerator and denominator are exact, so this is the float that the digits are read as
        out[short] = _hash_floats(low[short] / 10.0**scale)
    return out


def _hash_temporal(array: pa.Array) -> U64:
    """Dates and timestamps as microseconds of UTC, with the nanoseconds beyond them where there are any."""
    kind = array.type
    if pa.types.is_date(kind):
        days = _numbers(array.cast(pa.date32()).view(pa.int32()), pa.int64())
        return mix((days * 86_400_000_000).view(np.uint64) ^ _INSTANT)
    domain = _INSTANT if pa.types.is_timestamp(kind) else _DURATION
    domain = _TIME if pa.types.is_time(kind) else domain
    ticks = (
        _numbers(array.view(pa.int32()), pa.int64()) if pa.types.is_time32(kind) else _ticks(array)
    )
    if kind.unit != "ns":
        return mix((ticks * _PER_MICROSECOND[kind.unit]).view(np.uint64) ^ domain)
    micros, nanos = np.divmod(ticks, 1000)
    out = mix(micros.view(np.uint64) ^ domain)
    fine = nanos != 0
    out[fine] = mix(out[fine] ^ nanos[fine].view(np.uint64))
    return out


def _ticks(array: pa.Array) -> I64:
    return _numbers(array.view(pa.int64()), pa.int64())


def _hash_text(array: pa.Array) -> U64:
    """Sum of the scrambled 8-byte words of each text, each word keyed by its position, then its length."""
    _, offset_buffer, data_buffer = array.buffers()
    if not len(array):
        return np.empty(0, dtype=np.uint64)
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[
        array.offset : array.offset + len(array) + 1
    ]
    data = np.frombuffer(data_buffer or b"", dtype=np.uint8)
    lengths = np.diff(offsets)
    ends = np.cumsum((lengths + 7) >> 3)
    out = np.empty(len(array), dtype=np.uint64)
    start = 0
    while start < len(array):
        base = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, base + _BLOCK, side="right")))
        stop = min(stop, start + _BLOCK)
        out[start:stop] = _word_sums(data, offsets[start : stop + 1], lengths[start:stop])
        start = stop
    out ^= lengths.view(np.uint64) * _GOLDEN
    out ^= _BYTES
    return mix(out)


def _word_sums(data: np.ndarray[Any, np.dtype[np.uint8]], offsets: I64, lengths: I64) -> U64:
    size = int(offsets[-1] - offsets[0])
    padded = np.zeros(size + 8, dtype=np.uint8)  # the last word may reach beyond the last text
    padded[:size] = data[offsets[0] : offsets[-1]]
    every_word = np.ndarray((size + 1,), dtype="<u8", buffer=padded, strides=(1,))
    counts = (lengths + 7) >> 3
    ends = np.cumsum(counts)
    first = ends - counts
    position = np.arange(ends[-1], dtype=np.int64) - np.repeat(first, counts)
    places = np.repeat(offsets[:-1] - offsets[0], counts) + (position << 3)
    words = every_word[places].astype(np.uint64, copy=False)
    filled = counts > 0
    unused = ((counts[filled] << 3) - lengths[filled]).astype(np.uint64) << np.uint64(3)
    words[ends[filled] - 1] &= np.uint64(0xFFFFFFFFFFFFFFFF) >> unused
    words ^= _position_keys(int(np.max(counts)))[position]
    return _segment_sums(mix(words), first, ends)


def _position_keys(count: int) -> U64:
    """One key for each position, so that swapped words do not hash alike."""
    return _keys_up_to(1 << max(count - 1, 255).bit_length())[:count]


@lru_cache(maxsize=4)
def _keys_up_to(count: int) -> U64:
    keys = mix(mix(np.arange(count, dtype=np.uint64)) ^ _LIST)
    keys.flags.writeable = False
    return keys


def _segment_sums(values: U64, first: I64, ends: I64) -> U64:
    """Sums modulo 2^64 of ``values[first:ends]``; exact, because the wrapping cancels."""
    running = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(values, dtype=np.uint64)])
    sums: U64 = running[ends] - running[first]
    return sums


def _hash_lists(array: pa.Array) -> U64:
    counts, items = _list_items(array)
    ends = np.cumsum(counts)
    first = ends - counts
    position = np.arange(len(items), dtype=np.int64) - np.repeat(first, counts)
    keys = _position_keys(int(np.max(counts, initial=1)))
    out = _segment_sums(mix(hash_array(items) ^ keys[position]), first, ends)
    out ^= counts.view(np.uint64) * _GOLDEN
    out ^= _LIST
    return mix(out)


def _list_items(array: pa.Array) -> tuple[I64, pa.Array]:
    """How many items each row has, and the items of all rows one after the other."""
    kind, is_ = array.type, pa.types
    if is_.is_fixed_size_list(kind):
        width = kind.list_size
        counts = np.full(len(array), width, dtype=np.int64)
        return counts, array.values.slice(array.offset * width, len(array) * width)
    offsets = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    if is_.is_list_view(kind) or is_.is_large_list_view(kind):
        # not cast to a list: pyarrow 26 leaves the last offset of the result unset
        counts = array.sizes.to_numpy(zero_copy_only=False).astype(np.int64)
        within = np.arange(counts.sum(), dtype=np.int64) - np.repeat(
            np.cumsum(counts) - counts, counts
        )
        return counts, array.values.take(pa.array(np.repeat(offsets, counts) + within))
    values = _map_entries(array) if is_.is_map(kind) else array.values
    return np.diff(offsets), values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))


def _map_entries(array: pa.MapArray) -> pa.Array:
    return pa.StructArray.from_arrays([array.keys, array.items], names=["key", "value"])


def _hash_structs(array: pa.StructArray) -> U64:
    out = np.full(len(array), _STRUCT, dtype=np.uint64)
    for index in range(array.type.num_fields):
        out ^= hash_array(array.field(index))
        mix(out)
    return out
