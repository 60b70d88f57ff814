import { isClaimName } from '@tvm/contract/claims.ts';
import { isDistinct } from '@tvm/contract/distinct.ts';
import { parseDuration } from '@tvm/contract/duration.ts';
import { limits } from '@tvm/contract/limits.ts';
import { trustName } from '@tvm/contract/subject.ts';
import { exactAudience } from '@tvm/contract/text.ts';
import * as z from 'zod';
import { compileEntry, type WrittenEntry } from './compile-entry.ts';
import { PRESET_NAMES } from './presets.ts';
import { PROOF_ALGORITHMS, type TrustEntries, type TrustEntry } from './trust-entry.ts';

// The schema of `trust.yaml`. docs/reference/policy-files.md documents it.

const ISSUER = 'must be the exact issuer, such as https://idp.example.com';

const issuer = z
  .string({ error: ISSUER })
  .max(limits.nameLength, { error: ISSUER })
  .refine((text) => isIssuer(text), { error: `${ISSUER}, without a query, a fragment or a user` });

const HTTPS = 'must be an https URL';

const jwksUrl = z.string({ error: HTTPS }).refine((text) => isIssuer(text, true), { error: HTTPS });

const KEY_FILE = 'must be the name of a file beside trust.yaml that ends in .jwks.json';

const keyFile = z.string({ error: KEY_FILE }).regex(/^[A-Za-z0-9][\w.-]{0,99}\.jwks\.json$/, { error: KEY_FILE });

const KEYS = 'must be discovery, or a mapping of either jwks_url or file';

/** The source of keys. The key set of a file is added when the file is read. */
const keySource = z
  .strictObject({ jwks_url: jwksUrl.optional(), file: keyFile.optional() }, { error: KEYS })
  .refine(({ jwks_url, file }) => (jwks_url === undefined) !== (file === undefined), { error: KEYS })
  .transform(({ jwks_url, file = '' }): TrustEntry['keys'] =>
    jwks_url === undefined ? { from: 'file', file, keys: [] } : { from: 'url', url: jwks_url },
  );

const keys = z.union([z.literal('discovery').transform((): TrustEntry['keys'] => ({ from: 'discovery' })), keySource], {
  error: KEYS,
});

const algorithms = z
  .array(z.enum(PROOF_ALGORITHMS, { error: `must be one of ${PROOF_ALGORITHMS.join(', ')}` }), {
    error: 'must be a list of algorithms',
  })
  .min(1, { error: 'must name an algorithm' })
  .refine(isDistinct, { error: 'must name each algorithm once' });

const MAX_AGE = 'must be a duration such as "15m"';

const maxAge = z.string({ error: MAX_AGE }).transform((text, context) => {
  const seconds = /[smhd]$/.test(text) ? parseDuration(text) : undefined;
  if (seconds !== undefined && seconds <= limits.lifetime * 7) return seconds;
  context.addIssue({ code: 'custom', message: seconds === undefined ? MAX_AGE : 'must be at most "7d"' });
  return z.NEVER;
});

const CLAIM_NAME =
  'must be a name of letters, digits and _; give another claim such a name with a mapping: { project_id: ["example.com/project-id"] }';

const claimName = z.string({ error: CLAIM_NAME }).refine(isClaimName, { error: CLAIM_NAME });

const CLAIM_PATH = 'must be the path of a claim as a list, such as [kubernetes.io, namespace]';

const claimPath = z
  .array(z.string({ error: CLAIM_PATH }).min(1, { error: CLAIM_PATH }), { error: CLAIM_PATH })
  .min(1, { error: CLAIM_PATH })
  .max(limits.jsonDepth, { error: CLAIM_PATH });

const CLAIMS = 'must be a list of claims, or a mapping from names to paths of claims';

const claims = z
  .union([z.array(claimName), z.record(claimName, claimPath)], { error: CLAIMS })
  .transform((kept) => (Array.isArray(kept) ? Object.fromEntries(kept.map((name) => [name, [name]])) : kept))
  .refine((kept) => Object.keys(kept).length <= limits.claims, { error: `must name at most ${limits.claims} claims` });

const fields = {
  issuer: issuer.optional(),
  audience: exactAudience.optional(),
  keys: keys.optional(),
  algorithms: algorithms.optional(),
  require: z.record(z.string(), z.unknown(), { error: 'must be a mapping from claims to values' }).optional(),
  subject: z.string({ error: 'must be a template such as repo:{repository_id}' }).optional(),
  claims: claims.optional(),
  max_age: maxAge.optional(),
  outlive_proof: z.boolean({ error: 'must be true or false' }).optional(),
  from: z
    .array(z.string({ error: 'must be the name of a network' }), { error: 'must be a list of networks' })
    .refine(isDistinct, { error: 'must name each network once' })
    .optional(),
  replay: z.enum(['once', 'per-audience', 'allow'], { error: 'must be one of once, per-audience, allow' }).optional(),
  disabled: z.boolean({ error: 'must be true or false' }).optional(),
};

const oidc = z.strictObject({ ...fields, issuer }, { error: 'must be a mapping with issuer' });

const client = z.strictObject(
  {
    keys: keySource,
    algorithms: fields.algorithms,
    max_age: fields.max_age,
    outlive_proof: fields.outlive_proof,
    from: fields.from,
    disabled: fields.disabled,
  },
  { error: 'must be a mapping with keys' },
);

const FORM = 'must have exactly one of preset, oidc and client';

const entry = z
  .strictObject(
    {
      preset: z.enum(PRESET_NAMES, { error: `must be one of ${PRESET_NAMES.join(', ')}` }).optional(),
      oidc: oidc.optional(),
      client: client.optional(),
      ...fields,
    },
    { error: FORM },
  )
  .superRefine((written, context) => {
    const forms = (['preset', 'oidc', 'client'] as const).filter((form) => written[form] !== undefined);
    const [form] = forms;
    if (forms.length !== 1) context.addIssue({ code: 'custom', message: FORM });
    else if (form !== 'preset') {
      const beside = Object.keys(written).filter((key) => key !== form && key !== 'disabled');
      for (const key of beside) {
        context.addIssue({ code: 'custom', path: [key], message: `must be inside ${form}` });
      }
    }
  })
  .transform(({ preset, oidc, client, disabled, ...rest }): WrittenEntry => {
    if (preset !== undefined) return { form: 'preset', preset, disabled, ...rest };
    if (oidc !== undefined) return { form: 'oidc', ...oidc, disabled: disabled || oidc.disabled };
    return { form: 'client', ...client, disabled: disabled || client?.disabled };
  });

/** `trust.yaml`: trust entries by name, compiled with their presets. Key sets of files are still empty. */
export const trustFile = z
  .record(trustName, entry, { error: 'must be a mapping from the names of trust entries' })
  .transform((file, context) => {
    const compiled: TrustEntries = {};
    for (const [name, written] of Object.entries(file)) {
      const { entry, faults } = compileEntry(name, written);
      compiled[name] = entry;
      const inside = written.form === 'preset' ? [name] : [name, written.form];
      for (const { path, problem } of faults) {
        context.addIssue({ code: 'custom', path: [...inside, ...path], message: problem });
      }
    }
    return compiled;
  });

/** Reports whether a text is an issuer: an https URL, or http on the own computer, or a SPIFFE trust domain. */
function isIssuer(text: string, withQuery = false): boolean {
  const url = URL.parse(text);
  if (url === null || /[\s*]/.test(text) || url.username !== '' || url.password !== '') return false;
  if (!withQuery && (text.includes('?') || text.includes('#'))) return false;
  if (url.protocol === 'spiffe:') return !withQuery && url.pathname === '';
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && local);
}
