"""Answers of CodePipeline that are read in one way, although two operations describe them by different members."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import ArtifactRevisionTypeDef, PipelineExecutionSummaryTypeDef

    class ExecutionAnswer(PipelineExecutionSummaryTypeDef, total=False):
        """An execution, as ListPipelineExecutions or as GetPipelineExecution has it."""

        pipelineVersion: int  # noqa: N815 - the API's name
        artifactRevisions: list[ArtifactRevisionTypeDef]  # noqa: N815
