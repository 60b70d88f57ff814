// The keys of the items that the audit needs. They must match the items that `auditedItem` in items.ts reads.

/**
 * The sort keys of these items, as a filter of the table's stream. Other changes invoke no consumer.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
export const AUDIT_SORT_KEYS = ['RECORD', 'ORDER', { prefix: 'FACT#' }, { prefix: 'INTROSPECTED#' }];

/** The prefixes of the partition keys of these items. */
export const AUDIT_PARTITIONS = ['TOKEN#', 'SUBJECT#', 'ORDER#', 'FACT#'];
