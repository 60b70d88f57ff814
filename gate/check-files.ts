import { posix } from 'node:path';
import { lineNumbers } from '@tvm/core/policy/line-numbers.ts';
import { notJudgedIn } from './cloudformation/not-judged.ts';
import { type CloudFormationResource, isPolicy, isTemplate, resourcesOf } from './cloudformation/resources.ts';
import { cloudFormationRules } from './cloudformation/rules.ts';
import { contentsOf } from './cloudformation/statements.ts';
import { redact } from './credentials/redact.ts';
import { credentialRules } from './credentials/rules.ts';
import { MAX_FILE_LENGTH, notJudged, tooLarge, unreadable, unrecognized } from './file-rules.ts';
import { isKubernetes, objectsOf } from './kubernetes/objects.ts';
import { kubernetesRules } from './kubernetes/rules.ts';
import {
  type CheckOptions,
  type CheckResult,
  type FileResult,
  type Hit,
  isPolicyFile,
  type Unit,
} from './model/check.ts';
import type { Finding, SourceFile } from './model/finding.ts';
import { oneLine, visible } from './model/one-line.ts';
import { originOf } from './model/origins.ts';
import { type Manifest, type ManifestDocument, manifestOf, mayBeManifest } from './model/read-manifest.ts';
import { isMapping, type Mapping, mapping } from './model/values.ts';
import { checkPolicyDirectory } from './policies/check-policies.ts';
import { suppressibleRules } from './rules.ts';
import { suppress } from './suppression.ts';

/** Checks all files of a policy directory, which is a directory with a {@link isPolicyFile policy file}. */
export type PolicyDirectoryCheck = (files: readonly SourceFile[], options: CheckOptions) => FileResult[];

/** The checks of policy directories. No other check applies to their files. */
const POLICY_DIRECTORY_CHECKS: readonly PolicyDirectoryCheck[] = [checkPolicyDirectory];

/** The findings of {@link judgeFiles}. */
export function checkFiles(...args: Parameters<typeof judgeFiles>): Finding[] {
  return judgeFiles(...args).findings;
}

/**
 * Checks files with every rule. An error in one file never prevents the check of another.
 *
 * @param besides additional findings in these files, to which suppressions apply too
 */
export function judgeFiles(
  files: readonly SourceFile[],
  options: CheckOptions,
  besides: readonly Finding[] = [],
): CheckResult {
  const directories = Map.groupBy(files, ({ name }) => posix.dirname(name));
  const results = [...directories.values()].flatMap((siblings) =>
    siblings.some(isPolicyFile)
      ? POLICY_DIRECTORY_CHECKS.flatMap((check) => check(siblings, options))
      : siblings.map((file) => checkFile(file, options)),
  );
  const findings = results
    .flatMap(({ file, findings, units }) => {
      const all = [...findings, ...besides.filter((finding) => finding.file === file.name)];
      return suppress(file, all, units, suppressibleRules, options.today);
    })
    .map((finding) => ({ ...finding, message: oneLine(redact(visible(finding.message))) }))
    .toSorted(
      (a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.rule, b.rule) || compare(a.message, b.message),
    );
  const unjudged = results.filter(({ unjudged }) => unjudged).map(({ file }) => file.name);
  return { findings, files: files.length, unjudged: unjudged.toSorted(compare) };
}

// The order is the same in every locale.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function checkFile(file: SourceFile, options: CheckOptions): FileResult {
  const { name, text } = file;
  const only = (rule: string, line: number, message: string): FileResult => ({
    file,
    findings: [{ rule, file: name, line, message }],
    units: [],
    unjudged: true,
  });
  if (text.length > MAX_FILE_LENGTH) {
    return only(tooLarge.id, 1, `the file has more than ${MAX_FILE_LENGTH} characters, which is the maximum`);
  }
  const manifest = manifestOf(file);
  if ('problem' in manifest) {
    // A directory may also contain other files, such as a tsconfig.json with comments.
    if (file.found && !mayBeManifest(text)) return { file, findings: [], units: [], unjudged: true };
    const render = text.includes('{{') ? `; if it is a template of a chart, render it first: ${RENDER}` : '';
    const message = `the file cannot be read: it ${manifest.problem}${render}`;
    return only(unreadable.id, lineNumbers(text)(manifest.offset), message);
  }
  if (posix.basename(name) === 'Chart.yaml' && manifest.documents.some(({ value }) => isChart(value))) {
    return only(notJudged.id, 1, `the chart is not judged, because it is not rendered; run ${RENDER}`);
  }
  return checkManifest(file, manifest, options);
}

/** The command that checks a Helm chart. */
const RENDER = 'helm template CHART | tvm policy check -';

/** @see https://helm.sh/docs/topics/charts/#the-chartyaml-file */
function isChart(value: unknown): boolean {
  return isMapping(value) && value.apiVersion !== undefined && value.name !== undefined && value.kind === undefined;
}

function checkManifest(file: SourceFile, manifest: Manifest, options: CheckOptions): FileResult {
  const lineOf = lineNumbers(file.text);
  const fileCheck = new FileCheck(file, manifest, options, lineOf);
  const documents = manifest.documents.filter(({ value }) => value !== null);
  const isKnown = ({ value }: ManifestDocument) => isKubernetes(value) || isTemplate(value) || isPolicy(value);
  const foreign = documents.find((document) => !isKnown(document));
  const isMixed = foreign !== undefined && documents.some(isKnown);
  fileCheck.unjudged = foreign !== undefined || documents.length === 0;
  if (isMixed || (!file.found && fileCheck.unjudged)) {
    const line = foreign === undefined ? 1 : lineOf(contentOf(foreign, manifest));
    fileCheck.findings.push({
      rule: unrecognized.id,
      file: file.name,
      line,
      message: 'this is not a Kubernetes manifest, a CloudFormation template or an IAM policy',
    });
  }
  for (const document of documents) {
    if (isKubernetes(document.value)) fileCheck.kubernetes(document.value, document);
    else if (isTemplate(document.value)) fileCheck.cloudFormation(document.value);
    else if (isPolicy(document.value)) fileCheck.policy(document.value, document);
  }
  // The whole text is checked once. A file with at least one manifest is deployed.
  if (fileCheck.units.length > 0) fileCheck.text();
  return fileCheck;
}

function contentOf({ value, start }: ManifestDocument, { rangeOf }: Manifest): number {
  return (typeof value === 'object' && value !== null ? rangeOf(value)?.start : undefined) ?? start;
}

/** Maximum number of templates that contain each other. */
const MAX_TEMPLATES = 3;

class FileCheck implements FileResult {
  readonly file: SourceFile;
  readonly findings: Finding[] = [];
  readonly units: Unit[] = [];
  unjudged = false;
  readonly #manifest: Manifest;
  readonly #options: CheckOptions;
  readonly #lineOf: (offset: number) => number;

  constructor(file: SourceFile, manifest: Manifest, options: CheckOptions, lineOf: (offset: number) => number) {
    this.file = file;
    this.#manifest = manifest;
    this.#options = options;
    this.#lineOf = lineOf;
  }

  kubernetes(value: object, document: Unit): void {
    const { objects, notJudged: unread } = objectsOf(value);
    this.#add(notJudged.id, unread, document);
    for (const object of objects) {
      const { in: container, key } = object.at;
      const { start, end } =
        container === value && key === undefined
          ? document
          : withCommentsAbove(this.file.text, this.#rangeOf(container, document, key));
      const unit = { start, end };
      this.units.push(unit);
      for (const rule of kubernetesRules) this.#add(rule.id, rule.check(object, this.#options), unit);
      for (const rule of credentialRules) this.#add(rule.id, rule.inKubernetes?.(object) ?? [], unit);
      // Controllers for AWS have IAM policies in their objects. Schemas of such objects grant nothing.
      if (object.isInside || object.kind === 'CustomResourceDefinition') continue;
      const { kind: type, title, value: properties } = object;
      for (const rule of cloudFormationRules) {
        this.#add(rule.id, rule.check({ type, title, properties }, this.#options), unit);
      }
    }
  }

  /** @param inside the unit of the resource that contains the template, if one does */
  cloudFormation(template: Mapping, inside?: Unit, depth = 0): void {
    const whole = inside ?? { start: 0, end: this.file.text.length };
    const unitOf = (range: Unit): Unit => {
      if (inside) return inside;
      const unit = withCommentsAbove(this.file.text, range);
      this.units.push(unit);
      return unit;
    };
    const parameters = mapping(template.Parameters);
    for (const [id, value] of Object.entries(parameters)) {
      if (!isMapping(value)) continue;
      const unit = unitOf(this.#rangeOf(parameters, whole, id));
      for (const rule of credentialRules) this.#add(rule.id, rule.inParameter?.({ id, value }) ?? [], unit);
    }
    const { resources, notJudged: unknown } = resourcesOf(template);
    if (unknown.length > 0) this.#add(notJudged.id, unknown, unitOf(this.#rangeOf(template, whole)));
    for (const { at, resource } of resources) {
      this.#resource(resource, unitOf(this.#rangeOf(at.in, whole, at.key)), depth);
    }
  }

  /** Checks an IAM policy in a file of its own. */
  policy(value: Mapping, { start, end }: Unit): void {
    const unit = { start, end };
    this.units.push(unit);
    this.#resource({ type: 'policy', properties: value, title: 'the policy' }, unit, 0);
  }

  #resource(resource: CloudFormationResource, unit: Unit, depth: number): void {
    for (const rule of cloudFormationRules) this.#add(rule.id, rule.check(resource, this.#options), unit);
    for (const rule of credentialRules) this.#add(rule.id, rule.inCloudFormation?.(resource) ?? [], unit);
    this.#add(notJudged.id, notJudgedIn(resource, cloudFormationRules, this.#options), unit);
    for (const template of contentsOf(resource).templates) {
      if (depth < MAX_TEMPLATES) this.cloudFormation(template, unit, depth + 1);
      else {
        const message = `${resource.title} is not judged, because its templates contain too many others`;
        this.#add(notJudged.id, [{ in: resource.properties, message }], unit);
      }
    }
  }

  text(): void {
    for (const { id: rule, inText } of credentialRules) {
      for (const { offset, message } of inText?.(this.file.text) ?? []) {
        const unit = this.units.find(({ start, end }) => start <= offset && offset < end);
        this.findings.push({
          rule,
          file: this.file.name,
          line: this.#lineOf(offset),
          message,
          ...(unit && { unit }),
        });
      }
    }
  }

  #rangeOf(container: object, otherwise: Unit, key?: string | number): Unit {
    return this.#manifest.rangeOf(container, key) ?? otherwise;
  }

  #add(rule: string, hits: Iterable<Hit>, unit: Unit): void {
    for (const { message, ...hit } of hits) {
      const { in: container, key } = originOf(hit);
      const { start } = this.#manifest.rangeOf(container, key) ?? unit;
      this.findings.push({ rule, file: this.file.name, line: this.#lineOf(start), message, unit });
    }
  }
}

/** Extends a unit to the comment lines directly above it, if it is at the beginning of a line. */
function withCommentsAbove(text: string, { start, end }: Unit): Unit {
  let from = text.lastIndexOf('\n', start - 1) + 1;
  if (!/^[\s-]*$/.test(text.slice(from, start))) return { start, end };
  for (;;) {
    const above = text.lastIndexOf('\n', from - 2) + 1;
    if (from === 0 || !/^[ \t]*#/.test(text.slice(above, from))) return { start: from, end };
    from = above;
  }
}
