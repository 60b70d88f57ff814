/** Whether no two of the values are the same. Written twice, one is a slip: another was meant, or it is left over. */
export function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
