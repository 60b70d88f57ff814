/**
 * Preloaded into every Lambda function that the emulator runs. Their code lies below the project's folder there, so
 * a package missing from a bundle would be found in the project's node_modules and be missed on AWS only. Here it
 * is missing too, but for the AWS SDK, which AWS's Node runtimes bring.
 */
const { registerHooks } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const packages = `${pathToFileURL(path.resolve(__dirname, '../../node_modules')).href}/`;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context);
    if (
      !found.url.startsWith(packages) ||
      /^@(aws-sdk|smithy|aws-crypto|aws)\//.test(found.url.slice(packages.length))
    ) {
      return found;
    }
    if (context.parentURL?.startsWith(packages)) return found;
    const error = new Error(`Cannot find package '${specifier}': it is not in the function's bundle.`);
    throw Object.assign(error, { code: 'MODULE_NOT_FOUND' });
  },
});
