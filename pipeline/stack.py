"""The pipeline stack: from a push to every environment, in order."""

from collections.abc import Sequence

from aws_cdk import Duration, PermissionsBoundary, RemovalPolicy, Stack, pipelines
from aws_cdk import Environment as Target
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_logs as logs
from constructs import Construct

from pipeline.access.boundary import BOUNDARY
from pipeline.changes.stacks import DEPLOYED_BY
from pipeline.constructs import escape_hatches, source_triggers
from pipeline.constructs.accepted_findings import accept_findings
from pipeline.constructs.artifact_store import ArtifactStore, outputs
from pipeline.constructs.build_caches import cache_paths
from pipeline.constructs.build_names import EnvironmentBuildNames
from pipeline.constructs.build_role import BuildRole
from pipeline.constructs.notifications import Notifications
from pipeline.constructs.project_files import Project
from pipeline.layers import runtime_of
from pipeline.settings.environment import Environment, Wave
from pipeline.settings.model import Delivery
from pipeline.steps import changes_step, synth_step, test_step
from stages.echo_stack import Release
from stages.echo_stage import EchoStage
from stages.service_options import ServiceOptions

# The runtime that CDK's own steps install their pinned tools with, and where npm keeps them.
NODE = codebuild.BuildSpec.from_object(
    {"phases": {"install": {"runtime-versions": {"nodejs": "24"}}}, "cache": {"paths": cache_paths("npm")}}
)
# How the builds that compare begin, and so the names of their artifacts.
CHANGES = "Changes"
# Source: AWS CodePipeline API reference, "ActionConfiguration": a value has 1000 characters at most.
LONGEST_COMMENT = 1_000
Settings = Delivery[ServiceOptions]
MODES = {"superseded": codepipeline.ExecutionMode.SUPERSEDED, "queued": codepipeline.ExecutionMode.QUEUED}


class PipelineStack(Stack):
    """A self-mutating pipeline that deploys the echo stage to every environment of `delivery`."""

    def __init__(self, scope: Construct, id_: str, *, delivery: Settings, project: Project) -> None:
        super().__init__(
            scope,
            id_,
            env=Target(account=delivery.account, region=delivery.region),
            # so that pipelines of several names can be in one account
            stack_name=delivery.name,
            # inherited by the stacks of the stages
            permissions_boundary=PermissionsBoundary.from_name(BOUNDARY) if delivery.permissions_boundary else None,
        )
        self._delivery, self._project = delivery, project
        self._release = Release(functions=project.functions, layers=project.layers, revision=project.revision)
        self._source = source_triggers.source_action(self, delivery.source)
        self._store = ArtifactStore(self, "Artifacts")
        self._log = logs.LogGroup(
            self,
            "BuildLog",
            encryption_key=self._store.key,
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._notices = Notifications(
            self, "Notices", key=self._store.key, delivery=delivery, runtime=runtime_of(project.layers)
        )
        self._looking = self._build_changes_role()
        self._testers: list[BuildRole] = []
        self._tested: pipelines.CodeBuildStep | None = None
        self.pipeline = self._pipeline()
        for wave in delivery.waves():
            self._deploy(wave)
        self.pipeline.build_pipeline()
        self._pass_artifacts()
        self._notices.watch(self.pipeline.pipeline)
        source_triggers.start_on_push(self, delivery.source, self.pipeline.pipeline)
        source_triggers.use_connection(delivery.source, self.pipeline.pipeline.role)
        escape_hatches.ignore_cfn_lint_rule(self.pipeline.pipeline)
        escape_hatches.add_triggers(self.pipeline.pipeline, source_triggers.triggers(delivery.source))
        escape_hatches.roll_back(
            self.pipeline.pipeline, [wave.stage_name for wave in delivery.waves() if wave.approval]
        )
        accept_findings(self.pipeline, self._store)

    def _pipeline(self) -> pipelines.CodePipeline:
        pins = self._project.pins
        name = f"{self._delivery.name}-synth"
        role = self._synthesizer = self._build_role("SynthRole", project=name)
        generated = pipelines.CodeBuildOptions(
            partial_build_spec=NODE,
            cache=codebuild.Cache.local(codebuild.LocalCacheMode.CUSTOM),
            timeout=Duration.minutes(15),
        )
        return pipelines.CodePipeline(
            self,
            "Pipeline",
            pipeline_name=self._delivery.name,
            pipeline_type=codepipeline.PipelineType.V2,
            execution_mode=MODES[self._delivery.execution],
            artifact_bucket=self._store.bucket,
            # for the buckets that other regions get
            cross_account_keys=True,
            enable_key_rotation=True,
            synth=synth_step(self._source, self._project.buildspec, project=name, role=role.fixed),
            cli_version=pins.cdk,
            cdk_assets_cli_version=pins.cdk_assets,
            publish_assets_in_parallel=False,
            use_pipeline_role_for_actions=True,
            code_build_defaults=pipelines.CodeBuildOptions(
                build_environment=codebuild.BuildEnvironment(build_image=codebuild.LinuxBuildImage.STANDARD_7_0),
                logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=self._log)),
            ),
            self_mutation_code_build_defaults=generated,
            asset_publishing_code_build_defaults=generated,
        )

    def _deploy(self, wave: Wave[ServiceOptions]) -> None:
        stages = {environment.name: self._stage(environment) for environment in wave}
        changes = {one.name: self._changes(one, stages[one.name]) for one in wave}
        if wave.approval:
            # In a wave of its own: inside the stage, a rejection would count as a failure of the deployment.
            steps = list(changes.values())
            self.pipeline.add_wave(f"Approve{wave.stage_name}", pre=[*steps, self._approval(wave, steps)])
        together = self.pipeline.add_wave(wave.stage_name)
        tests = [self._test(environment, stages[environment.name]) for environment in wave]
        for environment, test in zip(wave, tests, strict=True):
            before = [] if environment.approval else [changes[environment.name]]
            together.add_stage(stages[environment.name], pre=before, post=[test])
        self._tested = tests[0]

    def _stage(self, environment: Environment[ServiceOptions]) -> EchoStage:
        stage = EchoStage(
            self,
            environment.stage_id,
            env=Target(account=environment.account, region=environment.region),
            environment=environment.name,
            release=self._release,
            tester=EnvironmentBuildNames.of(self._delivery, environment).test_role(self.account),
            options=environment.service,
        )
        for stack in stage.node.children:
            if isinstance(stack, Stack):
                stack.template_options.metadata = {DEPLOYED_BY: self._delivery.name}
        return stage

    def _approval(
        self, wave: Wave[ServiceOptions], changes: Sequence[pipelines.CodeBuildStep]
    ) -> pipelines.ManualApprovalStep:
        """Asks with what would change in each environment."""
        approval = pipelines.ManualApprovalStep(
            "Approve",
            comment=_approval_comment(wave, [step.exported_variable("SUMMARY") for step in changes]),
            notification_topic=self._notices.topic,
            review_url=self._notices.link,
        )
        for step in changes:
            approval.add_step_dependency(step)
        return approval

    def _changes(self, environment: Environment[ServiceOptions], stage: EchoStage) -> pipelines.CodeBuildStep:
        names = EnvironmentBuildNames.of(self._delivery, environment)
        env = {
            "ENVIRONMENT": environment.name,
            "STAGE": stage.artifact_id,
            "BROADENING": "asked" if environment.approval else "allowed" if environment.allow_broadening else "red",
            "PIPELINE": self._delivery.name,
            "EXECUTION": "#{codepipeline.PipelineExecutionId}",
            **source_triggers.author_date_variable(self._delivery.source, self._source),
        }
        if environment.approval:
            env["ROOM"] = str(_summary_length(next(wave for wave in self._delivery.waves() if environment in wave)))
        if self._tested:
            env["TESTED"] = self._tested.exported_variable("TESTED")
        return changes_step(
            f"{CHANGES}{environment.name.title()}" if environment.approval else CHANGES,
            self._source,
            self.pipeline.synth,
            project=names.changes_project,
            role=self._looking.fixed,
            env=env,
        )

    def _build_changes_role(self) -> BuildRole:
        """One for the changes builds of all environments: a role for each would be a third of the stack's resources."""
        role = self._build_role("ChangesRole", project=None)
        builds = [EnvironmentBuildNames.of(self._delivery, one) for one in self._delivery.environments]
        role.assume("Look", list(dict.fromkeys(each.lookup_role_arn for each in builds)))
        itself = self.format_arn(service="codepipeline", resource=self._delivery.name)
        role.allow("ReadTheRevision", ["codepipeline:GetPipelineExecution"], itself)
        return role

    def _test(self, environment: Environment[ServiceOptions], stage: EchoStage) -> pipelines.CodeBuildStep:
        names = EnvironmentBuildNames.of(self._delivery, environment)
        role = self._build_role(f"{environment.name.title()}TestRole", project=names.project, name=names.build_role)
        role.allow("WorkInTheEnvironment", ["sts:AssumeRole"], names.environment_role_arn)
        self._testers.append(role)
        return test_step(
            self._source,
            project=names.project,
            role=role.fixed,
            outputs=stage.outputs,
            env={"STAGE_REGION": environment.region, "TESTS": environment.service.tests},
        )

    def _pass_artifacts(self) -> None:
        """Each build reads what it is about, and writes its own; the names are CDK's."""
        name, source = self._delivery.name, outputs(self.pipeline.pipeline)
        assembly = outputs(self.pipeline.pipeline, "Synth")
        self._synthesizer.pass_artifacts(name, reads=source, writes=assembly)
        self._looking.pass_artifacts(name, reads=[*source, *assembly], writes=[CHANGES])
        for tester in self._testers:
            tester.pass_artifacts(name, reads=source)

    def _build_role(self, id_: str, *, project: str | None, name: str | None = None) -> BuildRole:
        return BuildRole(self, id_, project=project, name=name, store=self._store, log=self._log)


def _approval_comment(wave: Wave[ServiceOptions], summaries: Sequence[str]) -> str:
    """The comment of a wave's approval, with a summary of each environment."""
    told = "; ".join(f"{one.name}: {summary}" for one, summary in zip(wave, summaries, strict=True))
    answer = "Approve or reject: docs/approve-and-roll-back.md"
    return f"Deploy to {told}. All of it: changes.md of the builds before. {answer}"


def _summary_length(wave: Wave[ServiceOptions]) -> int:
    """How many characters each environment's summary may have in the comment."""
    return (LONGEST_COMMENT - len(_approval_comment(wave, [""] * len(wave.environments)))) // len(wave.environments)
