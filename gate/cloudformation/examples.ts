import type { SourceFile } from '../model/finding.ts';

/** A template of one resource, its properties as YAML, one a line. */
export function template(type: string, properties: readonly string[], name = 'template.yaml'): SourceFile {
  const lines = ['Resources:', '  Example:', `    Type: ${type}`, '    Properties:'];
  return { name, text: `${[...lines, ...properties.map((line) => `      ${line}`)].join('\n')}\n` };
}

/** A policy of an identity, of one statement. */
export function identityPolicy(statement: readonly string[]): SourceFile {
  return template('AWS::IAM::ManagedPolicy', [
    'PolicyDocument:',
    "  Version: '2012-10-17'",
    '  Statement:',
    ...statement.map((line, index) => `    ${index === 0 ? '- ' : '  '}${line}`),
  ]);
}

/** A role with one statement that says who may take it on. */
export function trust(statement: readonly string[]): SourceFile {
  return template('AWS::IAM::Role', [
    'AssumeRolePolicyDocument:',
    "  Version: '2012-10-17'",
    '  Statement:',
    ...statement.map((line, index) => `    ${index === 0 ? '- ' : '  '}${line}`),
  ]);
}
