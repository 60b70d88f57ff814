import { auditEvents, revocationRequested } from '@tvm/contract/events.ts';
import { openApiDocument } from '@tvm/contract/openapi.ts';
import * as z from 'zod';
import { configurationPage } from './configuration-page.ts';
import { emulatorsPage } from './emulators-page.ts';
import { eventsPage } from './events-page.ts';
import { gateRulesPage } from './gate-rules-page.ts';
import { relayPage, relaySchema } from './relay-page.ts';
import { trustPresetsPage } from './trust-presets-page.ts';
import { wirePage } from './wire-page.ts';

/** Returns the content of every file in docs/reference/ by file name. */
export function referenceFiles(): Record<string, string> {
  const events = { ...auditEvents, 'Revocation Requested': revocationRequested };
  return {
    'openapi.json': pretty(openApiDocument()),
    'configuration.md': configurationPage(),
    'wire.md': wirePage(),
    'events.md': eventsPage(),
    'gate-rules.md': gateRulesPage(),
    'trust-presets.md': trustPresetsPage(),
    'emulators.md': emulatorsPage(),
    'tokenrelay.md': relayPage(),
    'tokenrelay.schema.json': pretty(relaySchema()),
    ...Object.fromEntries(Object.entries(events).map(([type, schema]) => eventFile(type, schema))),
  };
}

/**
 * Returns the JSON Schema of an event.
 *
 * Its `$id` is a URN and not a URL, because the schemas are not served at an address. The number in it is the `version` of
 * the events.
 */
function eventFile(type: string, schema: z.ZodType): [name: string, content: string] {
  const name = type.toLowerCase().replaceAll(' ', '-');
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return [`events/${name}.schema.json`, pretty({ $schema, $id: `urn:tvm:event:1:${name}`, title: type, ...rest })];
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
