import type { SourceFile } from '../model/finding.ts';

/** Returns a template with one resource. `properties` are lines of YAML. */
export function template(type: string, properties: readonly string[], name = 'template.yaml'): SourceFile {
  const lines = ['Resources:', '  Example:', `    Type: ${type}`, '    Properties:'];
  return { name, text: `${[...lines, ...properties.map((line) => `      ${line}`)].join('\n')}\n` };
}

/** Returns a template with an identity policy that has one statement. */
export function identityPolicy(statement: readonly string[]): SourceFile {
  return template('AWS::IAM::ManagedPolicy', [
    'PolicyDocument:',
    "  Version: '2012-10-17'",
    '  Statement:',
    ...statement.map((line, index) => `    ${index === 0 ? '- ' : '  '}${line}`),
  ]);
}

/** Returns a template with a role whose trust policy has one statement. */
export function trust(statement: readonly string[]): SourceFile {
  return template('AWS::IAM::Role', [
    'AssumeRolePolicyDocument:',
    "  Version: '2012-10-17'",
    '  Statement:',
    ...statement.map((line, index) => `    ${index === 0 ? '- ' : '  '}${line}`),
  ]);
}
