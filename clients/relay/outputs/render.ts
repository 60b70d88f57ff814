import { OutputFailure } from '../model/output.ts';
import type { Token } from '../model/token.ts';
import type { FileOutputSettings } from '../settings/outputs.ts';
import { awsCredentials } from './formats/aws-credentials.ts';
import { env } from './formats/env.ts';
import type { Format, LeaveOut } from './formats/format.ts';
import { json } from './formats/json.ts';
import { raw } from './formats/raw.ts';
import { template, templateNames } from './formats/template.ts';
import { shown, Unwritable } from './unwritable.ts';

export { templateFault } from './formats/template.ts';

/** All file formats, by their name in the configuration. To add a format, add its file and an entry here. */
const formats: Record<FileOutputSettings['format'], Format> = {
  json,
  env,
  raw,
  'aws-credentials': awsCredentials,
  template,
};

/**
 * Renders the content of a token's file.
 *
 * @param leaveOut see `Format`
 * @throws {OutputFailure} naming the token, the file and the name of the value that cannot be written, never the value
 */
export function render(settings: FileOutputSettings, tokenName: string, token: Token, leaveOut?: LeaveOut): string {
  try {
    for (const name of neededBy(settings) ?? Object.keys(token.values)) {
      const isText = !Object.hasOwn(token.values, name) || token.values[name]?.isWellFormed();
      if (!isText) throw new Unwritable(`its value ${shown(name)} is not valid Unicode text`);
    }
    return formats[settings.format](token, tokenName, settings, leaveOut);
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error;
    throw new OutputFailure(`token ${tokenName} cannot be written to ${settings.file_path}: ${error.message}`);
  }
}

/** Returns the names of the values that must be Unicode text, or undefined if all must be. */
function neededBy({ format, template }: FileOutputSettings): string[] | undefined {
  // The format env checks each variable.
  if (format === 'env') return [];
  return template === undefined ? undefined : templateNames(template);
}
