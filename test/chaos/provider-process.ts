import { ServiceProcess } from "../system/service-process.ts";

/** The scripted provider as a process of its own, which may be killed and started again like a service. */
export class ProviderProcess extends ServiceProcess {
  constructor(address: string, environment: Readonly<Record<string, string>>) {
    super("provider", `http://${address}`, environment, ["examples/scripted-provider/main.ts", address]);
  }

  /** It has no `/readyz`: it is ready when it lists its models. */
  override async readiness(): Promise<number> {
    try {
      const answer = await fetch(`${this.opsUrl}/v1/models`, { headers: { connection: "close" } });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      // Nobody listens, which is an answer too.
      return 0;
    }
  }
}
