"""Echo what comes through the queue."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="echo")


@logger.inject_lambda_context
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> dict[str, Any]:
    """Log the body of every record and return them."""
    messages = [record.body for record in event.records]
    for message in messages:
        logger.info("echo", message_body=message)
    return {"batchItemFailures": [], "messages": messages}
