"""S3 websites under AWS's host name, read without credentials."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from email.message import Message

import pytest

from rehearsal.aws import Endpoint
from tests.conftest import Embedded

FILES = {"index.html": "home", "docs/index.html": "docs", "error.html": "sorry", "plain.txt": "plain"}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def site(embedded: Embedded) -> str:
    """The bucket of a public website with these files."""
    name, s3 = embedded.name("site"), embedded.client("s3")
    website = {"IndexDocument": "index.html", "ErrorDocument": "error.html"}
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    template = {
        "Site": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": name,
                "WebsiteConfiguration": website,
                "PublicAccessBlockConfiguration": {"BlockPublicPolicy": False, "RestrictPublicBuckets": False},
            },
        },
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Site"}, "PolicyDocument": {"Statement": [everybody]}},
        },
    }
    stack = embedded.stack(name, template)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    for key, body in FILES.items():
        s3.put_object(Bucket=name, Key=key, Body=body.encode(), ContentType="text/plain")
    return name


def get(endpoint: Endpoint, bucket: str, path: str, method: str = "GET") -> tuple[int, str, Message]:
    """Send a request through the proxy, as builds and functions do."""
    proxy = urllib.request.ProxyHandler({"http": endpoint.proxy})
    url = f"http://{bucket}.s3-website-us-east-1.amazonaws.com{path}"
    opener = urllib.request.build_opener(proxy, _NoRedirect())
    try:
        with opener.open(urllib.request.Request(url, method=method), timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, "home"),
        ("/docs/", 200, "docs"),
        ("/plain.txt", 200, "plain"),
        ("/absent", 404, "sorry"),
    ],
)
def test_index_and_error_documents(embedded: Embedded, site: str, path: str, status: int, body: str) -> None:
    """A folder returns its index document, a missing key the error document with status 404."""
    assert get(embedded.endpoint, site, path)[:2] == (status, body)


def test_a_folder_without_its_slash_is_redirected(embedded: Embedded, site: str) -> None:
    """A folder without its slash is redirected by 302 to the path with the slash."""
    status, _, headers = get(embedded.endpoint, site, "/docs")
    assert (status, headers["location"]) == (302, "/docs/")


def test_a_bucket_without_a_website_is_an_error(embedded: Embedded, site: str) -> None:
    """A bucket without a website, a missing bucket, and a PUT are errors."""
    assert "NoSuchWebsiteConfiguration" in get(embedded.endpoint, embedded.bucket(), "/")[1]
    assert "NoSuchBucket" in get(embedded.endpoint, "no-such-bucket-here", "/")[1]
    assert get(embedded.endpoint, site, "/", "PUT")[0] == 405


def test_a_private_bucket_stays_private(enforced: Embedded) -> None:
    """With IAM a website is readable only after the bucket's policy allows everybody."""
    website = {"IndexDocument": {"Suffix": "index.html"}}
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    s3 = enforced.client("s3", "us-east-1")
    s3.create_bucket(Bucket="site")
    s3.put_object(Bucket="site", Key="index.html", Body=b"secret")
    s3.put_bucket_website(Bucket="site", WebsiteConfiguration=website)
    status, body, _ = get(enforced.endpoint, "site", "/")
    assert (status, "secret" in body) == (403, False)
    s3.delete_public_access_block(Bucket="site")
    s3.put_bucket_policy(Bucket="site", Policy=policy)
    assert get(enforced.endpoint, "site", "/")[:2] == (200, "secret")
