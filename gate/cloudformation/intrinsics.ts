import { elements, isMapping, mapping, textOf } from '../values.ts';

/** Stands, in text, for what only the deployment knows: a parameter, an attribute of a resource. */
export const UNKNOWN = '\u0000';

/** Pseudo parameters that matter here, without the colons that would split an ARN wrongly. */
const PSEUDO: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::AccountId': '<this account>',
  'AWS::Region': '<this region>',
};

/** The text that a property becomes, with {@link UNKNOWN} for the parts that cannot be known. */
export function resolveText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (!isMapping(value)) return UNKNOWN;
  if (value.Ref !== undefined) return pseudo(value.Ref);
  if (Array.isArray(value['Fn::Join'])) {
    const [separator, parts] = value['Fn::Join'];
    return Array.isArray(parts) ? parts.map(resolveText).join(textOf(separator) ?? UNKNOWN) : UNKNOWN;
  }
  if (value['Fn::Sub'] !== undefined) {
    const [template, variables] = [value['Fn::Sub']].flat();
    return substitute(template, mapping(variables));
  }
  return UNKNOWN;
}

function pseudo(name: unknown): string {
  return typeof name === 'string' && Object.hasOwn(PSEUDO, name) ? (PSEUDO[name] ?? UNKNOWN) : UNKNOWN;
}

function substitute(template: unknown, variables: Record<string, unknown>): string {
  if (typeof template !== 'string') return UNKNOWN;
  return template.replace(/\$\{([^{}]*)\}/g, (_whole, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    return Object.hasOwn(variables, name) ? resolveText(variables[name]) : pseudo(name);
  });
}

/** What a property may be, one or many: elements of lists, both branches of `Fn::If`, without `AWS::NoValue`. */
export function alternatives(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(alternatives);
  if (!isMapping(value)) return [value];
  if (value.Ref === 'AWS::NoValue') return [];
  if (Array.isArray(value['Fn::If'])) return elements(value['Fn::If']).slice(1).flatMap(alternatives);
  return [value];
}

/** Whether a value is left to an intrinsic function. */
export function isIntrinsic(value: unknown): boolean {
  return isMapping(value) && Object.keys(value).some((key) => key === 'Ref' || key.startsWith('Fn::'));
}
