// What is remembered for the audit, by its keys: `remembered` of items.ts reads these items, and no others.

/**
 * Their sort keys, as a filter of the table's stream: the rest never wakes a consumer.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
export const REMEMBERED_SORT_KEYS = ['RECORD', 'ORDER', { prefix: 'FACT#' }, { prefix: 'INTROSPECTED#' }];

/** What their partition keys begin with. */
export const REMEMBERED_PARTITIONS = ['TOKEN#', 'SUBJECT#', 'ORDER#', 'FACT#'];
