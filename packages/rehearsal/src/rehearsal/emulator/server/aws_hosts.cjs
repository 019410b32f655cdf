// Connections of Node to AWS's host names lead to the embedded AWS, whichever HTTP client opens them: those of Node and of
// the AWS SDKs ignore HTTPS_PROXY. Every Node of a build reads a copy of this file first, with the ports filled in.
const net = require("net");
const PORTS = { tls: "{tls}", plain: "{plain}" };
const DOMAINS = "{domains}".split(" ");
const DOWNLOADS = "{downloads}".split(" ");
const connect = net.Socket.prototype.connect;

function isAwsHost(host) {
  if (typeof host !== "string") return false;
  const name = host.toLowerCase().replace(/\.$/, "");
  return !DOWNLOADS.includes(name) && DOMAINS.some((domain) => name === domain || name.endsWith("." + domain));
}

// A function answers CloudFormation at ResponseURL. CDK and cfn-response leave out its port, which is 443 on AWS.
function isResponseHost(host, port) {
  return Boolean(process.env.AWS_LAMBDA_FUNCTION_NAME) && host === "127.0.0.1" && Number(port) === 443;
}

function leadsHere(options) {
  return isAwsHost(options.host) || isResponseHost(options.host, options.port);
}

function embedded(options) {
  return { ...options, host: "127.0.0.1", port: Number(options.port) === 80 ? PORTS.plain : PORTS.tls };
}

// Node calls it with [options, callback] in an array that it has marked, others with options or with port and host.
net.Socket.prototype.connect = function (...given) {
  const [first, second] = given;
  if (Array.isArray(first) && first[0] && leadsHere(first[0])) {
    first[0] = embedded(first[0]);
  } else if (first && typeof first === "object" && leadsHere(first)) {
    given[0] = embedded(first);
  } else if (isAwsHost(second)) {
    const { host, port } = embedded({ port: first });
    given.splice(0, 2, port, host);
  }
  return connect.apply(this, given);
};
