import type * as z from 'zod';
import { type Trigger, type TriggeredRevocations, trigger } from './trigger.ts';

/** The event sources that a trigger accepts on the event bus of the service. */
export interface SourceSettings {
  sources: readonly string[];
}

interface OwnEventDefinition<Detail> {
  detailType: string;
  detail: z.ZodType<Detail>;
  example: Record<string, unknown>;
  revokes(detail: Detail): TriggeredRevocations;
}

/**
 * Defines a trigger for a custom event, which a system of the operator puts on the event bus `tvm`. Rejects events from
 * other sources and events with unknown properties.
 */
export function ownEvent<Detail>(definition: OwnEventDefinition<Detail>): Trigger<SourceSettings> {
  const { detailType, detail, example, revokes } = definition;
  return trigger({
    pattern: () => ({ 'detail-type': [detailType] }),
    detail,
    revokes: ({ source, detail }, { sources }: SourceSettings) =>
      sources.includes(source)
        ? revokes(detail)
        : { problem: 'source must be one that revoke_on lists for this event' },
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
