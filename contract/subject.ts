import * as z from 'zod';
import { limits } from './limits.ts';
import { name } from './text.ts';

const ASSUMED_ROLE = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/;
const ROLE = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;
const USER = /^arn:(aws[a-z-]*):iam::(\d{12}):user\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;

/** The parts of the ARN of an AWS workload. */
export interface WorkloadArn {
  /** The workload's ARN in tokens, records and policies: that of its role or user, without path and session. */
  subject: string;
  account: string;
  kind: 'role' | 'user';
  /** The name of the role or user, without a path. */
  name: string;
  /** The name of the role session. Only the ARN of a session has it. */
  session?: string;
}

/**
 * Parses the ARN of an IAM role, a role session or an IAM user.
 *
 * The console shows roles and users with their paths, and logs show role sessions. Names are unique in an account without
 * path and session, so the subject has neither. CloudTrail and GuardDuty name users without a path, too.
 *
 * @returns `undefined` if the ARN is neither that of an IAM role nor that of an IAM user
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
export function parseWorkloadArn(arn: string): WorkloadArn | undefined {
  const role = ASSUMED_ROLE.exec(arn) ?? ROLE.exec(arn);
  if (role !== null) {
    const [, partition, account = '', name = '', session] = role;
    const subject = `arn:${partition}:iam::${account}:role/${name}`;
    return { subject, account, kind: 'role', name, ...(session !== undefined && { session }) };
  }
  const user = USER.exec(arn);
  if (user !== null) {
    const [, partition, account = '', name = ''] = user;
    return { subject: `arn:${partition}:iam::${account}:user/${name}`, account, kind: 'user', name };
  }
  return undefined;
}

/** Reports whether a text is an ARN: the name of an AWS caller, in contrast to an event source or a federated subject. */
export function isArn(text: string): boolean {
  return text.startsWith('arn:');
}

const TRUST_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Names that no trust entry may have. Subjects of other schemes begin with them, and `tvm:` begins the names of this
 * service's own event sources.
 */
const RESERVED_TRUST_NAMES = ['arn', 'spiffe', 'urn', 'http', 'https', 'tvm'];

/** Reports whether a text can be the name of a trust entry. */
export function isTrustName(text: string): boolean {
  return TRUST_NAME.test(text) && !RESERVED_TRUST_NAMES.includes(text);
}

/** The name of a trust entry: an issuer whose proofs the service accepts. */
export const trustName = z.string({ error: 'must be the name of a trust entry' }).refine(isTrustName, {
  error: `must be a name of at most 32 lower-case letters, digits and -, and none of ${RESERVED_TRUST_NAMES.join(', ')}`,
});

/** The parts of the subject of a federated workload. */
export interface FederatedSubject {
  /** `<trust entry>:<mapped subject>`, in its only spelling. */
  subject: string;
  kind: 'federated';
  /** The name of the trust entry. */
  trust: string;
}

/** Matches each character that a mapped subject contains only percent-encoded. */
const ENCODED = /[^A-Za-z0-9._~:/@-]/gu;

/**
 * Formats the subject of a federated workload: the name of its trust entry, a colon and its mapped subject.
 *
 * ASCII letters, digits and `._~:/@-` stay as they are. All other characters, `%` included, are percent-encoded: the bytes
 * of their UTF-8, in upper-case hexadecimal digits (RFC 3986, section 2.1). Different inputs have different subjects.
 *
 * @param mapped the subject that the trust entry derives from the claims of a proof
 * @returns `undefined` if the name is not that of an entry, or if the mapped subject is empty, is not well-formed Unicode,
 *   or makes the subject longer than {@link limits.nameLength}
 */
export function federatedSubject(trust: string, mapped: string): string | undefined {
  // Encoding only grows a text, so a text that is too long need not be encoded.
  if (!isTrustName(trust) || mapped === '' || mapped.length > limits.nameLength || !mapped.isWellFormed())
    return undefined;
  const subject = `${trust}:${mapped.replace(ENCODED, percentEncoded)}`;
  return subject.length > limits.nameLength ? undefined : subject;
}

function percentEncoded(character: string): string {
  const bytes = [...new TextEncoder().encode(character)];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/**
 * Parses the subject of a federated workload.
 *
 * @returns `undefined` for any other text, also for another spelling of a subject, such as `%41` for `A`
 */
export function parseFederatedSubject(subject: string): FederatedSubject | undefined {
  if (subject.length > limits.nameLength) return undefined;
  const colon = subject.indexOf(':');
  const trust = subject.slice(0, Math.max(colon, 0));
  const mapped = percentDecoded(subject.slice(colon + 1));
  if (mapped === undefined || federatedSubject(trust, mapped) !== subject) return undefined;
  return { subject, kind: 'federated', trust };
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Parses the name of a workload: any ARN of an IAM role, role session or IAM user, or the subject of a federated workload.
 *
 * @returns its parts with its subject, which is the `sub` of its tokens; `undefined` if the text names no workload
 */
export function parseSubject(text: string): WorkloadArn | FederatedSubject | undefined {
  return parseWorkloadArn(text) ?? parseFederatedSubject(text);
}

const NOT_A_WORKLOAD = 'must be the ARN of an IAM role or user, or a federated subject such as github:repo:1296269';

/** The subject of a workload, as policy files name it. */
export const exactSubject = z.string({ error: NOT_A_WORKLOAD }).refine((text) => parseSubject(text)?.subject === text, {
  error: 'must be the ARN of an IAM role or user, without its path, or a federated subject such as github:repo:1296269',
});

/** An IAM principal in the configuration: its ARN without path and session. */
export const principal = z.string({ error: 'must be an ARN' }).refine((arn) => parseWorkloadArn(arn)?.subject === arn, {
  error: 'must be the ARN of an IAM role or user, without its path',
});

/** A workload, named by any ARN of its role, role session or user, or by its federated subject. Parsed to its subject. */
export const subject = name
  .transform((text, context) => {
    const workload = parseSubject(text);
    if (workload === undefined) context.addIssue({ code: 'custom', message: NOT_A_WORKLOAD });
    return workload?.subject ?? z.NEVER;
  })
  .meta({
    description:
      'The workload: the ARN of its IAM role or user (path and session are dropped), or its federated subject ' +
      '`<trust entry>:<mapped subject>`.',
  });
