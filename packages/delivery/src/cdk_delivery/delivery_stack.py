"""The base class of a team's stack, which is a self-mutating pipeline; the team's class adds the steps in `build`.

`DeliveryStack` creates what is the same for every team: the artifact store and its key, the log and the roles of
builds, notifications, the source and its trigger. It accepts the findings on what CDK Pipelines generates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from aws_cdk import Duration, PermissionsBoundary, RemovalPolicy, Stack, pipelines
from aws_cdk import Environment as Target
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_delivery.access.boundary import BOUNDARY
from cdk_delivery.changes import reader_role
from cdk_delivery.changes.stacks import DEPLOYED_BY
from cdk_delivery.constructs import escape_hatches, source_triggers
from cdk_delivery.constructs.accepted_findings import accept_findings
from cdk_delivery.constructs.approval import approval_comment, summary_length
from cdk_delivery.constructs.artifact_store import ArtifactStore, output_artifacts
from cdk_delivery.constructs.build_caches import cache_paths
from cdk_delivery.constructs.build_names import EnvironmentBuildNames
from cdk_delivery.constructs.build_role import BuildRole
from cdk_delivery.constructs.build_step import SYNTH, BuildCommands, build_step, synth_step
from cdk_delivery.constructs.notifications import Notifications
from cdk_delivery.constructs.progressive_delivery import ProgressiveDelivery
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.constructs.service_stage import ServiceStage, StageFactory
from cdk_delivery.settings.environment import Environment, Wave
from cdk_delivery.settings.model import Delivery

# For CDK's own builds: the Node.js that installs their pinned tools, and the cache of npm.
_NODE = codebuild.BuildSpec.from_object(
    {"phases": {"install": {"runtime-versions": {"nodejs": "24"}}}, "cache": {"paths": cache_paths("npm")}}
)
# The ids of changes builds begin with this, and so do the names of their artifacts.
_CHANGES = "Changes"
_MODES = {"superseded": codepipeline.ExecutionMode.SUPERSEDED, "queued": codepipeline.ExecutionMode.QUEUED}


class DeliveryStack[OptionsT](Stack):
    """A pipeline whose steps `build` adds: `synth`, then `changes`, `approve` and `deploy` for each wave."""

    pipeline: pipelines.CodePipeline

    def __init__(self, scope: Construct, id_: str, *, delivery: Delivery[OptionsT], project: Project) -> None:
        super().__init__(
            scope,
            id_,
            env=Target(account=delivery.account, region=delivery.region),
            # so that pipelines of several names can be in one account
            stack_name=delivery.name,
            # `delivery destroy` lifts it
            termination_protection=True,
            # inherited by the stacks of the stages
            permissions_boundary=PermissionsBoundary.from_name(BOUNDARY) if delivery.permissions_boundary else None,
        )
        self._delivery, self._project, self._page = delivery, project, project.config.pages.approvals
        roles = self.format_arn(service="iam", region="", resource="role", resource_name=f"{delivery.name}-*")
        self._progressive = ProgressiveDelivery(project, roles=roles)
        self._source = source_triggers.source_action(self, delivery.source)
        self._store = ArtifactStore(self, "Artifacts")
        self._log = logs.LogGroup(
            self,
            "BuildLog",
            encryption_key=self._store.key,
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._notices = Notifications(self, "Notices", key=self._store.key, delivery=delivery, runtime=project.runtime)
        self._pins = project.pins
        self._changes_role = self._build_changes_role()
        self._synth_role = self._build_role("SynthRole", project=self._synth_project)
        self._test_roles: list[BuildRole] = []
        self._approved: set[str] = set()
        self._tested: pipelines.CodeBuildStep | None = None
        self.build(delivery, project)
        self._finish()

    def build(self, delivery: Delivery[OptionsT], project: Project) -> None:
        """Add the steps of the pipeline. Every team's class overrides it."""
        raise NotImplementedError(f"{type(self).__name__} has to say what a push goes through")

    def synth(self, buildspec: Path) -> None:
        """Add the build that synthesizes the cloud assembly; the commands of `buildspec` write it to cdk.out.

        CDK Pipelines adds the self-mutation and the publishing of assets after it.
        """
        cdk_builds = pipelines.CodeBuildOptions(
            partial_build_spec=_NODE,
            cache=codebuild.Cache.local(codebuild.LocalCacheMode.CUSTOM),
            timeout=Duration.minutes(15),
        )
        self.pipeline = pipelines.CodePipeline(
            self,
            "Pipeline",
            pipeline_name=self._delivery.name,
            pipeline_type=codepipeline.PipelineType.V2,
            execution_mode=_MODES[self._delivery.execution],
            artifact_bucket=self._store.bucket,
            # for the buckets that other regions get
            cross_account_keys=True,
            enable_key_rotation=True,
            synth=synth_step(self._source, buildspec, project=self._synth_project, role=self._synth_role.fixed),
            cli_version=self._pins.cdk,
            cdk_assets_cli_version=self._pins.cdk_assets,
            publish_assets_in_parallel=False,
            use_pipeline_role_for_actions=True,
            code_build_defaults=pipelines.CodeBuildOptions(
                build_environment=codebuild.BuildEnvironment(build_image=codebuild.LinuxBuildImage.STANDARD_7_0),
                logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=self._log)),
            ),
            self_mutation_code_build_defaults=cdk_builds,
            asset_publishing_code_build_defaults=cdk_builds,
        )

    def changes(self, environment: Environment[OptionsT], build: BuildCommands) -> pipelines.CodeBuildStep:
        """Return the build that compares the assembly with what is deployed in `environment`.

        build: its commands. They find the assembly in the folder `assembly`, export the variable SUMMARY, and fail if
        IAM broadens without an approval.
        """
        return build_step(
            f"{_CHANGES}{environment.stage_id}" if environment.approval else _CHANGES,
            self._source,
            build,
            project=self._names(environment).changes_project,
            role=self._changes_role.fixed,
            variables=self._changes_variables(environment),
            inputs={"assembly": self.pipeline.synth},
        )

    def approve(self, wave: Wave[OptionsT], changes: Sequence[pipelines.CodeBuildStep]) -> None:
        """Add a manual approval in a separate stage, after `changes`, whose summaries are in its comment.

        In the stage of the deployment, a rejection would count as a failure of the deployment. Raises ValueError for a
        wave that needs no approval by its settings.
        """
        if not wave.approval:
            raise ValueError(f"the wave '{wave.name}' needs no approval by cdk.json; set `approval` there")
        summaries = [step.exported_variable("SUMMARY") for step in changes]
        approval = pipelines.ManualApprovalStep(
            "Approve",
            comment=approval_comment(wave, summaries, page=self._page),
            notification_topic=self._notices.topic,
            review_url=self._notices.link,
        )
        for step in changes:
            approval.add_step_dependency(step)
        self.pipeline.add_wave(f"Approve{wave.stage_name}", pre=[*changes, approval])
        self._approved.add(wave.name)

    def deploy(
        self,
        wave: Wave[OptionsT],
        changes: Sequence[pipelines.CodeBuildStep],
        *,
        stage: StageFactory[OptionsT],
        test: Callable[[Environment[OptionsT]], BuildCommands],
    ) -> None:
        """Deploy the stage of each environment and test it there; `changes` run first, unless `approve` added them.

        test: returns the commands of an environment's tests, which export the variable TESTED. Raises ValueError for a
        wave whose approval is missing.
        """
        if wave.approval and wave.name not in self._approved:
            raise ValueError(f"the wave '{wave.name}' needs an approval by cdk.json; call `approve` before `deploy`")
        stages_of_wave = self.pipeline.add_wave(wave.stage_name)
        tests = []
        for environment, comparison in zip(wave, changes, strict=True):
            service_stage = self._stage(environment, stage)
            self._progressive.add(service_stage, environment.stage_id, environment.traffic, stage_name=wave.stage_name)
            tests.append(self._test(environment, service_stage, test(environment)))
            stages_of_wave.add_stage(service_stage, pre=[] if wave.approval else [comparison], post=tests[-1:])
        self._tested = tests[0]

    def _stage(self, environment: Environment[OptionsT], stage: StageFactory[OptionsT]) -> ServiceStage:
        service_stage = stage(self, environment.stage_id, environment, self._names(environment).test_role(self.account))
        if service_stage.artifact_id != self._assembly_of(environment):
            raise ValueError(
                f"{service_stage.node.path}: the stage of '{environment.name}' has to use the given scope and id"
            )
        for stack in service_stage.node.children:
            if isinstance(stack, Stack):
                _check_name(stack, environment.stage_id)
                stack.template_options.metadata = {DEPLOYED_BY: self._delivery.name}
        return service_stage

    def _assembly_of(self, environment: Environment[OptionsT]) -> str:
        """Return the name of the folder of the stage's assembly in cdk.out, before the stage exists."""
        return "-".join(["assembly", *self.node.path.split("/"), environment.stage_id])

    def _test(
        self, environment: Environment[OptionsT], stage: ServiceStage, build: BuildCommands
    ) -> pipelines.CodeBuildStep:
        names = self._names(environment)
        role = self._build_role(f"{environment.stage_id}TestRole", project=names.project, name=names.build_role)
        role.allow("WorkInTheEnvironment", ["sts:AssumeRole"], names.environment_role_arn)
        self._test_roles.append(role)
        return build_step(
            "Test",
            self._source,
            build,
            project=names.project,
            role=role.fixed,
            variables={"STAGE_REGION": environment.region},
            outputs=stage.outputs,
        )

    def _changes_variables(self, environment: Environment[OptionsT]) -> dict[str, str]:
        """Return the variables that cdk_delivery/changes/__main__.py needs."""
        variables = {
            "ENVIRONMENT": environment.name,
            "STAGE": self._assembly_of(environment),
            "BROADENING": "asked" if environment.approval else "allowed" if environment.allow_broadening else "red",
            "PIPELINE": self._delivery.name,
            "EXECUTION": "#{codepipeline.PipelineExecutionId}",
            **source_triggers.author_date_variable(self._delivery.source, self._source),
        }
        if environment.approval:
            (wave,) = (wave for wave in self._delivery.waves() if environment in wave.environments)
            variables["ROOM"] = str(summary_length(wave, page=self._page))
        if self._tested:
            variables["TESTED"] = self._tested.exported_variable("TESTED")
        return variables

    def _finish(self) -> None:
        """Add what needs the generated pipeline."""
        self.pipeline.build_pipeline()
        generated, source = self.pipeline.pipeline, self._delivery.source
        self._pass_artifacts(generated)
        approved = [wave.stage_name for wave in self._delivery.waves() if wave.approval]
        rolled_back = list(dict.fromkeys([*approved, *self._progressive.baked_stages]))
        self._notices.watch(generated, shifts=self._progressive.shifts, rolled_back=rolled_back)
        source_triggers.start_on_push(self, source, generated)
        source_triggers.use_connection(source, generated.role)
        escape_hatches.ignore_cfn_lint_rule(generated)
        escape_hatches.add_triggers(generated, source_triggers.triggers(source))
        escape_hatches.roll_back_on_failure(generated, rolled_back)
        self._progressive.check_bake_times(generated)
        accept_findings(self.pipeline, self._store)

    def _pass_artifacts(self, generated: codepipeline.Pipeline) -> None:
        """Allow each build to read its input artifacts and to write its own; CDK names the artifacts."""
        name, source = self._delivery.name, output_artifacts(generated, source_triggers.ACTION)
        assembly = output_artifacts(generated, SYNTH)
        self._synth_role.pass_artifacts(name, reads=source, writes=assembly)
        pipeline_arn = self.format_arn(service="codepipeline", resource=name)
        self._synth_role.allow("CompareApprovals", ["codepipeline:GetPipeline"], pipeline_arn)
        self._changes_role.pass_artifacts(name, reads=[*source, *assembly], writes=[_CHANGES])
        for role in self._test_roles:
            role.pass_artifacts(name, reads=source)

    def _build_changes_role(self) -> BuildRole:
        """Return the role that all changes builds share: a role for each would be a third of the stack's resources."""
        name = self._delivery.name
        role = self._build_role(reader_role.CHANGES_ROLE, project=None)
        accounts = dict.fromkeys(environment.account for environment in self._delivery.environments)
        role.assume("Look", [reader_role.role_arn(account, name) for account in accounts])
        pipeline_arn = self.format_arn(service="codepipeline", resource=name)
        role.allow("ReadTheRevision", ["codepipeline:GetPipelineExecution"], pipeline_arn)
        return role

    def _build_role(self, id_: str, *, project: str | None, name: str | None = None) -> BuildRole:
        return BuildRole(self, id_, project=project, name=name, store=self._store, log=self._log)

    def _names(self, environment: Environment[OptionsT]) -> EnvironmentBuildNames:
        return EnvironmentBuildNames.of(self._delivery, environment)

    @property
    def _synth_project(self) -> str:
        return f"{self._delivery.name}-synth"


def _check_name(stack: Stack, stage: str) -> None:
    """Raise ValueError for a name without the stage's: it separates environments, and `destroy` finds stacks by it."""
    if not stack.stack_name.startswith(f"{stage}-"):
        raise ValueError(
            f"{stack.node.path}: got the name '{stack.stack_name}'; it has to begin with '{stage}-', as that of each"
            " stack without a `stack_name` of its own"
        )
