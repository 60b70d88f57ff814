import type { SourceFile } from '../model/finding.ts';

// The other files of an example directory. They comply with every rule.
const COMMON_FILES: Record<string, string> = {
  'workloads.yaml': `arn:aws:iam::111122223333:role/orders-service: { team: orders, environment: production }
arn:aws:iam::111122223333:role/orders-tests: { team: orders, environment: test }
`,
  'resources.yaml': `orders-db: { environment: production, team: orders }
policy-repository: { classification: policy }
`,
  'roles.yaml': `reporter:
  authorization_details:
    - { locations: [orders-db/orders], actions: [read] }
`,
  'networks.yaml': 'office: { cidrs: [203.0.113.0/24] }\n',
  'windows.yaml': `windows:
  working-hours: { weekdays: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00" }
`,
  'ceiling.cedar': `@id("nobody-writes-backups")
forbid (principal, action == Action::"write", resource in Resource::"backups");
`,
  'reports.cedar': `@id("orders-service-takes-reporter")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"assume",
  resource == Role::"reporter"
)
when { context.networks.contains("office") && context.windows.contains("working-hours") };

@id("orders-service-reads-orders")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"read",
  resource in Resource::"orders-db"
)
when { context.audience == "orders-db" };
`,
};

/**
 * Returns a complete policy directory with the example of a rule, which replaces the file of the same name.
 *
 * @param schema the text of `schema.cedarschema`
 */
export function exampleDirectory(example: SourceFile, schema: string): SourceFile[] {
  const texts = { 'schema.cedarschema': schema, ...COMMON_FILES };
  const others = Object.entries(texts).map(([name, text]) => ({ name: `policies/${name}`, text }));
  return [...others.filter(({ name }) => name !== example.name), example];
}
