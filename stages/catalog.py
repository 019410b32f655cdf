"""The functions of the service; docs/add-a-function.md adds one."""

from dataclasses import dataclass

from stages.event_sources import QueueSource, TopicSource


@dataclass(frozen=True)
class FunctionDeclaration:
    """`name` is the folder in lambda/; `feed` is where its events come from."""

    name: str
    feed: type[QueueSource] | type[TopicSource]

    @property
    def id(self) -> str:
        """How constructs and outputs are named after the function."""
        return "".join(part.title() for part in self.name.replace("_", "-").split("-"))


FUNCTIONS = (
    FunctionDeclaration("echo", feed=QueueSource),
    FunctionDeclaration("echo2", feed=TopicSource),
)
