"""The functions of the service; docs/add-a-function.md adds one."""

from dataclasses import dataclass

from stages.feeds import QueueFeed, TopicFeed


@dataclass(frozen=True)
class Declared:
    """`name` is the folder in lambda/; `feed` is where its events come from."""

    name: str
    feed: type[QueueFeed] | type[TopicFeed]

    @property
    def id(self) -> str:
        """How constructs and outputs are named after the function."""
        return "".join(part.title() for part in self.name.replace("_", "-").split("-"))


FUNCTIONS = (
    Declared("echo", feed=QueueFeed),
    Declared("echo2", feed=TopicFeed),
)
