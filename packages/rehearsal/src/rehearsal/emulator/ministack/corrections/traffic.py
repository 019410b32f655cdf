"""Faults of MiniStack about traffic: weights of aliases, metrics of invocations, and alarms on them."""

from __future__ import annotations

from rehearsal.emulator.cloudformation import dependencies
from rehearsal.emulator.cloudwatch.alarm_evaluation import AlarmEvaluator
from rehearsal.emulator.cloudwatch.metric_math import MetricMathAlarms
from rehearsal.emulator.codedeploy.alias_update import AliasUpdates
from rehearsal.emulator.functions import alias_routing, alias_rules
from rehearsal.emulator.ministack.corrections.upstream import DIFFERENT_DESIGN, UNREDUCED
from rehearsal.emulator.ministack.emulator_changes import EmulatorChanges
from rehearsal.emulator.ministack.patch import Correction, Patch

TESTS = "tests/emulator/functions/test_alias_faults.py"
LAMBDA = "ministack.services.lambda_svc"
HANDLERS = "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS"

ALIAS_ROUTING = Correction(
    fault="The weights of an alias are only stored: every invocation runs its first version.",
    test=f"{TESTS}::test_weights_are_only_stored",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_effective_func_record_for_qualifier", "sha256:9347cb8fd2dc4d9c", alias_routing.keep_alias),
        Patch(f"{LAMBDA}:_invoke", "sha256:ab193779e5c2ea94", alias_routing.invoke_routed),
        Patch(f"{LAMBDA}:invoke_async_with_retry", "sha256:289fe4d3cbd4089b", alias_routing.route_events),
        Patch(f"{LAMBDA}:_execute_function", "sha256:3ceb16d6480a2161", alias_routing.execute_measured),
    ),
)
INVOCATION_METRICS = Correction(
    fault="Metrics of invocations have only the dimension FunctionName, and exist only for calls of Invoke.",
    test=f"{TESTS}::test_metrics_have_one_dimension",
    upstream=UNREDUCED,
    patches=(Patch(f"{LAMBDA}:_emit_lambda_metrics", "sha256:3b6689d77cf6f1e4", alias_routing.record_no_metrics),),
)
ALIAS_RULES = Correction(
    fault="An alias may have versions that do not exist, $LATEST with weights, and any number of versions.",
    test=f"{TESTS}::test_an_alias_takes_any_version",
    upstream=UNREDUCED,
    patches=(
        Patch(f"{LAMBDA}:_create_alias", "sha256:2fca00d580eb5774", alias_rules.create_checked),
        Patch(f"{LAMBDA}:_update_alias", "sha256:0017f6b94b062e90", alias_rules.update_checked),
        Patch(f"{HANDLERS}[AWS::Lambda::Alias][create]", "sha256:fc78d215b4c77f8f", alias_rules.provision_checked),
    ),
)
ALARM_EVALUATION = Correction(
    fault="An alarm mixes data of other dimensions and periods, and is evaluated only when data arrives.",
    test="tests/emulator/cloudwatch/test_alarms.py::test_an_alarm_mixes_dimensions",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.cloudwatch:_evaluate_alarm",
            "sha256:a0b0acd3d432b711",
            AlarmEvaluator.evaluate_as_aws,
            owner=AlarmEvaluator,
        ),
    ),
)
STATE_CHANGES = Correction(
    fault="Nothing is notified of the end of an operation on a stack or of an alarm's new state: callers have to poll.",
    test="tests/emulator/ministack/test_emulator_changes.py::test_ministack_sends_no_notification_of_changes",
    upstream=DIFFERENT_DESIGN,
    patches=(
        Patch(
            "ministack.services.cloudformation.stacks:_create_stack_task_in_region",
            "sha256:56e8e40df26fae07",
            EmulatorChanges.after_stack_operation,
            also=(
                "ministack.services.cloudformation.changesets:_create_stack_task_in_region",
                "ministack.services.cloudformation.handlers:_create_stack_task_in_region",
            ),
            owner=EmulatorChanges,
        ),
        Patch(
            "ministack.services.cloudwatch:_record_history",
            "sha256:c5890b06e5c82d3d",
            EmulatorChanges.after_alarm_state,
            owner=EmulatorChanges,
        ),
    ),
)
METRIC_MATH = Correction(
    fault="A template's alarm with Metrics is refused, be it one metric or an expression.",
    test="tests/emulator/cloudwatch/test_metric_math.py::test_an_alarm_with_metrics_is_refused",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::CloudWatch::Alarm][create]",
            "sha256:62b3679798aa1a00",
            MetricMathAlarms.create,
            owner=MetricMathAlarms,
        ),
        Patch(
            f"{HANDLERS}[AWS::CloudWatch::Alarm][update]",
            "sha256:e42f7ad7188ae53b",
            MetricMathAlarms.update,
            owner=MetricMathAlarms,
        ),
    ),
)
UPDATE_POLICIES = Correction(
    fault="A resource may be updated before what its UpdatePolicy refers to, such as a deployment group, is created.",
    test="tests/emulator/codedeploy/test_alias_updates.py::test_an_update_policy_makes_no_dependency",
    upstream=UNREDUCED,
    patches=(
        Patch(
            "ministack.services.cloudformation.engine:_extract_deps",
            "sha256:6c6f84810f4fecf0",
            dependencies.follow_update_policies,
            also=("ministack.services.cloudformation.stacks:_extract_deps",),
        ),
    ),
)
ALIAS_UPDATES = Correction(
    fault="UpdatePolicy of an alias is ignored: the new version gets all of the traffic immediately.",
    test="tests/emulator/codedeploy/test_alias_updates.py::test_an_update_policy_is_ignored",
    upstream=UNREDUCED,
    patches=(
        Patch(
            f"{HANDLERS}[AWS::Lambda::Alias][update]",
            "sha256:7388cbd3408c1ecf",
            AliasUpdates.shift_traffic,
            owner=AliasUpdates,
        ),
        Patch(
            "ministack.services.cloudformation.stacks:_runs_on_worker_thread",
            "sha256:23955511141f8481",
            AliasUpdates.run_in_background,
            owner=AliasUpdates,
        ),
    ),
)
