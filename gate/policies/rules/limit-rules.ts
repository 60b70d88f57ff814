import { WEEKDAYS, type WindowDefinition } from '@tvm/core/policy/bundle.ts';
import { includeEveryone } from '../../model/addresses.ts';
import type { SourceFile } from '../../model/finding.ts';
import type { PolicyRule } from '../rule.ts';

function networks(cidrs: string): SourceFile {
  return { name: 'policies/networks.yaml', text: `office: { cidrs: [${cidrs}] }\n` };
}

function windows(workingHours: string): SourceFile {
  return { name: 'policies/windows.yaml', text: `windows:\n  working-hours: { ${workingHours} }\n` };
}

function ceiling(text: string): SourceFile {
  return { name: 'policies/ceiling.cedar', text };
}

const emptyCeiling: PolicyRule = {
  id: 'policy/empty-ceiling',
  severity: 'error',
  needsEveryFile: true,
  title: 'a ceiling that forbids nothing',
  why: 'The file looks as if it limited all other policies, but every permit takes effect.',
  instead: 'Write what no policy may ever grant as `forbid` policies, or delete ceiling.cedar.',
  failing: ceiling('// Nobody writes backups.\n'),
  passing: ceiling(
    '@id("nobody-writes-backups")\nforbid (principal, action == Action::"write", resource in Resource::"backups");\n',
  ),
  *check({ hasCeiling, policies }) {
    if (!hasCeiling || policies.some(({ bundled }) => bundled.ceiling)) return;
    yield { file: 'ceiling.cedar', entry: [], message: 'the ceiling contains no policy, so it forbids nothing' };
  },
};

const openNetwork: PolicyRule = {
  id: 'policy/open-network',
  severity: 'error',
  title: 'a network that contains everyone',
  why: 'A condition on the network restricts nobody, although it looks as if it did.',
  instead: 'List the addresses that requests come from, such as those of your NAT gateways.',
  failing: networks('0.0.0.0/1, 128.0.0.0/1'),
  passing: networks('203.0.113.0/24'),
  *check({ content }) {
    for (const [name, { cidrs }] of Object.entries(content.networks)) {
      if (!includeEveryone(cidrs)) continue;
      yield {
        file: 'networks.yaml',
        entry: [name],
        message: `the network "${name}" contains so much that it restricts nobody`,
      };
    }
  },
};

const DAY = 24 * 60;

/** A weekly window is always open if it is closed for at most this share of the week: an hour and 40 minutes. */
const CLOSED = 0.01;

/** The longest single window, in minutes. A longer one is always open. */
const LONGEST = 366 * DAY;

function isAlwaysOpen(window: WindowDefinition): boolean {
  if (window.kind === 'once') return window.to - window.from > LONGEST * 60_000;
  const { from, to, weekdays } = window;
  const minutes = weekdays.length * (to - from + (from < to ? 0 : DAY));
  return minutes >= (1 - CLOSED) * WEEKDAYS.length * DAY;
}

const openWindow: PolicyRule = {
  id: 'policy/open-window',
  severity: 'error',
  title: 'a window that is always open',
  why: 'A condition on the window restricts nobody, although it looks as if it did. A freeze that is always open stops everything.',
  instead:
    'Name the weekdays and the times at which the window is open. A window between timestamps lasts a year at most.',
  failing: windows('from: "00:00", to: "23:59"'),
  passing: windows('weekdays: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00"'),
  *check({ content }) {
    for (const [name, window] of Object.entries(content.windows)) {
      if (!isAlwaysOpen(window)) continue;
      yield { file: 'windows.yaml', entry: ['windows', name], message: `the window "${name}" is always open` };
    }
  },
};

const pastWindow: PolicyRule = {
  id: 'policy/past-window',
  severity: 'warning',
  title: 'a window that never opens again',
  why: 'A freeze that has ended forbids nothing, and a permit with the window grants nothing, although both look as if they did.',
  instead: 'Set the next dates, or delete the window and what reads it.',
  failing: windows('from: "2025-12-24T00:00:00Z", to: "2026-01-02T00:00:00Z"'),
  passing: windows('from: "2026-12-24T00:00:00Z", to: "2027-01-02T00:00:00Z"'),
  *check({ content }, { today }) {
    for (const [name, window] of Object.entries(content.windows)) {
      if (window.kind !== 'once' || window.to > Date.parse(today)) continue;
      const ended = new Date(window.to).toISOString();
      yield { file: 'windows.yaml', entry: ['windows', name], message: `the window "${name}" ended at ${ended}` };
    }
  },
};

/** The rules about ceilings, networks and windows that limit nothing. */
export const limitRules: readonly PolicyRule[] = [emptyCeiling, openNetwork, openWindow, pastWindow];
