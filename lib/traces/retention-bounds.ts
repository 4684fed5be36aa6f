/** Between what the limits of a retention are, wherever they are set. */
export const RETENTION_BOUNDS = {
  /** In days. More than 0. */
  ageDays: { max: 36_500 },
  traces: { min: 1, max: 1e12 },
  bytes: { min: 1024, max: 2 ** 50 },
} as const;
