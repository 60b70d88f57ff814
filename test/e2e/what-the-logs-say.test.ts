import { readFileSync } from 'node:fs';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { beforeAll, expect, inject, it } from 'vitest';
import { curl, formData } from '../support/curl.ts';
import { endpoint, introspect, operator, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

// This file runs last of the end-to-end tests: the logs are those of the whole run.

const { target, identities, emulatorLog } = inject('deployed');

async function allLogs(): Promise<string> {
  const logs = new CloudWatchLogsClient(target);
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
  const lines: string[] = [];
  for (const { logGroupName } of logGroups) {
    for await (const page of paginateFilterLogEvents({ client: logs }, { logGroupName })) {
      lines.push(...(page.events ?? []).map(({ message = '' }) => message));
    }
  }
  return lines.join('\n') + (emulatorLog === undefined ? '' : readFileSync(emulatorLog, 'utf8'));
}

let logs: string;
let token: string;
beforeAll(async () => {
  ({ token } = await vend({ reason: 'read the logs' }));
  await introspect(token);
  await introspect(`${token}x`);
  await curl(`${endpoint}/revoke`, workload, ...formData({ token }));
  await curl(`${endpoint}/revocations`, operator, ...formData({ token }));
  logs = await eventually(async () => {
    const read = await allLogs();
    // The logs are those of the functions in this run.
    for (const line of ['token requested', 'AuditEventsPublished']) expect(read).toContain(line);
    return read;
  });
});

it('contain no token and no part of a token', () => {
  for (const part of token.split('.')) expect(logs).not.toContain(part);
  // Matches any JWS: base64url of {"… , a dot, base64url of {"….
  expect(logs).not.toMatch(/eyJ[\w-]{8,}\.eyJ[\w-]{8,}/);
  expect(logs).not.toContain(token.slice(0, 20));
});

it('contain no signature of a request and no secret', () => {
  expect(logs).not.toMatch(/AWS4-HMAC-SHA256|authorization["']?\s*[:=]/i);
  for (const { secretAccessKey } of Object.values(identities)) expect(logs).not.toContain(secretAccessKey);
});
