"""Slack's request signatures: version 0, HMAC-SHA256 over the raw body.

Source: docs.slack.dev, "Verifying requests from Slack".
"""

import hashlib
import hmac
from datetime import datetime

SLACK_SIGNATURE_VERSION = "v0"
SLACK_SIGNATURE_HEADER = "X-Slack-Signature"
SLACK_TIMESTAMP_HEADER = "X-Slack-Request-Timestamp"
SLACK_RETRY_NUMBER_HEADER = "X-Slack-Retry-Num"
SLACK_RETRY_REASON_HEADER = "X-Slack-Retry-Reason"
SLACK_NO_RETRY_HEADER = "X-Slack-No-Retry"
SLACK_TOLERANCE_SECONDS = 300


def slack_signature(secret: str, *, timestamp: int, body: bytes) -> str:
    """The signature of a body sent at a Unix time in seconds."""
    base = f"{SLACK_SIGNATURE_VERSION}:{timestamp}:".encode() + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return f"{SLACK_SIGNATURE_VERSION}={digest}"


def slack_headers(secret: str, *, body: bytes, at: datetime) -> dict[str, str]:
    """The two signature headers of a request sent by Slack at that time."""
    timestamp = int(at.timestamp())
    return {
        SLACK_TIMESTAMP_HEADER: str(timestamp),
        SLACK_SIGNATURE_HEADER: slack_signature(secret, timestamp=timestamp, body=body),
    }
