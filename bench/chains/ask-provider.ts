import { Pool } from "undici";

/** Whom an answer is handed on to, piece by piece. */
export interface AnswerSink {
  begin(status: number, headers: Readonly<Record<string, string | readonly string[] | undefined>>): void;
  data(piece: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

/** Asks the provider at a port of this machine, by undici in the way that costs least. */
export function startProviderPool(port: number): (path: string, body: Buffer, sink: AnswerSink) => void {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 256, pipelining: 1 });
  return (path, body, sink) => {
    pool.dispatch(
      { path, method: "POST", headers: ["content-type", "application/json"], body },
      {
        onRequestStart() {},
        onResponseStart: (_controller, status, headers) => sink.begin(status, headers),
        onResponseData: (_controller, piece) => sink.data(piece),
        onResponseEnd: () => sink.end(),
        onResponseError: (_controller, error) => sink.fail(error),
      },
    );
  };
}
