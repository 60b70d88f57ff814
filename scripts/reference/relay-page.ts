import { configurationSchema } from 'tokenrelay/config/configuration.ts';
import { loadSourceKinds } from 'tokenrelay/sources/kinds.ts';
import * as z from 'zod';
import { GENERATED } from './tables.ts';

await loadSourceKinds();

/** The parts of a JSON Schema that this page uses. */
interface Schema {
  description?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  $ref?: string;
  definitions?: Record<string, Schema>;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | false;
  required?: string[];
}

/**
 * Returns the JSON Schema of TokenRelay's configuration, for editors.
 *
 * It is draft 7, the newest that the YAML language server supports (https://github.com/redhat-developer/yaml-language-server).
 */
export function relaySchema(): object {
  return {
    title: 'Configuration of TokenRelay',
    ...z.toJSONSchema(configurationSchema(), { io: 'input', target: 'draft-7' }),
  };
}

/** Returns the reference page of TokenRelay's configuration. */
export function relayPage(): string {
  const { definitions = {}, $ref = '' } = relaySchema() as Schema;
  const { [nameOf($ref)]: root = {}, ...others } = definitions;
  const tokens = root.properties?.tokens?.items?.oneOf ?? [];
  return [
    `${GENERATED}# Configuration of TokenRelay`,
    '',
    `${root.description} The file is YAML 1.2 or JSON, at most 1 MiB. \`tokenrelay check\` reports every error in it. Editors ` +
      'complete keys with [tokenrelay.schema.json](tokenrelay.schema.json).',
    '',
    ...table(root),
    '## tokens[]',
    '',
    ...table(without(tokens[0] ?? {}, ['source']), {
      type: 'The type of the source: one of those below.',
    }),
    ...tokens.flatMap((token) => [
      `### type: ${token.properties?.type?.const}`,
      '',
      'Under `source`:',
      '',
      ...table(token.properties?.source ?? {}),
    ]),
    ...Object.entries(others).flatMap(([name, schema]) => section(name, schema)),
  ].join('\n');
}

/** Returns the section of a definition: one table, or one for each of its alternatives. */
function section(name: string, schema: Schema): string[] {
  const heading = [`## ${name}`, '', ...(schema.description ? [schema.description, ''] : [])];
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms === undefined)
    return schema.properties ? [...heading, ...table(schema)] : [...heading, `${written(schema)}`, ''];
  return [...heading, ...forms.flatMap((form) => [`### ${titleOf(form, name)}`, '', ...table(form)])];
}

function titleOf({ properties = {}, required = [] }: Schema, name: string): string {
  const kind = Object.entries(properties).find(([, member]) => member.const !== undefined);
  if (kind !== undefined) return `${kind[0]}: ${kind[1].const}`;
  return `${name} with ${required.map((key) => `\`${key}\``).join(' and ')}`;
}

/** Returns a table with a row for each key, and for keys of nested mappings, such as `listen.unix`. */
function table(schema: Schema, described: Record<string, string> = {}): string[] {
  const found = rows(schema, '', described);
  return found.length === 0 ? ['No keys.', ''] : ['| key | type | meaning |', '| --- | --- | --- |', ...found, ''];
}

function rows(
  { properties = {}, required = [] }: Schema,
  before: string,
  described: Record<string, string> = {},
): string[] {
  return Object.entries(properties).flatMap(([key, member]) => {
    const name = `${before}${key}`;
    const optional = required.includes(key) ? '' : ' (optional)';
    const what = described[name] === undefined ? written(member) : 'text';
    const row = `| \`${name}\`${optional} | ${what} | ${(described[name] ?? member.description ?? '').replaceAll('|', '\\|')} |`;
    const inner = member.properties
      ? member
      : member.type === 'array' && member.items?.properties
        ? member.items
        : undefined;
    return [row, ...(inner ? rows(inner, `${name}${inner === member ? '' : '[]'}.`) : [])];
  });
}

function written(schema: Schema): string {
  const forms = schema.anyOf ?? schema.oneOf;
  // Draft 7 ignores everything next to a reference, even a description. zod therefore wraps references in `allOf`.
  if (schema.allOf) return schema.allOf.map(written).join(' and ');
  if (schema.$ref) return `[${nameOf(schema.$ref)}](#${nameOf(schema.$ref).toLowerCase()})`;
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (forms?.every(({ oneOf, properties }) => !oneOf && properties)) {
    return forms.map(({ properties = {} }) => `{ ${Object.keys(properties).join(', ')} }`).join(' or ');
  }
  if (forms) return [...new Set(forms.map(written))].join(' or ');
  if (schema.type === 'array') return `list of ${schema.items?.oneOf ? 'mappings' : written(schema.items ?? {})}`;
  if (schema.type === 'object') {
    const { additionalProperties: values } = schema;
    return values ? `mapping of names to ${written(values)}` : 'mapping';
  }
  return WORDS[schema.type ?? ''] ?? 'any';
}

const WORDS: Record<string, string> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` or `false`',
};

function without(schema: Schema, keys: readonly string[]): Schema {
  const entries = Object.entries(schema.properties ?? {}).filter(([key]) => !keys.includes(key));
  return { ...schema, properties: Object.fromEntries(entries) };
}

function nameOf($ref: string): string {
  return $ref.split('/').at(-1) ?? '';
}
