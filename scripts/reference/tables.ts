import * as z from 'zod';

/** The line that every generated page begins with. */
export const GENERATED = '<!-- Made by `npm run generate` from the schemas. Change those, not this. -->\n\n';

interface JsonSchema {
  description?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  items?: JsonSchema;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  maxItems?: number;
  maxLength?: number;
}

/** A table of an object schema's members: name, what it may be, what it means. */
export function membersTable(schema: z.ZodType): string {
  const document = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  // A schema that has an id is found among the definitions, under it.
  const { properties = {}, required = [] } = document.$defs?.[schema.meta()?.id ?? ''] ?? document;
  const rows = Object.entries(properties).map(
    ([name, member]) =>
      `| \`${name}\`${required.includes(name) ? '' : ' (optional)'} | ${kindOf(member)} | ${member.description ?? ''} |`,
  );
  return ['| member | is | means |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function kindOf(schema: JsonSchema): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1) ?? '';
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  const most = schema.maxItems ?? schema.maxLength;
  const bound = most === undefined ? '' : `, at most ${most}`;
  if (schema.type === 'array') return `array of ${kindOf(schema.items ?? {})}${bound}`;
  return `${schema.format ?? schema.type ?? 'any'}${bound}`;
}
