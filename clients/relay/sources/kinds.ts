import type { Source, SourceTools } from '../model/source.ts';

/**
 * Every kind of source there is, by its `type`. To add one, add its file and name it here. A kind is loaded when a
 * configuration names it: an agent keeps no code and no schema of the others in memory.
 */
const kinds = {
  tvm: async () => (await import('./tvm.ts')).tvm,
  oauth2_client_credentials: async () => (await import('./oauth2-client-credentials.ts')).oauth2ClientCredentials,
  hashicorp_vault_kv: async () => (await import('./hashicorp-vault-kv.ts')).hashicorpVaultKv,
  vault_dynamic: async () => (await import('./vault-dynamic.ts')).vaultDynamic,
  aws_instance_profile: async () => (await import('./aws-instance-profile.ts')).awsInstanceProfile,
  azure_managed_identity: async () => (await import('./azure-managed-identity.ts')).azureManagedIdentity,
  gcp_service_account: async () => (await import('./gcp-service-account.ts')).gcpServiceAccount,
  http: async () => (await import('./http.ts')).http,
  exec: async () => (await import('./exec.ts')).exec,
};

export type SourceType = keyof typeof kinds;
type AnySourceKind = Awaited<ReturnType<(typeof kinds)[SourceType]>>;

export const sourceTypes = Object.keys(kinds) as SourceType[];

const loaded = new Map<SourceType, AnySourceKind>();

/** Loads kinds of source. @param types those that are none do not count; default: all that there are */
export async function loadSourceKinds(types: readonly unknown[] = sourceTypes): Promise<void> {
  const wanted = sourceTypes.filter((type) => types.includes(type) && !loaded.has(type));
  for (const type of wanted) loaded.set(type, await kinds[type]());
}

/** The kinds that are loaded, in the order above. */
export function loadedSourceKinds(): AnySourceKind[] {
  return sourceTypes.flatMap((type) => loaded.get(type) ?? []);
}

/** The source that a token’s settings name. It asks nothing yet. */
export function makeSource({ type, source }: { type: string; source: unknown }, tools: SourceTools): Source {
  const kind = loadedSourceKinds().find((one) => one.type === type);
  if (kind === undefined) throw new RangeError(`no kind of source is called ${type}`);
  // The schema has checked that these settings are this kind’s.
  return (kind.create as (settings: unknown, tools: SourceTools) => Source)(source, tools);
}
