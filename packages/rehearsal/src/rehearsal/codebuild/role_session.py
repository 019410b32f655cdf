"""The session of a project's service role, with which a build uses AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

from rehearsal.codebuild.environment import Lookup
from rehearsal.codebuild.value_lookup import AwsLookup
from rehearsal.engine.endpoint import Credentials, Endpoint


@dataclass(frozen=True)
class RoleSession:
    """A role session.

    variables: the environment variables by which commands reach AWS. lookup: reads the build's parameters and secrets.
    """

    variables: Mapping[str, str]
    lookup: Lookup

    @classmethod
    def of_credentials(cls, endpoint: Endpoint, credentials: Credentials, region: str) -> Self:
        """Return the session that has these credentials."""
        client = partial(endpoint.client, credentials=credentials, region=region)
        return cls(endpoint.build_environ(credentials, region), AwsLookup(client))
