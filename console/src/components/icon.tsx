import type { SVGProps } from "react";

/** Every icon, as paths in a square of 16, drawn by strokes. */
const PATHS = {
  overview: "M2.5 13.5v-4M6.2 13.5v-8M9.8 13.5v-6M13.5 13.5v-11",
  experiments: "M6 2.5h4M7 2.5v4L3 13a.6.6 0 0 0 .5 1h9a.6.6 0 0 0 .5-1L9 6.500v-4M5 10h6",
  traces: "M2.5 4h7M5 8h8.500M7 12h4",
  endpoints: "M8 2.500v3M8 10.500v3M3 8h2.500M10.5 8H13M8 5.500a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5",
  setup: "M5.5 5 2.5 8l3 3M10.5 5l3 3-3 3",
  search: "M7 2.500a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.300l3.2 3.2",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5 6.5 12 13 4.5",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4 6 8l4 4",
  copy: "M5.5 5.500v-3h8v8h-3M2.5 5.500h8v8h-8z",
  external: "M9 2.500h4.500V7M13.5 2.5 7 9M11 9.500v4H2.500V5h4",
  clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 5v3.200l2 1.3",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  warning: "M8 2.5 14 13H2zM8 6.500v3M8 11.300v.2",
  sun: "M8 5.200a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.500v1.200M8 13.300v1.200M1.5 8h1.200M13.3 8h1.200M3.4 3.400l.9.9M11.7 11.700l.9.9M3.4 12.6l.9-.9M11.7 4.300l.9-.9",
  moon: "M13 9.500A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5",
  system: "M2.5 3.500h11v7h-11zM6 13.500h4M8 10.500v3",
  keyboard: "M2 4.500h12v7.500H2zM4.5 7h.1M7 7h.1M9.5 7h.1M11.7 7h.1M5 9.700h6",
  twin: "M6 4.500H3.500v7H6M10 4.500h2.500v7H10M6.5 8h3",
  live: "M8 6.500a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3M4.5 4.500a5 5 0 0 0 0 7M11.5 4.500a5 5 0 0 1 0 7",
  pause: "M5.5 3.500v9M10.5 3.500v9",
  play: "M5 3.500v9l7.5-4.500z",
  trash: "M3 4.500h10M6.5 4.500v-2h3v2M4.2 4.500l.6 9h6.400l.6-9",
  tag: "M2.5 2.500H8l5.5 5.500L8 13.5 2.5 8zM5.5 5.500h.1",
  download: "M8 2.500v7M5 7l3 3 3-3M2.5 13h11",
  refresh: "M13 8a5 5 0 1 1-1.5-3.500M13 2.500v3h-3",
  plus: "M8 3v10M3 8h10",
  edit: "M3 13l.6-2.800L10.8 3l2.2 2.2-7.2 7.200zM9.5 4.300l2.2 2.2",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  key: "M5.5 7.500a3 3 0 1 1 0 5.9 3 3 0 0 1 0-5.900M7.7 8.300l5.8-5.800M11 5l1.7 1.7",
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** An icon beside words: it says nothing by itself. `size` in CSS pixels, 16 by default. */
export function Icon({
  name,
  size = 16,
  ...rest
}: { readonly name: IconName; readonly size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      {...rest}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
