import { auditEventExamples, revocationRequestedExample } from '@tvm/contract/event-examples.ts';
import { AUDIT_SOURCE, auditEvents, REVOCATION_REQUESTED, revocationRequested } from '@tvm/contract/events.ts';
import { GENERATED, membersTable } from './tables.ts';

/** Every event: what it means, its members, an example. */
export function eventsPage(): string {
  const audit = auditEventExamples.map(({ detailType, detail }) => {
    const schema = auditEvents[detailType];
    // An example that its schema refuses is no example.
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
    `${revocationRequested.meta()?.description} Anything else in it is refused. ` +
      'Put by your security tools, from a source that `revocation_sources` names.',
    membersTable(revocationRequested),
    { source: 'security.team', 'detail-type': REVOCATION_REQUESTED, detail: revocationRequestedExample },
  );
  return `${GENERATED}# Events\n\nAll on the bus \`tvm\`. JSON Schemas (2020-12) of the details: [events/](events/). Their \`$id\` is a URN, such as \`urn:tvm:event:1:token-issued\`: it names a schema and the \`version\` of its events, and is not an address.\n\n${[...audit, request].join('\n')}`;
}

function section(type: string, description: string, table: string, event: object): string {
  return `## ${type}\n\n${description}\n\n${table}\n\`\`\`json\n${JSON.stringify(event, null, 2)}\n\`\`\`\n`;
}
