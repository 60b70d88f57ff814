import type { Rule, SourceFile } from './model/finding.ts';

/** Maximum length of a file, in characters: several times the largest published manifests, such as those of Argo CD. */
export const MAX_FILE_LENGTH = 8 * 1024 * 1024;

const PASSING: SourceFile = {
  name: 'namespace.yaml',
  text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: example\n',
};

export const unreadable: Rule = {
  id: 'file/unreadable',
  severity: 'error',
  title: 'a file that cannot be read',
  why: 'The file cannot be checked, but a less strict parser may still deploy it.',
  instead: 'Fix the YAML or JSON. Do not repeat keys or nest aliases.',
  failing: { name: 'broken.yaml', text: 'apiVersion: v1\nkind: [Namespace\n' },
  passing: PASSING,
};

export const tooLarge: Rule = {
  id: 'file/too-large',
  severity: 'error',
  title: 'a file that is too large to check',
  why: `A file of more than ${MAX_FILE_LENGTH} characters would delay the check for seconds.`,
  instead: 'Split the file, or remove it from the paths if it is not a manifest.',
  failing: { name: 'large.yaml', text: '# A line of very many.\n'.repeat(MAX_FILE_LENGTH / 16) },
  passing: PASSING,
};

export const unrecognized: Rule = {
  id: 'file/unrecognized',
  severity: 'warning',
  title: 'a file that is not a manifest',
  why: 'The file is not a Kubernetes manifest, a CloudFormation template or an IAM policy, so it is not checked.',
  instead: 'Remove the file from the paths. Render a Helm chart first: `helm template CHART > rendered.yaml`.',
  failing: { name: 'values.yaml', text: 'replicas: 2\n' },
  passing: PASSING,
};

/** What the gate cannot judge. Rules of every area may report it. */
export const notJudged: Rule = {
  id: 'gate/not-judged',
  severity: 'warning',
  title: 'something that cannot be judged',
  why: 'A value is known only at deployment, or at rendering. With some values, an error would be found.',
  instead:
    'Write the value in the file, give the parameter a default or allowed values, or render the chart first. To fail in this case, run with `--fail-on unjudged`.',
  failing: { name: 'Chart.yaml', text: 'apiVersion: v2\nname: orders\nversion: 1.0.0\n' },
  passing: PASSING,
};

/** The rules about files as a whole. */
export const fileRules: readonly Rule[] = [unreadable, tooLarge, unrecognized];
