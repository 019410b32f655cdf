"""Echo what comes through the topic."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import SNSEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="echo2")


@logger.inject_lambda_context
@event_source(data_class=SNSEvent)
def handler(event: SNSEvent, context: LambdaContext) -> dict[str, Any]:
    """Log the message of every record and return them."""
    messages = [record.sns.message for record in event.records]
    for message in messages:
        logger.info("echo", message_body=message)
    return {"messages": messages}
