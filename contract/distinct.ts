/** Reports whether all values are different. A duplicate in a configuration is usually a mistake. */
export function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
