import { noteOrigin, type Origin } from '../model/origins.ts';
import { readManifest } from '../model/read-manifest.ts';
import { isMapping, type Mapping, mapping } from '../model/values.ts';
import { matchesPattern } from './actions.ts';
import { alternatives, isIntrinsic, OPEN, possibleTexts, possibleValues, resolveText, UNKNOWN } from './intrinsics.ts';
import { type CloudFormationResource, isStatement, isTemplate } from './resources.ts';

/** What a policy is attached to: an identity, a resource, or a role as its trust policy. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/** A statement of an IAM policy that allows something. */
export interface Allowing {
  kind: PolicyKind;
  value: Mapping;
  /** Empty for `NotAction`. Parts that are unknown before deployment are `UNKNOWN`. */
  actions: string[];
  resources: string[];
}

/** What is written in the properties of a resource. */
export interface Contents {
  /** The statements that allow something in its policies. */
  allowing: Allowing[];
  /** The templates that it deploys. */
  templates: Mapping[];
  /** The policies that cannot be read before deployment, and why. */
  unread: (Origin & { reason: string })[];
}

/**
 * Resource types with policies that decide nothing alone: the authorizers of an API decide who may call it, and without
 * a policy everyone may.
 */
const OPEN_BY_DEFAULT: ReadonlySet<string> = new Set(['AWS::ApiGateway::RestApi', 'AWS::Serverless::Api']);

/** Properties that contain one policy or template, and the statements in a policy. */
const DOCUMENT =
  /PolicyDocument$|^(?:TemplateBody|InlinePolicy|KeyPolicy|Policy|PolicyText|RepositoryPolicyText|ResourcePolicy|FileSystemPolicy|AccessPolic(?:y|ies)|Statement)$/;

/** Functions that return a text. What `Fn::Select` and `Fn::If` choose from is visited. */
const TEXT_FUNCTIONS = ['Fn::Sub', 'Fn::Join', 'Fn::FindInMap', 'Fn::GetAtt', 'Ref'];

/** A cache, because every rule needs the statements of every resource. */
const read = new WeakMap<CloudFormationResource, Contents>();

/** Returns the statements that allow something in the policies of a resource. */
export function allowing(resource: CloudFormationResource): Allowing[] {
  return contentsOf(resource).allowing;
}

/** Returns the policies and templates in the properties of a resource. They are found by their shape. */
export function contentsOf(resource: CloudFormationResource): Contents {
  const known = read.get(resource) ?? readContents(resource);
  read.set(resource, known);
  return known;
}

/** Returns a resource with other statements, for the check of what they would allow. */
export function withStatements(resource: CloudFormationResource, allowing: Allowing[]): CloudFormationResource {
  const copy = { ...resource };
  read.set(copy, { allowing, templates: [], unread: [] });
  return copy;
}

function readContents({ type, properties }: CloudFormationResource): Contents {
  const contents: Contents = { allowing: [], templates: [], unread: [] };
  if (OPEN_BY_DEFAULT.has(type)) return contents;

  const visit = (value: unknown, trust: boolean, at: Origin, isText: boolean): void => {
    if (typeof value === 'string') visitText([value], trust, at);
    if (typeof value !== 'object' || value === null) return;
    // Values that are parsed from a string have no position in the file.
    if (isText) noteOrigin(value, at);
    if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) visit(each, trust, isText ? at : { in: value, key: index }, isText);
      return;
    }
    if (isStatement(value)) {
      if (!possibleTexts(value.Effect).every((effect) => effect === 'Deny')) {
        contents.allowing.push(toAllowing(value, trust));
      }
      return;
    }
    if (isMapping(value) && value !== properties && isTemplate(value)) {
      contents.templates.push(value);
      return;
    }
    if (TEXT_FUNCTIONS.some((name) => name in value)) {
      visitText(possibleTexts(value), trust, at);
      return;
    }
    for (const [key, each] of Object.entries(value)) {
      const place = isText ? at : { in: value, key };
      const before = contents.allowing.length + contents.templates.length;
      visit(each, trust || key === 'AssumeRolePolicyDocument', place, isText);
      if (DOCUMENT.test(key) && contents.allowing.length + contents.templates.length === before)
        noteUnread(each, place);
    }
  };

  const visitText = (texts: readonly string[], trust: boolean, at: Origin): void => {
    for (const text of texts) {
      if (!/"Statement"|Resources["']?\s*:/.test(text)) continue;
      const value = parsed(text);
      if (text.trimStart().startsWith('{') || isTemplate(value)) visit(value, trust, at, true);
    }
  };

  const noteUnread = (value: unknown, place: Origin): void => {
    for (const each of alternatives(value)) {
      if (!isIntrinsic(each) && !(typeof each === 'string' && each.includes(UNKNOWN))) continue;
      const reasons = new Set<string>();
      const texts = possibleTexts(value, { withDefaults: true, reasons });
      // A list of statements, or a policy inside another property, may have been read already.
      if (texts.every((text) => isReadable(text))) continue;
      contents.unread.push({ ...place, reason: [...reasons][0] ?? 'its value is known only at deployment' });
      return;
    }
  };

  visit(properties, false, { in: properties }, false);
  return contents;
}

/** Parses a policy that is a string. Unknown parts within quotes remain unknown. */
function parsed(text: string): unknown {
  const policy = readManifest(text.replaceAll(UNKNOWN, '\\u0000').replaceAll(OPEN, '\\u0002'));
  return 'problem' in policy ? undefined : policy.documents[0]?.value;
}

function isReadable(text: string): boolean {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return false;
  const { Statement } = mapping(value);
  return Statement === undefined || typeof Statement === 'object';
}

function toAllowing(value: Mapping, isTrust: boolean): Allowing {
  const actions = alternatives(value.Action).map((each) => resolveText(each));
  const isResource = value.Principal !== undefined || value.NotPrincipal !== undefined;
  const assumes = actions.some((action) => /^sts:(?:AssumeRole|\*)/i.test(action));
  return {
    kind: isTrust || (isResource && assumes) ? 'trust' : isResource ? 'resource' : 'identity',
    value,
    actions,
    resources: alternatives(value.Resource).map((each) => resolveText(each)),
  };
}

/**
 * Returns a statement as it would be with the widest values for what nothing in the template restricts: a whole resource,
 * principal or condition, and any part of an action. Returns `undefined` if there is nothing of the kind.
 *
 * @param reasons collects why the values are not known
 */
export function widest({ kind, value }: Allowing, reasons: Set<string>): Allowing | undefined {
  let isWider = false;
  const widen = (value: unknown, isAction: boolean): unknown => {
    const because = new Set<string>();
    const values = possibleValues(value, because).map((each) => {
      if (isMapping(each)) {
        return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, widen(inner, isAction)]));
      }
      if (typeof each !== 'string') return each;
      const wide = isAction ? each.replace(ANY_PART, '*') : each.replace(WHOLE, '*');
      if (wide === each) return each.replaceAll(OPEN, UNKNOWN);
      isWider = true;
      for (const reason of because) reasons.add(reason);
      return wide;
    });
    return values.length === 1 ? values[0] : values;
  };
  const wide = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      /^(?:Effect|Sid)$/.test(key) ? each : widen(each, /Action$/.test(key)),
    ]),
  );
  return isWider ? { ...toAllowing(wide, kind === 'trust'), kind } : undefined;
}

/** Reports whether a value may be a text, because nothing restricts it or a part of it. Collects the reasons. */
export function mayBe(value: unknown, text: string, reasons: Set<string>): boolean {
  return possibleValues(value, reasons).some(
    (each) =>
      typeof each === 'string' &&
      (WHOLE.test(each) || (each.includes(OPEN) && matchesPattern(each.replaceAll(OPEN, '*'), text))),
  );
}

const DYNAMIC_REFERENCE = '\\{\\{resolve:[^{}]*\\}\\}';
const ANY_PART = new RegExp(`${UNKNOWN}|${OPEN}|${DYNAMIC_REFERENCE}`, 'g');
const WHOLE = new RegExp(`^(?:[*?]*${OPEN}[${OPEN}*?]*|${DYNAMIC_REFERENCE})$`);
