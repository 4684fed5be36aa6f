/** A field of an object where there is a value for it, else nothing: for spreading. */
export function given<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  const found: { [K in Name]?: Value } = {};
  if (value !== undefined) found[name] = value;
  return found;
}
