"""What errors of the Responses API mean (wire/responses §3, §4, §6)."""

from __future__ import annotations

import re
from dataclasses import replace

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault
from majordomo.providers.openai_faults import refine_openai_fault

__all__ = ["refine_fault"]

# Codes of a failed answer that would fail again; all others are the server's trouble.
_PERMANENT = frozenset(
    {
        "invalid_prompt",
        "data_residency_mismatch",
        "bio_policy",
        "misalignment_policy_violation",
        "invalid_image",
        "invalid_image_format",
        "invalid_base64_image",
        "invalid_image_url",
        "invalid_image_mode",
        "image_too_large",
        "image_too_small",
        "image_parse_error",
        "image_content_policy_violation",
        "image_file_too_large",
        "image_file_not_found",
        "unsupported_image_media_type",
        "empty_image_file",
        "failed_to_download_image",
        "previous_response_not_found",
        "unsupported_parameter",
        "unsupported_value",
    }
)
# Reasoning that lost the item it led to, items that lost their reasoning, ids nobody kept. Matched
# on a key phrase: wordings drift.
_HISTORY = re.compile(
    r"without its required|items are not persisted|\bencrypted[ _]content\b", re.IGNORECASE
)


def refine_fault(fault: Fault, status: int) -> Fault:
    """Add a status to an error that came in a 200 answer, and what code and words say.

    Args:
        fault: The error as found.
        status: Its HTTP status; 0 when the answer's was good.
    """
    fault = refine_openai_fault(fault, status)
    if not status and fault.status is None and fault.code in _PERMANENT:
        fault = replace(fault, status=400)
    if (status or fault.status) in (400, 404) and _HISTORY.search(fault.message):
        fault = replace(fault, kind=ErrorKind.HISTORY_REJECTED)
    return fault
