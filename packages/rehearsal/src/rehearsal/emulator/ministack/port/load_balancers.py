"""Load balancers and their listeners."""

from __future__ import annotations

from ministack.services import alb


def rename_load_balancer(arn: str, new: str, dns_name: str) -> None:
    """Give a load balancer another ARN and host name."""
    record = alb._lbs.pop(arn)
    alb._lbs[new] = {**record, "LoadBalancerArn": new, "DNSName": dns_name}
    for store in (alb._tags, alb._lb_attrs):
        if arn in store:
            store[new] = store.pop(arn)


def rename_listener(arn: str, new: str) -> None:
    """Give a listener another ARN, and its default rule one that begins with it."""
    alb._listeners[new] = {**alb._listeners.pop(arn), "ListenerArn": new}
    if arn in alb._tags:
        alb._tags[new] = alb._tags.pop(arn)
    rules = {key: rule for key, rule in alb._rules.items() if rule["ListenerArn"] == arn}
    for key, rule in rules.items():
        rule_arn = new.replace(":listener/", ":listener-rule/") + f"/{key.rpartition('/')[2]}"
        del alb._rules[key]
        alb._rules[rule_arn] = {**rule, "RuleArn": rule_arn, "ListenerArn": new}
