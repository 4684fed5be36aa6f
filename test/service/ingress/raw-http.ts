import { connect } from "node:net";

/** Sends bytes as they are over a connection of its own, and returns everything that comes back until it is closed. */
export async function sendRaw(url: string, head: readonly string[], body = ""): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding("latin1");
  socket.write(`${[...head, "connection: close"].join("\r\n")}\r\n\r\n${body}`, "latin1");
  let answer = "";
  for await (const part of socket) answer += part;
  return answer;
}

/** Sends a call to a model with exactly these header lines beside those that HTTP needs. */
export function sendRawChat(url: string, headers: readonly string[]): Promise<string> {
  const needed = ["POST /v1/chat/completions HTTP/1.1", "content-type: application/json", "content-length: 2"];
  const host = headers.some((line) => line.toLowerCase().startsWith("host:")) ? [] : ["host: example.test"];
  return sendRaw(url, [...needed, ...host, ...headers], "{}");
}
