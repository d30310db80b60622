/** The view with only the fields that were asked for; all of them when nothing was. */
export function select(view: object, fields: readonly string[] | undefined): object {
  if (fields === undefined || fields.length === 0) return view;
  return Object.fromEntries(Object.entries(view).filter(([name]) => fields.includes(name)));
}
