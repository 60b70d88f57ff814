import { SUBJECT } from './api-events.ts';

/** The policy set sizes to compare. */
export const SIZES = [10, 100, 1_000, 10_000] as const;

/**
 * Returns policies of the shape that operators write: three guards for everybody, two grants to the calling workload,
 * and grants to other workloads. Cedar would have to check the scope of every policy.
 */
export function policySet(count: number): string {
  const others = Array.from(
    { length: count - 5 },
    (_, n) => `@id("service-${n}-reads-orders")
      permit (
        principal == Workload::"arn:aws:iam::111122223333:role/service-${n}",
        action == Action::"read",
        resource == Resource::"orders-db/orders-${n % 50}"
      )
      when { context.audience == "orders-db" };`,
  );
  return [
    '@id("no-long-tokens") forbid (principal, action, resource) when { context.lifetime > 3600 };',
    '@id("no-other-accounts") forbid (principal, action, resource) when { principal.account != "111122223333" };',
    `@id("no-card-numbers") forbid (principal, action, resource in Resource::"orders-db/payments")
      when { context.fields.all || context.fields.names.contains("card_number") };`,
    `@id("reads-orders") permit (principal == Workload::"${SUBJECT}", action == Action::"read", resource == Resource::"orders-db/orders")
      when { context.audience == "orders-db" };`,
    `@id("writes-shipments") permit (principal == Workload::"${SUBJECT}", action == Action::"write", resource == Resource::"orders-db/shipments")
      when { context.audience == "orders-db" && context.lifetime <= 300 };`,
    ...others,
  ].join('\n');
}

/** A guard that reads the caller's recent behaviour. */
export const BEHAVIOUR_GUARD =
  '@id("calm-callers") forbid (principal, action, resource) when { context.behaviour.denied > 20 };';
