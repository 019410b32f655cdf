"""Faults of MiniStack's services, and operations that this project implements itself."""

from __future__ import annotations

from rehearsal.emulator.apigateway import api_hosts
from rehearsal.emulator.cloudformation.resource_handlers import after_create, after_update
from rehearsal.emulator.cloudformation.unsupported_types import UnsupportedTypes
from rehearsal.emulator.codebuild import project_resource
from rehearsal.emulator.codebuild.build_store import MinistackBuilds
from rehearsal.emulator.codebuild.start_build import StartedBuilds
from rehearsal.emulator.eventbridge import rule_retries
from rehearsal.emulator.eventbridge.pipeline_targets import PipelineTargets
from rehearsal.emulator.eventbridge.source_events import SourceEvents
from rehearsal.emulator.functions import function_resource
from rehearsal.emulator.functions.ministack_worker import ManagedFunctions
from rehearsal.emulator.functions.retired_runtimes import RetiredRuntimes
from rehearsal.emulator.iam import bucket_policies, session_registration
from rehearsal.emulator.ministack.corrections.upstream import DIFFERENT_DESIGN, UNREDUCED
from rehearsal.emulator.ministack.patch import Correction, Patch
from rehearsal.emulator.ministack.port.apigateway import http_api_owners, rest_api_owners
from rehearsal.emulator.s3 import foreign_objects
from rehearsal.emulator.server import saved_state, service_models

TESTS = "tests/emulator"
HANDLERS = "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS"
LAMBDA = "ministack.services.lambda_svc"

UNSAVED_STATE = Correction(
    fault="A service whose state cannot be saved is skipped, so that the next start reads an old state or none.",
    test=f"{TESTS}/server/test_state.py::test_a_failed_save_is_recorded",
    upstream=UNREDUCED,
    patches=(Patch("ministack.core.persistence:save_state", "sha256:58a9551109738f64", saved_state.report_unsaved),),
)
SERVICE_MODELS = Correction(
    fault="Each service creates a session of botocore, which takes as long as reading the service's model.",
    test=f"{TESTS}/ministack/test_patches.py::test_one_session_reads_models",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.core.responses:_service_model", "sha256:19fff93e5fdb9417", service_models.read_with_one_session
        ),
    ),
)
SESSION_REGISTRATION = Correction(
    fault="Role sessions are iterated without a lock while concurrent actions and functions register more.",
    test=f"{TESTS}/ministack/test_patches.py::test_sessions_are_registered_one_by_one",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.sts:register_session",
            "sha256:a84ec986ec012146",
            session_registration.register_one_at_a_time,
        ),
    ),
)
PROJECT_LOGS_AND_CACHE = Correction(
    fault="CloudFormation drops LogsConfig, Cache, BuildBatchConfig, VpcConfig and QueuedTimeoutInMinutes of a"
    " CodeBuild project.",
    test=f"{TESTS}/ministack/test_build_patches.py::test_projects_keep_their_log_group_and_cache",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::CodeBuild::Project][create]",
            "sha256:294d8586480a964e",
            after_create(project_resource.keep_members),
        ),
        Patch(
            f"{HANDLERS}[AWS::CodeBuild::Project][update]",
            "sha256:c4e366a45eb53159",
            after_update(project_resource.keep_members),
        ),
        Patch(
            "ministack.services.codebuild:_project_shape",
            "sha256:23d1733bd7d73c26",
            project_resource.show_members,
        ),
    ),
)
FUNCTION_DEAD_LETTERS = Correction(
    fault="CloudFormation drops DeadLetterConfig and ReservedConcurrentExecutions of a function.",
    test=f"{TESTS}/functions/test_faults.py::test_functions_keep_their_dead_letters_and_concurrency",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::Lambda::Function][create]",
            "sha256:8b2cf80e961d92ee",
            after_create(function_resource.keep_dead_letters_and_concurrency),
        ),
        Patch(
            f"{HANDLERS}[AWS::Lambda::Function][update]",
            "sha256:4855410e37d7a80d",
            after_update(function_resource.keep_dead_letters_and_concurrency),
        ),
    ),
)
RULE_RETRIES = Correction(
    fault="A rule's event for a function is dropped after the function's first error, where Lambda retries.",
    test=f"{TESTS}/ministack/test_patches.py::test_a_rules_event_is_tried_again",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.eventbridge:_dispatch_to_lambda",
            "sha256:1f95adbaed3a966a",
            rule_retries.invoke_with_retries,
        ),
    ),
)
OPEN_BUCKETS = Correction(
    fault="Without IAM, the policy of another account's bucket is still evaluated for the caller's account.",
    test=f"{TESTS}/ministack/test_patches.py::test_foreign_buckets_open_without_iam",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            "ministack.services.s3:_foreign_bucket_allows",
            "sha256:7865eb38b093e5a8",
            bucket_policies.allow_foreign_callers,
        ),
    ),
)
MANAGED_FUNCTIONS = Correction(
    fault="Python and Node functions see the host's packages and variables, and have no /var/task and no _HANDLER.",
    test=f"{TESTS}/functions/test_faults.py::test_ministacks_own_worker_is_not_as_on_aws",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            "ministack.core.lambda_runtime:_worker_class_for",
            "sha256:b5a23849280af819",
            ManagedFunctions.choose_worker,
            owner=ManagedFunctions,
        ),
        Patch(
            f"{LAMBDA}:_execute_function_warm",
            "sha256:62b9218bef5b948a",
            ManagedFunctions.execute,
            owner=ManagedFunctions,
        ),
        Patch(
            f"{LAMBDA}:_emit_lambda_logs",
            "sha256:111efbf06968bb20",
            ManagedFunctions.write_logs,
            owner=ManagedFunctions,
        ),
    ),
)
PIPELINE_TARGETS = Correction(
    fault="A rule may have a pipeline as its target, and does not start it.",
    test=f"{TESTS}/iam/test_event_targets.py::test_a_pipeline_is_started_by_this_project",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            "ministack.services.eventbridge:_invoke_target",
            "sha256:550e304af0809563",
            PipelineTargets.start_or_invoke,
            owner=PipelineTargets,
        ),
    ),
)
SOURCE_EVENTS = Correction(
    fault="An upload does not start a pipeline that polls for it, and a new image does not send an event.",
    test=f"{TESTS}/eventbridge/test_source_events.py::test_ministack_sends_no_event_for_an_image",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            "ministack.services.s3:_fire_s3_event_async",
            "sha256:d42619f0eb8691d5",
            SourceEvents.follow_objects,
            owner=SourceEvents,
        ),
        Patch(
            "ministack.services.ecr:_put_image",
            "sha256:657a41f57e5e3fc1",
            SourceEvents.follow_images,
            owner=SourceEvents,
        ),
        Patch(
            "ministack.services.ecr:_v2_put_manifest",
            "sha256:61f30e54dc20a969",
            SourceEvents.follow_manifests,
            owner=SourceEvents,
        ),
    ),
)
RETIRED_RUNTIMES = Correction(
    fault="Functions are created of runtimes for which AWS creates none any more.",
    test=f"{TESTS}/functions/test_retired_runtimes.py::test_a_new_function_of_a_retired_runtime_is_refused",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            f"{LAMBDA}:_create_function",
            "sha256:e307eecdf0d8b51c",
            RetiredRuntimes.refuse_creation,
            owner=RetiredRuntimes,
        ),
        Patch(
            f"{HANDLERS}[AWS::Lambda::Function][create]",
            "sha256:8b2cf80e961d92ee",
            RetiredRuntimes.refuse_resource,
            owner=RetiredRuntimes,
        ),
    ),
)
START_BUILD = Correction(
    fault="StartBuild runs nothing, and the build's status is SUCCEEDED.",
    test="tests/codebuild/test_build_record.py::test_ministack_still_says_succeeded_by_itself",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            "ministack.services.codebuild:_start_build",
            "sha256:661025bbce1e016c",
            StartedBuilds.start_build,
            owner=StartedBuilds,
        ),
    ),
)
FOREIGN_OBJECTS = Correction(
    fault="A template or a function's code in a bucket of another account is not found.",
    test=f"{TESTS}/s3/test_foreign_objects.py::test_a_template_is_read_from_a_bucket_of_another_account",
    upstream=UNREDUCED,
    patches=(
        Patch("ministack.services.s3:_get_object_data", "sha256:8735d1f5e3313076", foreign_objects.read_as_owner),
    ),
)
STOP_BUILD = Correction(
    fault="StopBuild only changes the record of a build, which continues.",
    test="tests/codebuild/test_build_record.py::test_ministack_still_only_marks_a_stopped_build",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            "ministack.services.codebuild:_stop_build",
            "sha256:80f60ae7794a2853",
            MinistackBuilds.stop_build,
            owner=MinistackBuilds,
        ),
    ),
)
UNSUPPORTED_TYPES = Correction(
    fault="A stack with resource types that MiniStack lacks is refused, and the error does not say how to continue.",
    test=f"{TESTS}/cloudformation/test_unsupported_types.py::test_ministack_does_not_say_how_to_continue",
    upstream=DIFFERENT_DESIGN,
    patches=tuple(
        Patch(
            f"ministack.services.cloudformation:_ACTION_HANDLERS[{operation}]",
            source,
            UnsupportedTypes.explain,
            owner=UnsupportedTypes,
        )
        for operation, source in (
            ("CreateStack", "sha256:84e0df897c75b4a0"),
            ("UpdateStack", "sha256:6a6a6ca3db0d00d0"),
            ("CreateChangeSet", "sha256:06b31550065c78d5"),
        )
    ),
)
API_HOSTS = Correction(
    fault="Requests with an API's AWS host name fail, and its ApiEndpoint is a host name that does not resolve.",
    test=f"{TESTS}/apigateway/test_api_hosts.py::test_ministack_does_not_know_awss_names_of_apis",
    upstream=UNREDUCED,
    patches=(
        Patch("ministack.app:_parse_execute_api_url", "sha256:13d571174968a2ab", api_hosts.parse_aws_hosts),
        Patch(f"{HANDLERS}[AWS::ApiGatewayV2::Api][create]", "sha256:0002e18b41984434", api_hosts.name_endpoint),
    ),
)
API_OWNERS = Correction(
    fault="An API is looked up in the caller's account, so that a request without a signature does not find it.",
    test=f"{TESTS}/apigateway/test_api_hosts.py::test_ministack_looks_for_an_api_in_the_callers_account",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.apigateway:find_api_scope",
            "sha256:d4863a8cb863f38b",
            api_hosts.find_in_any_account(http_api_owners),
        ),
        Patch(
            "ministack.services.apigateway_v1:find_api_scope",
            "sha256:19d66149ae1d27e6",
            api_hosts.find_in_any_account(rest_api_owners),
        ),
    ),
)
