import { resolve } from 'node:path';
import { type Fault, type Place, written } from '@tvm/core/settings/fault.ts';
import { listAt, oneOrMoreAt, textAt } from './parts.ts';

const SECRET_FILES = ['bearer_file', 'authorization_file', 'header_file'];

/** Checks that the agent's files, sockets and addresses are all different, and differ from the configuration file. */
export function checkPaths(value: unknown, file: string): Fault[] {
  const faults: Fault[] = [];
  const first = new Map<string, string>([[resolve(file), 'the configuration itself']]);
  for (const { place, at } of [...paths(value), ...addresses(value)]) {
    const other = first.get(at);
    if (other === undefined) first.set(at, written(place));
    else faults.push({ place, problem: `is the same as ${other}` });
  }
  return faults;
}

function paths(value: unknown): { place: Place; at: string }[] {
  const outputs = listAt(value, ['tokens'])
    .flatMap(({ place }) => oneOrMoreAt(value, [...place, 'output']))
    .map(({ place }) => [...place, 'file_path']);
  const endpoints = listAt(value, ['endpoints']).flatMap(({ place }) => [
    [...place, 'listen', 'unix'],
    ...SECRET_FILES.map((name) => [...place, name, 'path']),
  ]);
  return [...outputs, ...endpoints, ['control', 'socket'], ['cache', 'path']].flatMap((place) => {
    const path = textAt(value, place);
    // On current Linux, /var/run is a link to /run.
    return path === undefined ? [] : [{ place, at: path.replace(/^\/var\/run\//, '/run/') }];
  });
}

function addresses(value: unknown): { place: Place; at: string }[] {
  return listAt(value, ['endpoints']).flatMap(({ place }) => {
    const listen = textAt(value, [...place, 'listen']);
    const [, host, port] = /^(.*):(\d+)$/.exec(listen ?? '') ?? [];
    // Port 0 selects a free port, so two of them do not conflict.
    return Number(port ?? 0) === 0 ? [] : [{ place: [...place, 'listen'], at: `${host}:${Number(port)}` }];
  });
}
