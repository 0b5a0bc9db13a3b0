"""Take secrets out of text that a person or a log will see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_MASK = "***"

_SECRET_NAME = (
    r"[\w.-]*(?:secret|password|passwd|pwd|token|credential|signature|x-amz-|x-goog-|awsaccesskeyid"
    r"|api[-_]?key|account[-_]?key|access[-_]?key|sas[-_]?key|private[-_]?key|service[-_]?account[-_]?key"
    r"|master[-_]?key)[\w.-]*"
)
# Each with the characters of which one must be there: most texts are paths, which hold none of them.
_PATTERNS = (
    # scheme://user:password@host, also where the password itself holds an @ or a slash
    ("@", re.compile(r"(?<=://)[^/\s:@'\"]*:[^\s'\"]*@"), f"{_MASK}@"),
    ("@", re.compile(r"(?<=://)[^/\s?#'\"]+@"), f"{_MASK}@"),
    ("=", re.compile(r"(?i)(?<=[?&;])(sig|sas|key|code)=[^&\s'\"#)]+"), rf"\1={_MASK}"),
    # name=value, and "name": "value" as dictionaries are printed
    ("=", re.compile(rf"(?i)\b({_SECRET_NAME})\s*=\s*[^&;\s,'\"#)}}<>]+"), rf"\1={_MASK}"),
    (
        "'\"",
        re.compile(rf"(?i)(['\"]?\b{_SECRET_NAME}['\"]?\s*[=:]\s*)(['\"])(?:(?!\2).)+\2"),
        rf"\1\2{_MASK}\2",
    ),
    ("bB", re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {_MASK}"),
    ("A", re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b"), _MASK),
)

# an option whose name says one of these holds a value that is never shown
_SECRET_OPTION = re.compile(r"(?i)key|secret|token|password|credential|sas|signature|auth")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace what looks like a secret in ``text``, and every one of ``secrets``, by ``***``.

    Parameters
    ----------
    text
        A URI, a description or an error message.
    secrets
        Values that are known to be secret, whatever they look like.

    Examples
    --------
    >>> redact("postgresql://me:hunter2@db/flights")
    'postgresql://***@db/flights'
    >>> redact("https://h/x.csv?X-Amz-Signature=abc&part=1")
    'https://h/x.csv?X-Amz-Signature=***&part=1'
    """
    # the longest first: one secret may be the beginning of another
    for secret in sorted(set(secrets), key=len, reverse=True):
        if secret:
            text = text.replace(secret, _MASK)
    for signs, pattern, replacement in _PATTERNS:
        if any(sign in text for sign in signs):
            text = pattern.sub(replacement, text)
    return text


def secret_values(options: Mapping[str, object] | None) -> tuple[str, ...]:
    """The values of those ``options`` whose names say that they are secret."""
    return tuple(
        str(value) for name, value in (options or {}).items() if _SECRET_OPTION.search(name)
    )
