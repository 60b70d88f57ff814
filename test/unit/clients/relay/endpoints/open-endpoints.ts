import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningEndpoint, startEndpoint } from 'tokenrelay/endpoints/start-endpoint.ts';
import type { Log } from 'tokenrelay/model/log.ts';
import { type EndpointSettings, endpoint } from 'tokenrelay/settings/endpoints.ts';
import { FakeClock, FakeTokens } from './fake-tokens.ts';

/** A logged line. */
export interface Line {
  level: keyof Log;
  details: object;
  message: string;
}

/** Endpoints of one fake agent, and a folder for their files. `close` removes everything. */
export class Endpoints {
  readonly tokens = new FakeTokens();
  readonly clock: FakeClock;
  readonly logged: Line[] = [];
  readonly folder: string;
  readonly #open: RunningEndpoint[] = [];

  constructor(folder: string, clock: FakeClock) {
    this.folder = folder;
    this.clock = clock;
  }

  static async create(clock = new FakeClock()): Promise<Endpoints> {
    return new Endpoints(await mkdtemp(join(tmpdir(), 'relay-endpoints-')), clock);
  }

  get log(): Log {
    const line = (level: keyof Log) => (details: object, message: string) => {
      this.logged.push({ level, details, message });
    };
    return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  }

  /** Returns a path in the folder. */
  file(name: string): string {
    return join(this.folder, name);
  }

  /** Opens an endpoint with the settings of a configuration. @returns its address */
  async start(settings: object): Promise<string> {
    const parsed: EndpointSettings = endpoint.parse(settings);
    return this.keep(await startEndpoint(parsed, { tokens: this.tokens, log: this.log, clock: this.clock }));
  }

  /** @returns its address */
  keep(running: RunningEndpoint): string {
    this.#open.push(running);
    return running.address;
  }

  /** Closes all endpoints, as an agent that stops does. */
  async stop(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((running) => running.close()));
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
