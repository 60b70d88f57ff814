import type { Rule, SourceFile } from './model/finding.ts';

/** The longest file that is judged, in characters: a few times the largest that is published, as Argo CD’s. */
export const MAX_FILE_LENGTH = 8 * 1024 * 1024;

const PASSING: SourceFile = {
  name: 'namespace.yaml',
  text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: example\n',
};

export const unreadable: Rule = {
  id: 'file/unreadable',
  severity: 'error',
  title: 'a file that cannot be read',
  why: 'What cannot be read cannot be judged, and may be deployed all the same by a parser that is less strict.',
  instead: 'Mend the YAML or JSON; write each key once, and no aliases that multiply.',
  failing: { name: 'broken.yaml', text: 'apiVersion: v1\nkind: [Namespace\n' },
  passing: PASSING,
};

export const tooLarge: Rule = {
  id: 'file/too-large',
  severity: 'error',
  title: 'a file that is too large to judge',
  why: `A file of more than ${MAX_FILE_LENGTH} characters would hold up the check for seconds.`,
  instead: 'Split it, or leave it out of the paths if it is no manifest.',
  failing: { name: 'large.yaml', text: '# A line of very many.\n'.repeat(MAX_FILE_LENGTH / 16) },
  passing: PASSING,
};

export const unrecognized: Rule = {
  id: 'file/unrecognized',
  severity: 'warning',
  title: 'a file that is no manifest',
  why: 'It is neither a Kubernetes manifest nor a CloudFormation template, so nothing in it is judged.',
  instead: 'Leave it out of the paths. Render a Helm chart first: `helm template CHART > rendered.yaml`.',
  failing: { name: 'values.yaml', text: 'replicas: 2\n' },
  passing: PASSING,
};

/** What may be wrong with a file as a whole. */
export const fileRules: readonly Rule[] = [unreadable, tooLarge, unrecognized];
