// The program in the interpreter of a function of Node: Lambda's runtime, connected to the rehearsal by pipes instead of
// HTTP. Called as `node runtime_bootstrap.cjs ANSWERS`. Invocations come on standard input, answers leave on the file
// descriptor ANSWERS. Both ways a message is one JSON line, and as many bytes as its `bytes` says.
// Sources: AWS Lambda developer guide, "Define Lambda function handler in Node.js", "Using the Lambda context object to
// retrieve Node.js function information" and "Log and monitor Node.js Lambda functions".
"use strict";
const fs = require("fs");
const net = require("net");
const path = require("path");
const util = require("util");
const { pathToFileURL } = require("url");

const [answers] = process.argv.splice(2).map(Number);
const invocations = new net.Socket({ fd: 0, readable: true, writable: false });
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
let requestId; // of the invocation that runs
let whenIdle = null; // called when the event loop of an invocation is empty
let current = null; // ends the invocation that runs

function send(kind, body = "", more = {}) {
  const bytes = Buffer.from(body);
  const message = Buffer.concat([Buffer.from(JSON.stringify({ kind, bytes: bytes.length, ...more }) + "\n"), bytes]);
  for (let at = 0; at < message.length; ) {
    try {
      at += fs.writeSync(answers, message, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

// Each line of the console is an event of the log, with the time, the request and the level.
function writeLog(level, values) {
  const lowest = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || "TRACE").toUpperCase());
  if (LEVELS.indexOf(level) < lowest) return;
  const time = new Date().toISOString();
  const structured = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
  const message = structured && values.length === 1 ? values[0] : util.format(...values);
  const line = structured
    ? JSON.stringify({ timestamp: time, level, requestId, message })
    : `${time}\t${requestId}\t${level}\t${message}`.replace(/\n/g, "\r");
  fs.writeSync(1, line + "\n");
}

for (const [method, level] of Object.entries(METHODS)) {
  console[method] = (...values) => writeLog(level, values);
}

function errorBody(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack || "").split("\n") };
}

function failure(type, message, cause) {
  const error = new Error(message);
  error.name = type;
  error.stack = `${type}: ${message}\n${((cause || error).stack || "").split("\n").slice(1).join("\n")}`;
  return error;
}

// The file of a module's name below the code; Node's own search where there is none of that name.
function findModule(root, name) {
  const base = path.resolve(root, name);
  for (const ending of ["", ".js", ".mjs", ".cjs"]) {
    const file = base + ending;
    if (fs.existsSync(file) && fs.statSync(file).isFile()) return file;
  }
  return require.resolve(name, { paths: [root] });
}

function isModule(file) {
  if (file.endsWith(".mjs")) return true;
  if (!file.endsWith(".js")) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const description = path.join(folder, "package.json");
    if (fs.existsSync(description)) return JSON.parse(fs.readFileSync(description, "utf8")).type === "module";
    if (folder === path.dirname(folder)) return false;
  }
}

async function loadHandler(root, named) {
  const [, name, exported] = /^(.*?[^/.]+)\.([^/]+)$/.exec(named) || [];
  if (!name) throw failure("Runtime.MalformedHandlerName", "Bad handler");
  let loaded;
  try {
    const file = findModule(root, name);
    loaded = isModule(file) ? await import(pathToFileURL(file).href) : require(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw failure("Runtime.UserCodeSyntaxError", String(error), error);
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      throw failure("Runtime.ImportModuleError", `Error: ${error.message}`, error);
    }
    throw error;
  }
  let handler = loaded;
  for (const part of exported.split(".")) handler = handler?.[part];
  if (handler === undefined) throw failure("Runtime.HandlerNotFound", `${named} is undefined or not exported`);
  if (typeof handler !== "function") throw failure("Runtime.HandlerNotFound", `${named} is not a function`);
  return handler;
}

function makeContext(headers, end) {
  const deadline = Number(headers["Lambda-Runtime-Deadline-Ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers["Lambda-Runtime-Invoked-Function-Arn"],
    awsRequestId: headers["Lambda-Runtime-Aws-Request-Id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    succeed: (result) => end(null, result),
    fail: (error) => end(error === undefined || error === null ? "handled" : error),
    done: (error, result) => end(error, result),
  };
}

function setVariables(variables) {
  for (const [name, value] of Object.entries(variables)) {
    if (value === null) delete process.env[name];
    else process.env[name] = value;
  }
}

function fail(error, title) {
  const body = errorBody(error);
  writeLog("ERROR", [`${title} \t${JSON.stringify({ ...body, trace: undefined, stack: body.trace })}`]);
  send("error", JSON.stringify(body));
}

function invoke(handler, message, event) {
  const headers = message.headers;
  requestId = headers["Lambda-Runtime-Aws-Request-Id"];
  setVariables({ ...message.variables, _X_AMZN_TRACE_ID: headers["Lambda-Runtime-Trace-Id"] ?? null });
  let ended = false;
  const end = (error, result) => {
    if (ended) return;
    ended = true;
    whenIdle = current = null;
    invocations.ref(); // wait for the next invocation
    if (error !== undefined && error !== null) return fail(error, "Invoke Error");
    try {
      send("result", JSON.stringify(result === undefined ? null : result), { content_type: "application/json" });
    } catch (problem) {
      fail(problem, "Invoke Error");
    }
  };
  const context = makeContext(headers, end);
  const callback = (error, result) => {
    if (context.callbackWaitsForEmptyEventLoop) whenIdle = () => end(error, result);
    else setImmediate(end, error, result);
  };
  current = end;
  whenIdle = () => end(null, null);
  invocations.unref();
  try {
    const result = handler(JSON.parse(event.toString()), context, callback);
    if (result && typeof result.then === "function") {
      result.then((value) => end(null, value), (error) => end(error ?? new Error(String(error))));
    }
  } catch (error) {
    end(error ?? String(error));
  }
}

function endWith(type, error, status) {
  const reason = error instanceof Error ? error : new Error(String(error));
  const body = type ? failure(type, String(reason), reason) : reason;
  if (current) fail(body, type ? "Unhandled Promise Rejection" : "Uncaught Exception");
  process.exit(status);
}

// Messages one after the other, however the pipe cuts them.
function listen(handler) {
  let waiting = Buffer.alloc(0);
  invocations.on("data", (some) => {
    waiting = Buffer.concat([waiting, some]);
    const line = waiting.indexOf("\n");
    if (line < 0) return;
    const message = JSON.parse(waiting.subarray(0, line).toString());
    if (waiting.length < line + 1 + message.bytes) return;
    const event = waiting.subarray(line + 1, line + 1 + message.bytes);
    waiting = waiting.subarray(line + 1 + message.bytes);
    invoke(handler, message, event);
  });
  invocations.on("end", () => process.exit(0));
  process.on("beforeExit", () => whenIdle && whenIdle());
  process.on("uncaughtException", (error) => endWith("", error, 129));
  process.on("unhandledRejection", (error) => endWith("Runtime.UnhandledPromiseRejection", error, 128));
}

loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER).then(
  (handler) => {
    send("ready", "", { compiled: 0, modules: Object.keys(require.cache).length });
    listen(handler);
  },
  (error) => {
    const body = errorBody(error);
    writeLog("ERROR", [`Uncaught Exception \t${JSON.stringify({ ...body, trace: undefined, stack: body.trace })}`]);
    send("init-error", JSON.stringify(body));
    process.exit(1);
  },
);
