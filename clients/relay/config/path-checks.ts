import { resolve } from 'node:path';
import { type Fault, type Path, written } from '@tvm/core/settings/fault.ts';
import { listAt, oneOrMoreAt, textAt } from './parts.ts';

const SECRET_FILES = ['bearer_file', 'authorization_file', 'header_file'];

/** Checks that the agent's files, sockets and addresses are all different, and differ from the configuration file. */
export function checkPaths(value: unknown, file: string): Fault[] {
  const faults: Fault[] = [];
  const first = new Map<string, string>([[resolve(file), 'the configuration itself']]);
  for (const { path, at } of [...paths(value), ...addresses(value)]) {
    const other = first.get(at);
    if (other === undefined) first.set(at, written(path));
    else faults.push({ path, problem: `is the same as ${other}` });
  }
  return faults;
}

function paths(value: unknown): { path: Path; at: string }[] {
  const outputs = listAt(value, ['tokens'])
    .flatMap(({ path }) => oneOrMoreAt(value, [...path, 'output']))
    .map(({ path }) => [...path, 'file_path']);
  const endpoints = listAt(value, ['endpoints']).flatMap(({ path }) => [
    [...path, 'listen', 'unix'],
    ...SECRET_FILES.map((name) => [...path, name, 'path']),
  ]);
  return [...outputs, ...endpoints, ['control', 'socket'], ['cache', 'path']].flatMap((path) => {
    const file = textAt(value, path);
    // On current Linux, /var/run is a link to /run.
    return file === undefined ? [] : [{ path, at: file.replace(/^\/var\/run\//, '/run/') }];
  });
}

function addresses(value: unknown): { path: Path; at: string }[] {
  return listAt(value, ['endpoints']).flatMap(({ path }) => {
    const listen = textAt(value, [...path, 'listen']);
    const [, host, port] = /^(.*):(\d+)$/.exec(listen ?? '') ?? [];
    // Port 0 selects a free port, so two of them do not conflict.
    return Number(port ?? 0) === 0 ? [] : [{ path: [...path, 'listen'], at: `${host}:${Number(port)}` }];
  });
}
