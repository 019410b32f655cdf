// Version 2 of the AWS SDK for JavaScript does not know AWS_ENDPOINT_URL, as version 3 does; older tools have it, such as
// cdk-assets 2. Every Node of a build reads this file first.
const Module = require("module");
const load = Module._load;

Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (request === "aws-sdk" && endpoint && loaded.config && !loaded.config.endpoint) {
    loaded.config.update({ endpoint, s3ForcePathStyle: true });
  }
  return loaded;
};
