/** Whether the journal takes a text as the name of an operator: at most 32 characters of printable ASCII. */
export function isActorName(text: string): boolean {
  return /^[ -~]{0,32}$/.test(text);
}
