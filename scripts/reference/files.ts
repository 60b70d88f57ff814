import * as z from 'zod';
import { auditEvents, revocationRequested } from '../../contract/events.ts';
import { openApiDocument } from '../../contract/openapi.ts';
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
    ...Object.fromEntries(
      Object.entries(events).map(([type, schema]) => [
        `events/${type.toLowerCase().replaceAll(' ', '-')}.schema.json`,
        pretty({ title: type, ...z.toJSONSchema(schema, { io: 'input' }) }),
      ]),
    ),
  };
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
