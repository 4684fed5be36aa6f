import { resolve } from "node:path";
import type { ChannelCredentials, ClientOptions } from "@grpc/grpc-js";
import type { Command } from "commander";
import type { Config } from "#lib/config/schema.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { sendingKey } from "#lib/rpc/send-key.ts";
import { peerCertificatesOf } from "#lib/tls/configured-certificates.ts";
import { readSections } from "./config-source.ts";
import { CliError, type CliIo } from "./io.ts";
import { ANSWER_BYTES_MAX } from "./rpc/connect.ts";

/** Where a service is, and how it is spoken to. */
export interface Connection {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ClientOptions;
}

/** What a command is told of its connection. */
interface ConnectionOptions {
  readonly config?: string;
  readonly target?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly keyFile?: string;
  readonly key?: string;
}

/** The options that say how a service is spoken to. They stand before or after the command. */
export function addConnectionOptions(program: Command): void {
  program
    .option("--ca <file>", "speak TLS, with services that this authority has signed (default: ingress.peerTls)")
    .option("--cert <file>", "the certificate to show to services that ask for one")
    .option("--key-file <file>", "its private key")
    .option(
      "--key <key>",
      "the key to call with (default: $TWINSPAN_KEY, which other users of the machine cannot see)",
    );
}

/** Where a service is, and how it is spoken to, as a configuration has it. */
export interface ConnectionSettings {
  readonly target: string;
  readonly tls: Config["ingress"]["peerTls"];
  /** The key that goes with every call. Undefined: none. */
  readonly key: string | undefined;
}

/**
 * The connection of a command: to `--target`, in the clear, else to what `targetOf` takes of the configuration, as the
 * ingress speaks to its peers. By TLS wherever `--ca` or `--cert` is given.
 */
export function connectionOf(
  command: Command,
  io: CliIo,
  targetOf: (ingress: Config["ingress"]) => string,
): Connection {
  const { target, tls, key } = connectionSettingsOf(command, io, "ingress", (ingress) => ({
    target: targetOf(ingress),
    tls: ingress.peerTls,
    key: undefined,
  }));
  return connectionTo(target, tls, key);
}

/** The same, as settings. `configured` says what a section of the configuration has, for what the command's options leave out. */
export function connectionSettingsOf<S extends "ingress" | "gateway">(
  command: Command,
  io: CliIo,
  section: S,
  configured: (settings: Config[S]) => ConnectionSettings,
): ConnectionSettings {
  const { config, target, ca, cert, keyFile, key = keyIn(io) } = command.optsWithGlobals<ConnectionOptions>();
  const isToldHow = (ca ?? cert ?? keyFile) !== undefined;
  const path = (file: string | undefined) => (file === undefined ? undefined : resolve(io.directory, file));
  const given = { caFile: path(ca), certFile: path(cert), keyFile: path(keyFile) };
  if (target !== undefined) return { target, tls: isToldHow ? given : undefined, key };
  const said = configured(readSections(config, io, [section])[section]);
  return { target: said.target, tls: isToldHow ? given : said.tls, key: key ?? said.key };
}

/** The key that commands call with where they are given none. Undefined: none. */
export function keyIn({ environment }: CliIo): string | undefined {
  return environment["TWINSPAN_KEY"] || undefined;
}

/** A connection as the ingress's `peerTls` says. `key` goes with every call. A CliError when its files cannot be used. */
export function connectionTo(target: string, tls: Config["ingress"]["peerTls"], key?: string): Connection {
  try {
    return {
      target,
      credentials: channelCredentials(peerCertificatesOf("TLS", tls)),
      options: { ...channelOptions(ANSWER_BYTES_MAX, tls?.serverName), ...sendingKey(key) },
    };
  } catch (cause) {
    throw new CliError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
