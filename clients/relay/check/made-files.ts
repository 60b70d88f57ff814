import type { Configuration } from '../config/configuration.ts';
import type { Area } from './finding.ts';

/** A file or socket that the agent creates. */
export interface MadeFile {
  area: Area;
  /** The key of the configuration, such as `tokens[0].output`. */
  key: string;
  path: string;
  owner?: string | number | undefined;
  group?: string | number | undefined;
}

/** Returns every file and socket that the agent creates for a configuration. */
export function madeFiles({ tokens, endpoints = [], control, cache }: Configuration): MadeFile[] {
  return [
    ...tokens.flatMap(({ output = [] }, at) =>
      Array.isArray(output)
        ? output.map((one, index) => made('outputs', `tokens[${at}].output[${index}]`, { ...one, path: one.file_path }))
        : [made('outputs', `tokens[${at}].output`, { ...output, path: output.file_path })],
    ),
    ...endpoints.flatMap((endpoint, at) => {
      const { listen, ...others } = endpoint;
      const key = `endpoints[${at}]`;
      const socket =
        typeof listen === 'string' ? [] : [made('endpoints', `${key}.listen`, { ...listen, path: listen.unix })];
      const secrets = Object.entries(others).flatMap(([name, value]) =>
        isSecretFile(value) ? [made('endpoints', `${key}.${name}`, value)] : [],
      );
      return [...socket, ...secrets];
    }),
    ...(control ? [made('endpoints', 'control', { ...control, path: control.socket })] : []),
    ...(cache ? [made('configuration', 'cache', cache)] : []),
  ];
}

type Given = Pick<MadeFile, 'path' | 'owner' | 'group'>;

function made(area: Area, key: string, { path, owner, group }: Given): MadeFile {
  return { area, key, path, owner, group };
}

function isSecretFile(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && 'path' in value && typeof value.path === 'string';
}
