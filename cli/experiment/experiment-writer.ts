import { Metadata } from "@grpc/grpc-js";
import { Experiment, type RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";
import {
  type CreateExperimentResponse,
  ExperimentServiceClient,
  type UpdateExperimentResponse,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { Connection } from "../connection.ts";
import { ask } from "../rpc/connect.ts";

/** Makes experiments and changes them. Every write fails with one line that says what to do. */
export interface ExperimentWriter extends Disposable {
  /** A ServiceError of kind `already_exists` when there is one of that name. */
  create(name: string): Promise<Experiment>;
  /** Gives the one of that id another name. A ServiceError of kind `already_exists` when it is another's. */
  rename(id: string, name: string): Promise<Experiment>;
  /** Sets the limits of its own of the one of that id. Undefined: it has none any more. */
  retain(id: string, ownRetention: RetentionLimits | undefined): Promise<Experiment>;
}

const WHO = "the trace-writer";

/** Opens a channel to a trace-writer; nothing is sent yet. */
export function startExperimentWriter({ target, credentials, options: channel }: Connection): ExperimentWriter {
  const client = new ExperimentServiceClient(target, credentials, channel);
  const update = async (id: string, change: Partial<Experiment>, path: string) => {
    const experiment = { ...Experiment.decode(new Uint8Array()), id, ...change };
    const answer = await ask<UpdateExperimentResponse>(WHO, target, (options, done) =>
      client.updateExperiment({ experiment, updateMask: [path] }, new Metadata(), options, done),
    );
    return required(answer.experiment);
  };
  return {
    async create(name) {
      const answer = await ask<CreateExperimentResponse>(WHO, target, (options, done) =>
        client.createExperiment({ name }, new Metadata(), options, done),
      );
      return required(answer.experiment);
    },
    rename: (id, name) => update(id, { name }, "name"),
    retain: (id, ownRetention) => update(id, { ownRetention }, "own_retention"),
    [Symbol.dispose]: () => client.close(),
  };
}

function required(experiment: Experiment | undefined): Experiment {
  if (experiment === undefined) throw new Error(`${WHO} answered without the experiment`);
  return experiment;
}
