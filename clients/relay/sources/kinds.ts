import type { Source, SourceTools } from '../model/source.ts';

/**
 * All kinds of sources by `type`. To add a kind, add its file and an entry here. A kind is loaded only if the
 * configuration uses it, so that the code and schemas of the others use no memory.
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

/** Loads kinds of sources. @param types their types, all by default. Unknown types are ignored */
export async function loadSourceKinds(types: readonly unknown[] = sourceTypes): Promise<void> {
  const wanted = sourceTypes.filter((type) => types.includes(type) && !loaded.has(type));
  for (const type of wanted) loaded.set(type, await kinds[type]());
}

/** Returns the loaded kinds, in the order above. */
export function loadedSourceKinds(): AnySourceKind[] {
  return sourceTypes.flatMap((type) => loaded.get(type) ?? []);
}

/** Creates the source for a token’s settings. Sends no request. */
export function makeSource({ type, source }: { type: string; source: unknown }, tools: SourceTools): Source {
  const kind = loadedSourceKinds().find((one) => one.type === type);
  if (kind === undefined) throw new RangeError(`unknown type of source: ${type}`);
  // The schema has checked that the settings match the type.
  return (kind.create as (settings: unknown, tools: SourceTools) => Source)(source, tools);
}
