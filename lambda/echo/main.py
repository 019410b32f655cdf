"""Echo the messages of a queue: each becomes one structured log line and part of the response.

An invalid message does not fail the rest of its batch: SQS delivers it again and, after the last try, moves it to the
dead letter queue.
"""

import os
from typing import Annotated, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ConfigDict, StringConstraints

logger = Logger(
    environment=os.environ.get("ENVIRONMENT", "none"), version=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "none")
)
metrics = Metrics()
metrics.set_default_dimensions(environment=os.environ.get("ENVIRONMENT", "none"))
# The function returns the failed messages even if the whole batch failed; Powertools would raise an exception.
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


class Message(BaseModel):
    """The body of a message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, StringConstraints(min_length=1)]


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Echo a batch; `batchItemFailures` in the response names the messages to deliver again."""
    with processor(event["Records"], echo, lambda_context=context):
        results = processor.process()
    done = [result for status, result, _ in results if status == "success"]
    metrics.add_metric("MessagesEchoed", MetricUnit.Count, len(done))
    metrics.add_metric("MessagesRefused", MetricUnit.Count, len(results) - len(done))
    return {**processor.response(), "messages": done}


def echo(record: SQSRecord) -> dict[str, str]:
    """Log and return one message.

    Raises ValidationError if its body is not a Message.
    """
    attribute = record.message_attributes["correlation_id"]  # None if the message has none
    # `attribute.string_value` raises KeyError for a binary attribute.
    correlation_id = (attribute.get("stringValue") if attribute else None) or record.message_id
    logger.set_correlation_id(correlation_id)
    try:
        message = parse(event=record.body, model=Message)
    except Exception:
        logger.warning("message refused", message_id=record.message_id, exc_info=True)
        raise
    logger.info("message echoed", text=message.text)
    return {"correlation_id": correlation_id, "text": message.text}
