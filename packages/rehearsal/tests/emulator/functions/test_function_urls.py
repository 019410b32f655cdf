"""Function URLs answer under AWS's host names."""

from __future__ import annotations

import ssl
import urllib.request

from tests.emulator.functions.conftest import Functions

CODE = "def handler(event, _): return {'statusCode': 200, 'body': event['rawPath']}"


def test_a_function_url_answers_under_its_name(functions: Functions) -> None:
    """A program with a build's environment variables reaches a function URL without a signature."""
    name, api = functions.make(CODE), functions.client("lambda")
    api.add_permission(
        FunctionName=name,
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    url = api.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    assert url.endswith(".on.aws/")
    proxy = urllib.request.ProxyHandler({"https": functions.endpoint.proxy})
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(functions.endpoint.ca)))
    with urllib.request.build_opener(proxy, trust).open(f"{url}items/1", timeout=30) as answer:
        assert answer.read() == b"/items/1"
