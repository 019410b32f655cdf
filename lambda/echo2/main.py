"""Echo the messages of a topic: each becomes one structured log line and part of the response.

An invalid message fails the invocation: Lambda tries again and, after the last try, sends it to the dead letter queue.
"""

import json
import os
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import SNSEvent, event_source
from aws_lambda_powertools.utilities.data_classes.sns_event import SNSEventRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(
    environment=os.environ.get("ENVIRONMENT", "none"), version=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "none")
)
metrics = Metrics()
metrics.set_default_dimensions(environment=os.environ.get("ENVIRONMENT", "none"))


class InvalidMessageError(ValueError):
    """The message is not a JSON object with a `text`."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
@event_source(data_class=SNSEvent)
def handler(event: SNSEvent, context: LambdaContext) -> dict[str, Any]:
    """Echo the published messages."""
    messages = [echo(record) for record in event.records]
    metrics.add_metric("MessagesEchoed", MetricUnit.Count, len(messages))
    return {"messages": messages}


def echo(record: SNSEventRecord) -> dict[str, str]:
    """Log and return one message.

    Raises InvalidMessageError if it is invalid.
    """
    attribute = record.sns.message_attributes.get("correlation_id")
    correlation_id = (attribute.value if attribute else None) or record.sns.message_id
    logger.set_correlation_id(correlation_id)
    try:
        text = text_of(record.sns.message)
    except InvalidMessageError:
        logger.warning("message refused", message_id=record.sns.message_id, exc_info=True)
        raise
    logger.info("message echoed", text=text)
    return {"correlation_id": correlation_id, "text": text}


def text_of(message: str) -> str:
    """Return the text of a message: a JSON object with one key, `text`, whose value is a string that is not empty."""
    try:
        parsed = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise InvalidMessageError(f"not JSON: {error}") from error
    if not isinstance(parsed, dict) or set(parsed) != {"text"}:
        raise InvalidMessageError('an object with the one key "text" is needed')
    text = parsed["text"]
    if not isinstance(text, str) or not text:
        raise InvalidMessageError('"text" has to be a string that is not empty')
    try:
        text.encode()  # JSON can contain a lone surrogate, which cannot be encoded in the log or the response.
    except UnicodeEncodeError as error:
        raise InvalidMessageError(f'"text" is no Unicode text: {error}') from error
    return text
