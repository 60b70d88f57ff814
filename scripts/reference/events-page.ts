import { auditEventExamples, revocationRequestedExample } from '@tvm/contract/event-examples.ts';
import { AUDIT_SOURCE, auditEvents, REVOCATION_REQUESTED, revocationRequested } from '@tvm/contract/events.ts';
import { GENERATED, membersTable } from './tables.ts';

/** Returns the reference page of the events: for each, its description, its fields and an example. */
export function eventsPage(): string {
  const audit = auditEventExamples.map(({ detailType, detail }) => {
    const schema = auditEvents[detailType];
    // Throws if the example does not match its schema.
    schema.strict().parse(detail);
    return section(detailType, schema.meta()?.description ?? '', membersTable(schema), {
      source: AUDIT_SOURCE,
      'detail-type': detailType,
      detail,
    });
  });
  revocationRequested.parse(revocationRequestedExample);
  const request = section(
    REVOCATION_REQUESTED,
    `${revocationRequested.meta()?.description} Unknown fields are refused. ` +
      'Your security tools put this event on the bus, with a source that `revocation_sources` lists.',
    membersTable(revocationRequested),
    { source: 'security.team', 'detail-type': REVOCATION_REQUESTED, detail: revocationRequestedExample },
  );
  return `${GENERATED}# Events\n\nAll events are on the bus \`tvm\`. The JSON Schemas (2020-12) of their details are in [events/](events/). The \`$id\` of a schema is a URN, such as \`urn:tvm:event:1:token-issued\`, that contains the \`version\` of the events. It is not an address.\n\n${[...audit, request].join('\n')}`;
}

function section(type: string, description: string, table: string, event: object): string {
  return `## ${type}\n\n${description}\n\n${table}\n\`\`\`json\n${JSON.stringify(event, null, 2)}\n\`\`\`\n`;
}
