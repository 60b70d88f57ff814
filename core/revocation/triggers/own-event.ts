import type * as z from 'zod';
import { type Revoked, type Trigger, trigger } from './trigger.ts';

/** Whose events on the machine's bus say that it happened. */
export interface SourceSettings {
  sources: readonly string[];
}

interface OwnEventDefinition<Detail> {
  detailType: string;
  detail: z.ZodType<Detail>;
  example: Record<string, unknown>;
  revokes(detail: Detail): Revoked;
}

/**
 * A trigger that AWS knows nothing of: a system of one's own puts it on the bus `tvm`. A source that is not obeyed is
 * refused, and so is anything unknown in it.
 */
export function ownEvent<Detail>(definition: OwnEventDefinition<Detail>): Trigger<SourceSettings> {
  const { detailType, detail, example, revokes } = definition;
  return trigger({
    pattern: () => ({ 'detail-type': [detailType] }),
    detail,
    revokes: ({ source, detail }, { sources }: SourceSettings) =>
      sources.includes(source) ? revokes(detail) : { problem: 'source must be one that revoke_on names for it' },
    example: {
      version: '0',
      id: '0f5c3a52-4b1c-4f4e-9e0a-3c1f0b6a7d10',
      'detail-type': detailType,
      source: 'platform.portal',
      account: '111122223333',
      time: '2026-11-22T15:00:00Z',
      region: 'eu-central-1',
      resources: [],
      detail: example,
    },
  });
}
