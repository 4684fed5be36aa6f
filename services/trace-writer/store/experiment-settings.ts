import { StoredExperimentSettings } from "#proto/twinspan/store/v1/stored_facts.ts";
import type { RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";

/** What is set for an experiment, as it is stored. An experiment that nobody has set anything for has no bytes. */
export function settingsBytesOf(ownRetention: RetentionLimits | null | undefined): Uint8Array {
  return StoredExperimentSettings.encode({ ownRetention: ownRetention ?? undefined }).finish();
}

/** The limits of its own of an experiment whose settings are these bytes. Undefined: it has none. */
export function ownRetentionIn(settings: Uint8Array): RetentionLimits | undefined {
  return StoredExperimentSettings.decode(settings).ownRetention;
}
