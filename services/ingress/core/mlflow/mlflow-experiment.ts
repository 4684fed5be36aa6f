import type { Timestamp } from "#proto/google/protobuf/timestamp.ts";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";

/** An experiment as MLflow answers it: times in milliseconds since the Unix epoch, as text. It holds no artifacts. */
export function experimentJson({ id, name, createTime, updateTime }: Experiment): object {
  return {
    experiment_id: id,
    name,
    artifact_location: "",
    lifecycle_stage: "active",
    creation_time: millisecondsText(createTime),
    last_update_time: millisecondsText(updateTime ?? createTime),
    tags: [],
  };
}

function millisecondsText(time: Timestamp | undefined): string {
  return time === undefined ? "0" : (time.seconds * 1000n + BigInt(Math.trunc(time.nanos / 1e6))).toString();
}
