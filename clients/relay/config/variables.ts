import { type Fault, isMapping, type Path } from '@tvm/core/settings/fault.ts';

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const NAME = /^[A-Za-z_]\w*$/;

/**
 * Replaces `${NAME}` in the texts of a value if its `variables` list declares NAME. `$${` becomes `${`. Does not
 * replace inside substituted text or in keys.
 *
 * Errors name only variables that are declared or set, because any other text may be part of a secret.
 */
export function replaceVariables(value: unknown, env: NodeJS.ProcessEnv): { value: unknown; faults: Fault[] } {
  const faults: Fault[] = [];
  const named = isMapping(value) && Array.isArray(value.variables) ? value.variables : [];
  const declared = new Set(named.filter((name) => typeof name === 'string' && NAME.test(name)));

  const replaced = (text: string, path: Path): string =>
    text.replace(REFERENCE, (whole, name: string | undefined, end: string) => {
      if (name === undefined) return '${';
      const content = declared.has(name) ? env[name] : undefined;
      if (end !== '' && content !== undefined) return content;
      faults.push({ path, problem: problemOf(name, end) });
      return whole;
    });

  const problemOf = (name: string, end: string): string => {
    if (end === '') return `has a \${ without a closing }; write $\${ for a literal \${`;
    if (declared.has(name)) return `has \${${name}}, but this variable is not set`;
    const which = env[name] === undefined ? `\${…}` : `\${${name}}`;
    return `has ${which}, which the list \`variables\` does not declare; write $\${ for a literal \${`;
  };

  const walk = (inner: unknown, path: Path): unknown => {
    if (typeof inner === 'string') return inner.includes('${') ? replaced(inner, path) : inner;
    if (Array.isArray(inner)) return inner.map((item, index) => walk(item, [...path, index]));
    if (!isMapping(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, walk(item, [...path, key])]));
  };
  return { value: walk(value, []), faults };
}
