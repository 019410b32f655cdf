"""The pipeline's first deployment, which an operator starts on AWS; every later change arrives by a push."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from rehearsal.aws import Endpoint, root
from rehearsal.deploy import bootstrap_record, failed_deployment
from rehearsal.deploy.bootstrap import Bootstrapper, ReportProgress
from rehearsal.deploy.build_values import provide_build_values
from rehearsal.deploy.deployment import Deployment, deployed_name, find
from rehearsal.deploy.lookups import committed_lookups, synthesize_with_lookups
from rehearsal.deploy.preparation import Preparation
from rehearsal.deploy.pushed_environments import PushedCommit, note_known_commit
from rehearsal.deploy.retired_runtimes import report_retired_runtimes
from rehearsal.deploy.source_tokens import provide_source_tokens
from rehearsal.deploy.synthesis_errors import ways_on
from rehearsal.deploy.unsupported_parts_check import check_parts, report_other_stacks
from rehearsal.engine.model.definition import PipelineKey
from rehearsal.errors import WrongUse
from rehearsal.host import host_environment
from rehearsal.host.atomic_write import write_json
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.checked_command import CommandFailed
from rehearsal.project import configuration
from rehearsal.project.assembly_manifest import read_assembly
from rehearsal.project.cdk_app import App, command_folders, link_node_modules
from rehearsal.project.cdk_cli import Cdk
from rehearsal.project.cdk_installation import CdkInstallation
from rehearsal.project.cloud_assembly import Assembly, Branch, Environment, PipelineResource
from rehearsal.project.git_repository import Repository
from rehearsal.workspace.acceptances import AcceptedFile, accept_hint
from rehearsal.workspace.layout import Workspace
from rehearsal.workspace.supported import read_supported

Push = Callable[[Sequence[Branch]], None]


@dataclass(frozen=True)
class Operator:
    """Bootstraps the accounts and deploys a pipeline, as an operator does on AWS.

    app: what is deployed. tell: reports progress. stop: ends running commands.
    """

    workspace: Workspace
    endpoint: Endpoint
    repository: Repository
    app: App
    tell: ReportProgress
    stop: Cancellation

    @cached_property
    def cdk(self) -> Cdk:
        installation = CdkInstallation.find(command_folders(self.workspace))
        return Cdk(installation, self.endpoint, self.workspace.logs, self.stop)

    def ensure_deployed(self, commit: Callable[[], str], push: Push | None = None) -> Deployment:
        """Return the deployed pipeline; where there is none, bootstrap every environment and deploy it from HEAD.

        commit: returns what is pushed next, whose environments are bootstrapped too. push: called with the pipeline's
        branches before a first deployment, since CodePipeline starts a new pipeline immediately. Raises WrongUse and
        CommandFailed.
        """
        deployed = find(self.workspace, self.endpoint)
        bootstrap_record.record_late_bootstrap(self.workspace, ())
        if deployed is None or not deployed.matches(self.app, configuration.read_config(self.workspace.root).context):
            failed_deployment.remove(self.workspace)
            return self._deploy_first(commit, push)
        self._bootstrap_for_push(deployed, commit)
        return deployed

    def _bootstrap_for_push(self, deployed: Deployment, commit: Callable[[], str]) -> None:
        """Bootstrap the environments that the pushed commit adds, or all of them where the bootstrap has changed."""
        key = deployed.key
        known = bootstrap_record.read_record(self.workspace).environments or (Environment(key.account, key.region),)
        app, bootstrapper = deployed.app_of_options(self.app), self._bootstrapper(key.account)
        pushed = PushedCommit(self.workspace, lambda: self.cdk, self.repository, app, commit())
        is_synthesized = bootstrapper.changed() or pushed.may_add_environment()
        self._bootstrap_as_operator(bootstrapper, (pushed.environments(self.tell) if is_synthesized else ()) or known)

    def _bootstrapper(self, account: str) -> Bootstrapper:
        return Bootstrapper(self.workspace, self.endpoint, lambda: self.cdk, account, self.tell)

    def _bootstrap_as_operator(self, bootstrapper: Bootstrapper, environments: Sequence[Environment]) -> None:
        """Bootstrap the environments that a push needs, and warn: on AWS an operator has to do it."""
        done = bootstrapper.bootstrap_missing(environments)
        if done:
            names = ", ".join(map(str, done))
            self.tell(f"warning: bootstrapped {names}: on AWS an operator has to do it before the push")
            bootstrap_record.record_late_bootstrap(self.workspace, done)

    def _deploy_first(self, commit: Callable[[], str], push: Push | None) -> Deployment:
        """Bootstrap the accounts, and deploy the pipeline of `app` from HEAD; commit, push: see ensure_deployed."""
        folder = self.workspace.home / "deploy"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        preparation = Preparation(self.workspace, self.cdk, self.tell)
        assembly = self._synthesize(folder, preparation)
        self._check(assembly)
        stack, owner = assembly.pipeline_stack, root(assembly.pipeline_stack.account)
        bootstrapper = self._bootstrapper(stack.account)
        bootstrapper.bootstrap_missing(assembly.environments)
        preparation.run(stack.account, stack.region)
        provide_build_values(assembly, self.endpoint, owner, self.tell)
        provide_source_tokens(assembly, self.endpoint, owner, self.tell)
        note_known_commit(self.workspace, self.repository.head)
        pushed = PushedCommit(self.workspace, lambda: self.cdk, self.repository, self.app, commit())
        if pushed.may_add_environment():
            self._bootstrap_as_operator(bootstrapper, pushed.environments(self.tell))
        if push and assembly.pipeline.branches:
            push(assembly.pipeline.branches)
        self._deploy(assembly, folder)
        deployed = self._record(assembly.pipeline)
        return replace(deployed, first_execution=_first_execution(deployed)) if push else deployed

    def _synthesize(self, folder: Path, preparation: Preparation) -> Assembly:
        """Synthesize HEAD, as an operator would, unless the app is an assembly. Raises WrongUse where that fails."""
        repository, config = self.repository, configuration.read_config(self.workspace.root)
        if self.app.assembly:
            self.tell(f"no such pipeline is deployed yet: using the assembly {self.app.assembly}")
        else:
            self.tell(f"no pipeline is deployed yet: synthesizing {repository.head[:8]}, as an operator would by hand")
            repository.export(repository.head, folder / "source")
            link_node_modules(repository.top, folder / "source")

        project = folder / "source" / repository.project

        def synthesize() -> Assembly:
            out = self.app.synthesize(self.cdk, project, folder / "cdk.out", config)
            return read_assembly(out, self.app.pipeline, config.environment)

        committed = committed_lookups(project / "cdk.context.json")
        elsewhere = [environment for environment in committed if environment != config.environment]
        try:
            return synthesize_with_lookups(synthesize, lambda: preparation.run(*config.environment), elsewhere)
        except CommandFailed as error:
            text = f"HEAD ({repository.head[:8]}) does not synthesize, and only HEAD is deployed: {error}"
            raise WrongUse("\n".join([text, *ways_on(error.output)])) from error

    def _check(self, assembly: Assembly) -> None:
        """Report what may fail in the app. Raises WrongUse for parts that cannot be rehearsed."""
        report_architecture(assembly, self.tell)
        report_retired_runtimes(assembly, self.tell, dt.datetime.now(dt.UTC).date())
        supported, accepted = read_supported(self.workspace), AcceptedFile(self.workspace).read()
        check_parts(assembly, supported, accepted)
        report_other_stacks(assembly, supported, accepted, self.tell)

    def _deploy(self, assembly: Assembly, folder: Path) -> None:
        """Deploy the pipeline's stack. Raises CommandFailed, after keeping the error and the logs of functions."""
        stack = assembly.pipeline_stack
        self.tell(f"deploying {stack.name} to {stack.account}/{stack.region}")
        try:
            self.cdk.deploy(folder, assembly.folder, stack.id, stack.account, stack.region)
        except CommandFailed as error:
            details = failed_deployment.validation_errors(self.endpoint, stack)
            lines = filter(None, [str(error), *details, accept_hint(error.output)])
            message = failed_deployment.keep(self.workspace, self.endpoint, assembly.environments, "\n".join(lines))
            raise CommandFailed(message) from error

    def _record(self, chosen: PipelineResource) -> Deployment:
        """Write which pipeline is deployed, for `find`."""
        stack, command = chosen.stack, self.app.command
        key = PipelineKey(stack.account, stack.region, deployed_name(self.endpoint, chosen))
        context = configuration.read_config(self.workspace.root).context
        record = {**asdict(key), "app": command, "context": context, "names": chosen.names}
        write_json(self.workspace.pipeline_record, record)
        return Deployment(self.endpoint, key, command, context, chosen.names)


def _first_execution(deployed: Deployment) -> str:
    """Return the execution that the pipeline's creation has started; empty where the stack updated the pipeline."""
    listed = deployed.api().list_pipeline_executions(pipelineName=deployed.key.name)["pipelineExecutionSummaries"]
    by_creation = [
        execution for execution in listed if execution.get("trigger", {}).get("triggerType") == "CreatePipeline"
    ]
    return str(by_creation[0]["pipelineExecutionId"]) if by_creation and by_creation[0] == listed[0] else ""


def report_architecture(assembly: Assembly, tell: ReportProgress) -> None:
    """Report functions for another architecture: they run here, but fail where they load native libraries."""
    host = host_environment.architecture()
    others = ", ".join(sorted(assembly.architectures - {host}))
    if others:
        tell(
            f"functions are for {others}, and this machine is {host}: they run on {host}, and a call that loads a"
            f" library of {others} fails"
        )
