/**
 * Preloaded into every Lambda function that the emulator runs. The functions' code is below the project's folder, so
 * Node would resolve a package that is missing from a bundle in the project's node_modules, and the error would appear
 * only on AWS. This hook rejects such packages, except the AWS SDK, which AWS's Node runtimes include.
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
