"""The functions of the service; docs/add-a-function.md adds one."""

from dataclasses import dataclass

from stages.event_sources import QueueSource, TopicSource


@dataclass(frozen=True)
class FunctionDeclaration:
    """A function of the service. name: its folder in lambda/. feed: the kind of its event source."""

    name: str
    feed: type[QueueSource] | type[TopicSource]

    @property
    def id(self) -> str:
        """The name of the function in the ids of constructs and outputs."""
        return "".join(part.title() for part in self.name.replace("_", "-").split("-"))


FUNCTIONS = (
    FunctionDeclaration("echo", feed=QueueSource),
    FunctionDeclaration("echo2", feed=TopicSource),
)
