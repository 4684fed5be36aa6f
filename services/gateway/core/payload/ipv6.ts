/** Whether a text is an IPv6 address, with or without an IPv4 address at its end. */
export function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2 || !/[0-9A-Fa-f]/.test(text)) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1);
  const hasIpv4 = last?.includes(".") === true;
  const hex = hasIpv4 ? groups.slice(0, -1) : groups;
  if (hasIpv4 && !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(last)) return false;
  if (!hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  const count = hex.length + (hasIpv4 ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}
