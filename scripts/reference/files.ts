import { auditEvents, revocationRequested } from '@tvm/contract/events.ts';
import { openApiDocument } from '@tvm/contract/openapi.ts';
import * as z from 'zod';
import { configurationPage } from './configuration-page.ts';
import { emulatorsPage } from './emulators-page.ts';
import { eventsPage } from './events-page.ts';
import { gateRulesPage } from './gate-rules-page.ts';
import { relayPage, relaySchema } from './relay-page.ts';
import { wirePage } from './wire-page.ts';

/** Everything in docs/reference/, by file name. */
export function referenceFiles(): Record<string, string> {
  const events = { ...auditEvents, 'Revocation Requested': revocationRequested };
  return {
    'openapi.json': pretty(openApiDocument()),
    'configuration.md': configurationPage(),
    'wire.md': wirePage(),
    'events.md': eventsPage(),
    'gate-rules.md': gateRulesPage(),
    'emulators.md': emulatorsPage(),
    'tokenrelay.md': relayPage(),
    'tokenrelay.schema.json': pretty(relaySchema()),
    ...Object.fromEntries(Object.entries(events).map(([type, schema]) => eventFile(type, schema))),
  };
}

/**
 * The JSON Schema of an event.
 *
 * Its `$id` is a URN, which says which schema it is and not where it is: nobody serves these schemas at a URL. The number is
 * the `version` of the events.
 */
function eventFile(type: string, schema: z.ZodType): [name: string, content: string] {
  const name = type.toLowerCase().replaceAll(' ', '-');
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return [`events/${name}.schema.json`, pretty({ $schema, $id: `urn:tvm:event:1:${name}`, title: type, ...rest })];
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
