import type { SourceFile } from '../../model/finding.ts';
import type { PolicyRule } from '../rule.ts';

function networks(more: string): SourceFile {
  return { name: 'policies/networks.yaml', text: `office: { cidrs: [203.0.113.0/24] }\n${more}` };
}

const unusedName: PolicyRule = {
  id: 'policy/unused-name',
  severity: 'warning',
  needsEveryFile: true,
  title: 'a network or window that no policy uses',
  why: 'An unused name restricts nobody, although it looks as if it did. Usually the policy has another name for it.',
  instead: 'Use the name, as in `context.networks.contains("office")` or `@network("office")`, or delete it.',
  failing: networks('home: { cidrs: [198.51.100.0/24] }\n'),
  passing: networks(''),
  *check({ content, policies }) {
    const used = { networks: new Set<string>(), windows: new Set<string>() };
    let readsRegion = false;
    for (const { facts, bundled } of policies) {
      for (const name of facts.looksFor.networks) used.networks.add(name);
      for (const name of facts.looksFor.windows) used.windows.add(name);
      if (bundled.obligations.network !== undefined) used.networks.add(bundled.obligations.network);
      if (bundled.obligations.window !== undefined) used.windows.add(bundled.obligations.window);
      readsRegion ||= facts.reads.includes('region') || facts.reads.includes('*');
    }
    for (const [name, { region }] of Object.entries(content.networks)) {
      if (used.networks.has(name) || (readsRegion && region !== undefined)) continue;
      yield { file: 'networks.yaml', entry: [name], message: `no policy uses the network "${name}"` };
    }
    for (const name of Object.keys(content.windows)) {
      if (used.windows.has(name)) continue;
      yield { file: 'windows.yaml', entry: ['windows', name], message: `no policy uses the window "${name}"` };
    }
  },
};

/** The rules about unused names. */
export const unusedRules: readonly PolicyRule[] = [unusedName];
