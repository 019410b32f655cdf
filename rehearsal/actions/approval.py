"""Approval/Manual: wait for a person.

Source: AWS CodePipeline user guide, "Manage approval actions in pipelines".
"""

from __future__ import annotations

from rehearsal.engine.approvals import Answer, Approvals
from rehearsal.engine.task import Outcome, Task


class AwaitApproval:
    """Waits until the API's PutApprovalResult answers, or the execution is stopped."""

    def __init__(self, approvals: Approvals) -> None:
        self._approvals = approvals

    def run(self, task: Task) -> Outcome:
        approval = self._approvals.open(task.pipeline, task.stage, task.action.name)
        about = task.action.configuration.get("CustomData", "")
        task.waiting(approval.token, about)
        try:
            while not approval.answered.wait(0.2):
                if task.stop.is_set():
                    return Outcome(failed=True, summary="stopped while it waited for an approval")
        finally:
            self._approvals.close(approval)
        answer = approval.answer or Answer(approved=False, summary="no answer")
        verb = "approved" if answer.approved else "rejected"
        return Outcome(not answer.approved, f"{verb}: {answer.summary}" if answer.summary else verb)
