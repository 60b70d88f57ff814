/**
 * The sort keys of what `remembered` of adapters/dynamo-items.ts reads, as a filter of the table's stream: the rest
 * never wakes a consumer.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
export const REMEMBERED_SORT_KEYS = ['RECORD', 'ORDER', { prefix: 'FACT#' }, { prefix: 'INTROSPECTED#' }];
