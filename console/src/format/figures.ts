/** A duration as people read it: `840 µs`, `42 ms`, `1.24 s`, `3 m 5 s`, `2 h 4 m`. */
export function durationText(ms: number): string {
  if (ms < 1 && ms > 0) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 10) return `${trimmed(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${ms < 10_000 ? trimmed((ms / 1000).toFixed(2)) : (ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`;
}

/** A count with its thousands apart, short from 10,000 on: `1,204`, `12.4 k`, `3.1 M`. */
export function countText(count: number | bigint): string {
  const number = Number(count);
  if (Math.abs(number) < 10_000) return number.toLocaleString("en", { maximumFractionDigits: 1 });
  return Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 })
    .format(number)
    .replace(/([KMBT])$/, " $1")
    .replace("K", "k");
}

/** Dollars from billionths of one: with two digits from a dollar on, else with two that are not zero. */
export function costText(nanoUsd: bigint | number): string {
  const usd = Number(nanoUsd) / 1e9;
  if (usd === 0) return "$0";
  if (Math.abs(usd) >= 1) return `$${usd.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  const digits = Math.min(9, 1 - Math.floor(Math.log10(Math.abs(usd))));
  return `$${usd.toFixed(Math.max(2, digits))}`;
}

/** A share of one as percent: `0.4 %`, `12 %`. */
export function percentText(share: number): string {
  const percent = share * 100;
  return `${percent !== 0 && percent < 10 ? trimmed(percent.toFixed(1)) : Math.round(percent)} %`;
}

function trimmed(figure: string): string {
  return figure.replace(/\.?0+$/, "");
}
